/**
 * The server in a process of its own, for several daemons that share it. Its first line is where it listens; then a line
 * of JSON in is an order, and a line out its answer. It ends with its standard input.
 */
import { createInterface } from 'node:readline'
import { obey } from './orders.ts'
import { startMongoServer } from './server.ts'

const say = (answer: object) => {
  const text = JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? `${value}` : value))
  process.stdout.write(`${text}\n`)
}

await using server = await startMongoServer({
  refuseChangeStreams: process.argv.includes('--refuse-change-streams'),
})
say({ port: server.port, uri: server.uri })
for await (const line of createInterface({ input: process.stdin })) {
  try {
    say(obey(server, JSON.parse(line)))
  } catch (error) {
    say({ error: error instanceof Error ? error.message : String(error) })
  }
}
