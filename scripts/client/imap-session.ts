/** One IMAP session over implicit TLS for demo and bench: sends a command, gathers its responses with their literals. */
import { connect } from 'node:tls'
import type { Where } from './smtp-session.ts'

export interface ImapAnswer {
  /** `OK`, `NO` or `BAD`, and the text behind it. */
  readonly status: string
  readonly text: string
  /** Untagged lines; a literal stands as `{n}` in its line. */
  readonly lines: readonly string[]
  readonly literals: readonly Buffer[]
}

export interface ImapSession extends AsyncDisposable {
  command(line: string): Promise<ImapAnswer>
  /** Waits for news until `ended`. [RFC 9051 §6.3.13] */
  idle(ended: Promise<unknown>): Promise<ImapAnswer>
}

/**
 * Connected, greeted and logged in; rejects where the login is refused.
 *
 * @param heard each untagged line at the moment it comes
 */
export async function openImapSession(
  { port, ca }: Where,
  { user, password }: { readonly user: string; readonly password: string },
  heard: (line: string) => void = () => {},
): Promise<ImapSession> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca })
  socket.on('error', () => {}) // whoever waits for an answer hears of it
  const reader = new LineReader(socket)
  let count = 0
  const say = (line: string): string => {
    const tag = `a${++count}`
    socket.write(`${tag} ${line}\r\n`)
    return tag
  }
  const answerTo = async (tag: string): Promise<ImapAnswer> => {
    const lines: string[] = []
    const literals: Buffer[] = []
    for (;;) {
      let text = await reader.line()
      for (let size = /\{(\d+)\}$/.exec(text); size !== null; size = /\{(\d+)\}$/.exec(text)) {
        literals.push(await reader.octets(Number(size[1])))
        text += await reader.line()
      }
      const done = new RegExp(`^${tag} (\\S+) ?(.*)$`, 's').exec(text)
      if (done !== null) return { status: done[1] ?? '', text: done[2] ?? '', lines, literals }
      lines.push(text)
      heard(text)
    }
  }
  const command = (line: string): Promise<ImapAnswer> => answerTo(say(line))
  const idle = (ended: Promise<unknown>): Promise<ImapAnswer> => {
    const tag = say('IDLE')
    void ended.finally(() => socket.write('DONE\r\n'))
    return answerTo(tag)
  }
  try {
    await reader.line()
    const login = await command(`LOGIN "${user}" "${password}"`)
    if (login.status !== 'OK') throw new Error(`login refused: ${login.text}`)
  } catch (error) {
    socket.destroy()
    throw error
  }
  return {
    command,
    idle,
    [Symbol.asyncDispose]: async () => {
      socket.destroy()
    },
  }
}

class LineReader {
  readonly #source: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  async line(): Promise<string> {
    const pieces: Buffer[] = []
    for (;;) {
      const end = this.#rest.indexOf('\r\n')
      if (end >= 0) {
        pieces.push(this.#rest.subarray(0, end))
        this.#rest = this.#rest.subarray(end + 2)
        return Buffer.concat(pieces).toString('utf8')
      }
      this.#rest = Buffer.concat([this.#rest, await this.#more()])
    }
  }

  async octets(size: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    let missing = size
    while (missing > 0) {
      if (this.#rest.length === 0) this.#rest = await this.#more()
      const piece = this.#rest.subarray(0, missing)
      pieces.push(piece)
      missing -= piece.length
      this.#rest = this.#rest.subarray(piece.length)
    }
    return Buffer.concat(pieces)
  }

  async #more(): Promise<Buffer> {
    const next = await this.#source.next()
    if (next.done === true) throw new Error('the server closed the connection')
    return next.value
  }
}
