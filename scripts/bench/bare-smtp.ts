/** Bare smtp-server with the same TLS key: takes a message, syncs it to a file, says 250. What it costs is the floor. */
import { open, readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { SMTPServer } from 'smtp-server'

const folder = process.argv[2] ?? '.'
let count = 0
const server = new SMTPServer({
  secure: true,
  key: await readFile(join(folder, 'dev/tls.key.pem')),
  cert: await readFile(join(folder, 'dev/tls.crt.pem')),
  authMethods: ['PLAIN'],
  disableReverseLookup: true,
  logger: false,
  onAuth: (_auth, _session, callback) => callback(null, { user: 'bench' }),
  onData: (stream, _session, callback) => {
    keep(stream).then(() => callback(), callback)
  },
})

async function keep(stream: AsyncIterable<Uint8Array>): Promise<void> {
  await using file = await open(join(folder, `bare-${++count}`), 'w')
  for await (const chunk of stream) await file.write(chunk)
  await file.datasync()
}

server.listen(0, '127.0.0.1', () => {
  const address = server.server.address() as AddressInfo
  console.log(JSON.stringify({ port: address.port }))
})
process.on('SIGTERM', () => process.exit(0))
