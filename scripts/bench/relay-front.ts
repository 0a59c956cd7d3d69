/**
 * A process that is a peer's server: it ends TLS, and either passes octets as they are to a server that knows none, or
 * swallows the mail itself. Says its port, and, where it is told how many messages to wait for, the seconds from the end
 * of the first to the end of the last.
 */
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { createServer } from 'node:tls'
import { bind } from '../../server/listen.ts'
import { swallow } from './swallow.ts'

const [key = '', certificate = '', port = '0', behind = '', count = '0'] = process.argv.slice(2)
const END = Buffer.from('\r\n.\r\n')
let ends = 0
let first = 0

const server = createServer(
  { key: await readFile(key), cert: await readFile(certificate), noDelay: true },
  (socket) => {
    socket.on('error', () => socket.destroy())
    if (Number(behind) === 0) swallow(socket)
    else pass(socket)
    if (Number(count) > 0) watch(socket)
  },
)
console.log(JSON.stringify({ port: await bind(server, Number(port), '127.0.0.1') }))
process.on('SIGTERM', () => process.exit(0))

function pass(socket: Socket): void {
  const plain = connect({ port: Number(behind), host: '127.0.0.1', noDelay: true })
  socket.pipe(plain).pipe(socket)
  socket.on('error', () => plain.destroy())
  plain.on('error', () => socket.destroy())
}

/** Dots within a message are stuffed: what looks like an end is one. */
function watch(socket: Socket): void {
  let tail: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    const seen = Buffer.concat([tail, chunk])
    let at = seen.indexOf(END)
    for (; at >= 0; at = seen.indexOf(END, at + END.length)) {
      if (ends++ === 0) first = performance.now()
      if (ends === Number(count)) console.log(JSON.stringify({ seconds: (performance.now() - first) / 1000 }))
    }
    tail = seen.subarray(-(END.length - 1))
  })
}
