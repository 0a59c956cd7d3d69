import type { Duplex } from 'node:stream'
import { ConnectionLost, Farewell } from './failure.ts'

const LF = 10
const CR = 13
/** Octets that may wait for somebody to ask for them. */
const HIGH_WATER = 65_536

/**
 * Takes octets from a connection no faster than somebody asks for them, so that a client is read no faster than it is
 * answered: what nobody asked for waits here up to a small bound, then in the socket, then with the client.
 */
export class OctetReader {
  #stream: Duplex
  /** What is being read now, and what came behind it. */
  #chunk: Buffer = Buffer.alloc(0)
  #waiting: Buffer[] = []
  #waitingOctets = 0
  #wake: (() => void) | undefined
  #ended = false
  /** Called before each wait: answers leave before we wait for the next question. */
  beforeWait: () => Promise<void> = async () => {}
  /** Silence after which a wait ends with a {@link Farewell}, ms; 0 for none. */
  silenceMs = 0

  readonly #onData = (octets: Buffer): void => {
    this.#waiting.push(octets)
    this.#waitingOctets += octets.length
    if (this.#waitingOctets >= HIGH_WATER) this.#stream.pause()
    this.#wake?.()
  }
  readonly #onEnd = (): void => {
    this.#ended = true
    this.#wake?.()
  }

  constructor(stream: Duplex) {
    this.#stream = stream
    this.#attach()
  }

  /** Whether the client has closed its side, as far as it was read. */
  get hasEnded(): boolean {
    return this.#ended
  }

  /** Octets that came but were not asked for. */
  get pending(): number {
    return this.#chunk.length + this.#waitingOctets + this.#stream.readableLength
  }

  /**
   * The next line without its line end, one char per octet; undefined at the end of the stream. A longer line ends
   * the session: there is no way to find the next command after it without reading it all.
   */
  async line(max: number): Promise<string | undefined> {
    const pieces: string[] = []
    let length = 0
    for (;;) {
      if (this.#chunk.length === 0 && !(await this.#fill())) return undefined
      const feed = this.#chunk.indexOf(LF)
      const end = feed < 0 ? this.#chunk.length : feed
      length += end
      if (length > max) throw new Farewell('The line is too long')
      const crlf = feed > 0 && this.#chunk[feed - 1] === CR
      pieces.push(this.#chunk.toString('latin1', 0, crlf ? end - 1 : end))
      this.#chunk = this.#chunk.subarray(feed < 0 ? end : end + 1)
      if (feed < 0) continue
      const line = pieces.join('')
      return !crlf && line.endsWith('\r') ? line.slice(0, -1) : line
    }
  }

  /** Returns when octets are there to be read, or the end of the stream. */
  async arrival(): Promise<void> {
    if (this.#chunk.length === 0) await this.#fill()
  }

  /** Exactly so many octets, in the pieces in which they came. */
  async *octets(count: number): AsyncGenerator<Buffer> {
    let left = count
    while (left > 0) {
      if (this.#chunk.length === 0 && !(await this.#fill())) throw new ConnectionLost('ended in a literal')
      const piece = this.#chunk.subarray(0, left)
      this.#chunk = this.#chunk.subarray(piece.length)
      left -= piece.length
      yield piece
    }
  }

  /** Goes on reading from the same connection under TLS, or compressed. */
  replace(stream: Duplex): void {
    this.#detach()
    this.#stream = stream
    this.#attach()
  }

  /** Makes the next octets current; false at the end. */
  async #fill(): Promise<boolean> {
    for (;;) {
      const next = this.#waiting.shift()
      if (next !== undefined) {
        this.#chunk = next
        this.#waitingOctets -= next.length
        return true
      }
      if (this.#ended) return false
      if (this.#stream.isPaused()) this.#stream.resume()
      await this.beforeWait()
      if (this.#ended || this.#waiting.length > 0) continue
      await this.#readable()
    }
  }

  #readable(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer =
        this.silenceMs === 0
          ? undefined
          : setTimeout(() => {
              this.#wake = undefined
              reject(new Farewell('Cok uzun sure islem yapilmadi / Idle for too long'))
            }, this.silenceMs)
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
    })
  }

  #attach(): void {
    this.#stream.on('data', this.#onData)
    this.#stream.on('end', this.#onEnd)
    this.#stream.on('close', this.#onEnd)
  }

  #detach(): void {
    this.#stream.pause()
    this.#stream.off('data', this.#onData)
    this.#stream.off('end', this.#onEnd)
    this.#stream.off('close', this.#onEnd)
  }
}
