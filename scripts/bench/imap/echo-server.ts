/** TLS that gives back what comes: what a connection costs before it is anything. Arguments: files of key and certificate. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:tls'
import { bind } from '../../../server/listen.ts'

const [key = '', certificate = ''] = process.argv.slice(2)
const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (socket) => {
  socket.on('error', () => {})
  socket.pipe(socket)
})
console.log(JSON.stringify({ port: await bind(server, 0, '127.0.0.1') }))
