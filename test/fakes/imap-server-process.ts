/** An IMAP server in a process of its own, whose memory a test can ask for: a line in, a line of JSON out. */
import { createInterface } from 'node:readline'
import { startImap } from './imap-server.ts'

const under = await startImap()
process.stdout.write(`${JSON.stringify({ port: under.port, ca: under.ca })}\n`)
for await (const _ of createInterface({ input: process.stdin })) {
  // maxRSS is in kilobytes.
  process.stdout.write(`${JSON.stringify({ peak: process.resourceUsage().maxRSS * 1024 })}\n`)
}
await under[Symbol.asyncDispose]()
