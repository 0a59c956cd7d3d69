/** An IMAP client that counts what comes and looks at none of it, so that it costs next to nothing itself. */
import { connect, type TLSSocket } from 'node:tls'

export interface RawAnswer {
  /** The tagged line without its tag. */
  readonly text: string
  readonly octets: number
  /** The first of what came, up to {@link HEAD}. */
  readonly head: string
}

export interface ImapServerAt {
  readonly port: number
  readonly ca: string
  readonly user: string
  readonly password: string
}

/** A tagged line is no longer than this: the one after a login names all capabilities. */
const TAIL = 4_096
const HEAD = 4_096
const PATIENCE_MS = 300_000

export class RawClient implements AsyncDisposable {
  readonly #socket: TLSSocket
  #count = 0

  private constructor(socket: TLSSocket) {
    this.#socket = socket
    socket.on('error', () => {}) // whoever waits hears that it closed
  }

  /** Connected, greeted and logged in. */
  static async open({ port, ca, user, password }: ImapServerAt): Promise<RawClient> {
    const client = new RawClient(connect({ port, host: '127.0.0.1', servername: 'localhost', ca }))
    await client.#until((seen) => seen.endsWith('\r\n'))
    await client.command(`LOGIN "${user}" "${password}"`)
    return client
  }

  /** Rejects where the answer is not OK. */
  async command(line: string): Promise<RawAnswer> {
    return this.#exchange([line])
  }

  /** A command of pieces; the server is not waited for between them. */
  async #exchange(pieces: readonly (string | Buffer)[]): Promise<RawAnswer> {
    const tag = this.#nextTag()
    const answer = this.#answerTo(tag)
    this.#socket.cork()
    this.#socket.write(`${tag} `)
    for (const piece of pieces) this.#socket.write(piece)
    this.#socket.write('\r\n')
    this.#socket.uncork()
    return answer
  }

  /** Many commands in one write; answered when the last is. */
  async pipelined(lines: readonly string[]): Promise<RawAnswer> {
    const tagged = lines.map((line) => `${this.#nextTag()} ${line}\r\n`)
    const answer = this.#answerTo(`r${this.#count}`)
    this.#socket.write(tagged.join(''))
    return answer
  }

  /** One APPEND of many small messages, whose literals the server must take unasked. [RFC 7888 §5] [RFC 3502] */
  async appendSmall(mailbox: string, messages: readonly Buffer[]): Promise<RawAnswer> {
    const pieces = messages.flatMap((message) => [` {${message.length}+}\r\n`, message])
    return this.#exchange([`APPEND ${mailbox}`, ...pieces])
  }

  /** One APPEND of a large message, for which the server is asked. */
  async append(mailbox: string, size: number, octets: Iterable<Buffer>): Promise<RawAnswer> {
    const tag = this.#nextTag()
    const asked = this.#until((seen) => seen.endsWith('\r\n'))
    this.#socket.write(`${tag} APPEND ${mailbox} {${size}}\r\n`)
    const { text } = await asked
    if (!text.startsWith('+')) throw new Error(text)
    const answer = this.#answerTo(tag)
    for (const piece of octets)
      if (!this.#socket.write(piece)) await new Promise((resolve) => this.#socket.once('drain', resolve))
    this.#socket.write('\r\n')
    return answer
  }

  /** Waits for news from now on, and says nothing more. [RFC 9051 §6.3.13] */
  async beginIdle(): Promise<void> {
    const answer = this.#until((seen) => seen.startsWith('+'))
    this.#socket.write(`${this.#nextTag()} IDLE\r\n`)
    await answer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy()
  }

  #nextTag(): string {
    return `r${++this.#count}`
  }

  async #answerTo(tag: string): Promise<RawAnswer> {
    const line = `${tag} `
    const answer = await this.#until((seen) => {
      if (!seen.endsWith('\r\n')) return false
      const before = seen.lastIndexOf('\r\n', seen.length - 3)
      return seen.startsWith(line, before < 0 ? 0 : before + 2)
    })
    const text = answer.text.slice(answer.text.lastIndexOf(line) + line.length).trimEnd()
    if (!text.startsWith('OK')) throw new Error(text)
    return { ...answer, text }
  }

  /** Reads until the end of what came satisfies. */
  #until(satisfies: (tail: string) => boolean): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      let [tail, head, octets] = ['', '', 0]
      const socket = this.#socket
      const timer = setTimeout(() => end(new Error('no answer')), PATIENCE_MS)
      const end = (error?: Error) => {
        clearTimeout(timer)
        socket.off('data', heard)
        socket.off('close', closed)
        if (error === undefined) resolve({ text: tail, octets, head })
        else reject(error)
      }
      const heard = (piece: Buffer) => {
        octets += piece.length
        if (head.length < HEAD) head += piece.toString('latin1', 0, HEAD - head.length)
        tail = (tail + piece.toString('latin1', Math.max(0, piece.length - TAIL))).slice(-TAIL)
        if (satisfies(tail)) end()
      }
      const closed = () => end(new Error(`closed: ${tail}`))
      socket.on('data', heard)
      socket.on('close', closed)
    })
  }
}
