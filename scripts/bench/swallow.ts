import type { Duplex } from 'node:stream'

const CRLF = Buffer.from('\r\n')
const END = Buffer.from('\r\n.\r\n')
const EHLO = '250-swallow\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n'

/** As a mail server that takes everything and keeps nothing: what it costs is next to nothing. */
export function swallow(socket: Duplex): void {
  let pending: Buffer = Buffer.alloc(0)
  let inData = false
  socket.write('220 swallow ESMTP\r\n')
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    for (;;) {
      const mark = inData ? END : CRLF
      const at = pending.indexOf(mark)
      if (at < 0) break
      const line = inData ? '' : pending.toString('latin1', 0, at)
      pending = pending.subarray(at + mark.length)
      const verb = line.slice(0, 4).toUpperCase()
      if (!inData && verb === 'DATA') socket.write('354 go on\r\n')
      else if (verb === 'QUIT') socket.end('221 bye\r\n')
      else socket.write(verb === 'EHLO' ? EHLO : '250 2.0.0 ok\r\n')
      inData = !inData && verb === 'DATA'
    }
    // Of a message only what may be the beginning of its end is kept.
    if (inData) pending = pending.subarray(-(END.length - 1))
  })
}
