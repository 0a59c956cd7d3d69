import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** The longest length before the colon of a packet. */
const MAX_DIGITS = 8

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: Error) => void
}

/** The remote control of Mozilla's programs: packets of JSON behind their length, each command answered by its number. */
export class Marionette implements Disposable {
  #socket: Socket
  #read = Buffer.alloc(0)
  #last = 0
  readonly #waiting = new Map<number, Waiting>()

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (octets: Buffer) => this.#take(octets))
    socket.on('error', () => {})
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the program closed its connection'))
      this.#waiting.clear()
    })
  }

  /** A session in the context of the program itself, which bounds each script by that time. Rejects where nobody listens. */
  static async connect(port: number, patience: number): Promise<Marionette> {
    const socket = connect({ host: '127.0.0.1', port })
    await once(socket, 'connect')
    const session = new Marionette(socket)
    await session.command('WebDriver:NewSession', { capabilities: { alwaysMatch: {} } })
    await session.command('WebDriver:SetTimeouts', { script: patience })
    await session.command('Marionette:SetContext', { value: 'chrome' })
    return session
  }

  /** Rejects with what the program says against it, and where the program ends first. */
  command(name: string, parameters: object = {}): Promise<unknown> {
    this.#last++
    const packet = Buffer.from(JSON.stringify([0, this.#last, name, parameters]))
    this.#socket.write(Buffer.concat([Buffer.from(`${packet.length}:`), packet]))
    return new Promise((resolve, reject) => this.#waiting.set(this.#last, { resolve, reject }))
  }

  /** Runs the body of an async function in the program's main window; it finds what it is given in `arguments`. */
  async script<T>(body: string, ...args: readonly unknown[]): Promise<T> {
    const script = `return (async function () {${body}}).apply(null, arguments)`
    const answer = await this.command('WebDriver:ExecuteScript', { script, args, sandbox: 'system' })
    return (answer as { value: T }).value
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #take(octets: Buffer): void {
    this.#read = Buffer.concat([this.#read, octets])
    for (;;) {
      const colon = this.#read.subarray(0, MAX_DIGITS + 1).indexOf(':')
      if (colon < 0) return
      const end = colon + 1 + Number(this.#read.toString('latin1', 0, colon))
      if (this.#read.length < end) return
      this.#answered(JSON.parse(this.#read.toString('utf8', colon + 1, end)))
      this.#read = this.#read.subarray(end)
    }
  }

  /** The greeting is no array. */
  #answered(packet: unknown): void {
    if (!Array.isArray(packet)) return
    const [, id, error, value] = packet
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === null) waiting?.resolve(value)
    else waiting?.reject(new Error(`${error.error}: ${error.message}\n${error.stacktrace}`))
  }
}
