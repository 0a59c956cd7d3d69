/**
 * Runs a dialogue that is written as text, so that a test reads like the standard's examples:
 *
 *     C: a1 NOOP
 *     S: a1 OK *
 *
 * `C:` lines are sent with CRLF. `S:` lines are what must come next, in order; `*` in the middle or at the end of a
 * word stands for anything within the line, and a line `S: ...` for any number of lines up to the one that follows it.
 * `{{name}}` is replaced by a value that is passed in, on both sides. Lines that begin with `#` are remarks. Works for
 * any protocol of lines.
 */
import type { Duplex } from 'node:stream'

export class LineClient {
  readonly #stream: Duplex
  readonly #waiting: ((line: string | undefined) => void)[] = []
  readonly #lines: string[] = []
  #rest = ''
  #ended = false

  constructor(stream: Duplex) {
    this.#stream = stream
    stream.on('data', (chunk: Buffer) => {
      this.#rest += chunk.toString('latin1')
      const lines = this.#rest.split('\r\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) this.#hand(line)
    })
    const end = () => {
      this.#ended = true
      for (const waiting of this.#waiting.splice(0)) waiting(undefined)
    }
    stream.on('end', end)
    stream.on('close', end)
    stream.on('error', end)
  }

  /** Octets as one char each; text beyond that as UTF-8. */
  send(text: string): void {
    this.#stream.write(Buffer.from(text, 'utf8'))
  }

  sendOctets(octets: Uint8Array): void {
    this.#stream.write(octets)
  }

  /** The next line; undefined at the end. */
  line(): Promise<string | undefined> {
    const ready = this.#lines.shift()
    if (ready !== undefined) return Promise.resolve(ready)
    if (this.#ended) return Promise.resolve(undefined)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Sends a command and reads to its tagged answer, which is the last line. */
  async command(tag: string, text: string): Promise<string[]> {
    this.send(`${tag} ${text}\r\n`)
    return this.until(tag)
  }

  /** Lines up to and with the first that begins with this word. */
  async until(word: string): Promise<string[]> {
    const lines: string[] = []
    for (;;) {
      const line = await this.line()
      if (line === undefined)
        throw new Error(`the connection ended before ${word}; heard: ${lines.slice(-5).join(' | ')}`)
      lines.push(line)
      if (line.startsWith(word)) return lines
    }
  }

  end(): void {
    this.#stream.destroy()
  }

  #hand(line: string): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.#lines.push(line)
    else waiting(line)
  }
}

export async function runDialogue(
  client: LineClient,
  script: string,
  values: Readonly<Record<string, string>> = {},
): Promise<void> {
  const lines = script
    .split('\n')
    .map((line) => line.trim().replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? ''))
    .filter((line) => line !== '' && !line.startsWith('#'))
  const hears = /\brecent\b/i.test(script) ? (from: LineClient) => from.line() : withoutRecent
  let skipping = false
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('C:')) {
      client.send(`${line.slice(3)}\r\n`)
      continue
    }
    if (!line.startsWith('S:')) throw new Error(`line ${index + 1} is neither C: nor S:: ${line}`)
    // Heard lines are octets, one char each.
    const wanted = Buffer.from(line.slice(3), 'utf8').toString('latin1')
    if (wanted === '...') {
      skipping = true
      continue
    }
    const heard: string[] = []
    for (;;) {
      const answer = await hears(client)
      heard.push(answer ?? '(the connection ended)')
      if (answer !== undefined && fits(wanted, answer)) break
      if (!skipping || answer === undefined)
        throw new Error(
          `wanted  S: ${wanted}\n  heard  S: ${heard.join('\n         S: ')}\n  at line ${index + 1}`,
        )
    }
    skipping = false
  }
}

/** Which session is the first to be told of a message is said by those dialogues that ask for it. */
async function withoutRecent(client: LineClient): Promise<string | undefined> {
  for (;;) {
    const line = await client.line()
    if (line === undefined || !/^\* [0-9]+ RECENT$/.test(line)) return line?.replace(/\(\\Recent ?/, '(')
  }
}

/** A leading `* ` is IMAP's own and means itself. */
function fits(wanted: string, heard: string): boolean {
  const own = wanted.startsWith('* ') ? 2 : 0
  if (wanted.slice(0, own) !== heard.slice(0, own)) return false
  const pieces = wanted.slice(own).split('*')
  let at = own
  for (const [index, piece] of pieces.entries()) {
    const found =
      index === 0
        ? heard.startsWith(piece, at)
          ? at
          : -1
        : index === pieces.length - 1
          ? heard.length - piece.length >= at && heard.endsWith(piece)
            ? heard.length - piece.length
            : -1
          : heard.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return at === heard.length
}
