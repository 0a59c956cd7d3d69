/** Passes octets between a driver and a server, and lets the server claim a newer protocol than it does. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Framing } from '../mongo-server/wire.ts'

export interface RaisedProxy extends AsyncDisposable {
  readonly port: number
}

/** The field as an integer of 32 bits in BSON; the four octets of its value follow. */
const FIELD = Buffer.from('\x10maxWireVersion\0', 'latin1')

export async function startRaisedProxy(to: number, wireVersion: number): Promise<RaisedProxy> {
  const sockets = new Set<Socket>()
  const server = createServer((driver) => {
    const behind = connect(to, '127.0.0.1')
    for (const socket of [driver, behind]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => socket.destroy())
      socket.once('close', () => {
        sockets.delete(socket)
        driver.destroy()
        behind.destroy()
      })
    }
    driver.pipe(behind)
    const framing = new Framing()
    behind.on('data', (chunk: Buffer) => {
      for (const message of framing.push(chunk)) driver.write(raised(message, wireVersion))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function raised(message: Buffer, wireVersion: number): Buffer {
  const at = message.indexOf(FIELD)
  if (at >= 0) message.writeInt32LE(wireVersion, at + FIELD.length)
  return message
}
