import type { Duplex } from 'node:stream'
import { ConnectionLost } from './failure.ts'
import { OUTPUT_BATCH, STALL_MS } from './limits.ts'

/**
 * Gathers answers and writes them in batches. Whoever writes much awaits {@link room} between pieces: a client that
 * does not read then stops its own command instead of growing our memory. Strings hold one char per octet.
 */
export class Output {
  #stream: Duplex
  #text: string[] = []
  #size = 0
  /** What was announced is still coming: nothing else may be said. */
  #inLiteral = false

  constructor(stream: Duplex) {
    this.#stream = stream
  }

  /** Octets as they are; the line end is the caller's. */
  raw(text: string): void {
    this.#text.push(text)
    this.#size += text.length
  }

  /** One untagged response. */
  untagged(text: string): void {
    this.raw(`* ${text}\r\n`)
  }

  /** Returns when more may be written. */
  async room(): Promise<void> {
    if (this.isFull) await this.flush()
  }

  /** Whether there is anything to wait for: whoever writes tens of thousands of short answers asks first. */
  get isFull(): boolean {
    return this.#size >= OUTPUT_BATCH
  }

  async flush(): Promise<void> {
    if (this.#size === 0) return
    const batch = Buffer.from(this.#text.join(''), 'latin1')
    this.#text = []
    this.#size = 0
    await this.#write(batch)
  }

  /** A literal whose octets are streamed; rejects where they do not come, and then the connection is of no use. */
  async literal(announcement: string, octets: AsyncIterable<Buffer>): Promise<void> {
    this.raw(announcement)
    this.#inLiteral = true
    for await (const piece of octets) await this.#octets(piece)
    this.#inLiteral = false
  }

  async #octets(octets: Buffer): Promise<void> {
    // A small one rides in the batch: one write, one TLS record.
    if (octets.length <= OUTPUT_BATCH / 2) {
      this.raw(octets.toString('latin1'))
      await this.room()
      return
    }
    await this.flush()
    await this.#write(octets)
  }

  /** Writes what waits and then nothing more on the old stream. */
  replace(stream: Duplex): void {
    this.#stream = stream
  }

  /** What waits, written without waiting: for the last word and the line before TLS begins. */
  push(): void {
    if (this.#size > 0 && !this.#inLiteral && !this.#stream.destroyed)
      this.#stream.write(Buffer.from(this.#text.join(''), 'latin1'))
    this.#text = []
    this.#size = 0
  }

  #write(octets: Uint8Array): Promise<void> | undefined {
    const stream = this.#stream
    if (stream.destroyed || stream.writableEnded) throw new ConnectionLost('closed while writing')
    if (stream.write(octets)) return undefined
    return new Promise((resolve, reject) => {
      const done = (error?: Error) => {
        clearTimeout(timer)
        stream.off('drain', drained)
        stream.off('close', closed)
        if (error) reject(error)
        else resolve()
      }
      const drained = () => done()
      const closed = () => done(new ConnectionLost('closed while writing'))
      const timer = setTimeout(() => done(new ConnectionLost('the client does not read')), STALL_MS)
      stream.on('drain', drained)
      stream.on('close', closed)
    })
  }
}
