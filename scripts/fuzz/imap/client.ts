/** One client over a pair of streams in memory: it follows every word of the server and objects to what cannot be. */
import type { Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { constants, createInflateRaw, deflateRawSync, type InflateRaw } from 'node:zlib'
import { Connection } from '../../../server/imap/connection.ts'
import { Broken } from '../target.ts'
import { Framing } from './framing.ts'
import type { ImapHouse } from './house.ts'
import { MailboxModel } from './mailbox-model.ts'
import { type Response, ResponseReader } from './responses.ts'

/** Turns of the event loop in which nothing came: then nothing comes. */
const QUIET_TURNS = 1
/** Turns in which an answer comes mostly; commands yield some dozens of times. */
const PATIENT_TURNS = 3000
/** After which one that is owed is missed, ms: a process that reads documents is started within. */
const PATIENT_MS = 10_000
/** ms: zlib works on threads of its own. */
const PAUSE_MS = 1

export class FuzzClient {
  readonly #stream: Duplex
  readonly #served: Promise<void>
  readonly #reader = new ResponseReader()
  readonly #framing = new Framing()
  readonly #model = new MailboxModel()
  #inflate: InflateRaw | undefined
  #responses: Response[] = []
  /** Of what came since somebody looked. */
  #news = 0
  #fault: unknown
  #bye = false
  #ownEnd = false
  #garbage = false
  /** The server's side is over. */
  #over = false

  constructor({ parts }: ImapHouse) {
    const admission = parts.census.admit('127.0.0.1')
    if (admission === undefined) throw new Error('no room for one connection')
    const [ours, theirs] = duplexPair()
    this.#stream = ours
    ours.on('data', (octets: Buffer) => this.#raw(octets))
    ours.on('error', () => {})
    const connection = new Connection({
      parts,
      // Of a socket it uses what every stream has, as long as nobody says STARTTLS.
      socket: theirs as unknown as Socket,
      ip: '127.0.0.1',
      admission,
      channel: { binding: () => undefined },
      byCertificate: undefined,
      context: () => {
        throw new Broken('TLS begins a second time')
      },
    })
    const ended = new Promise<void>((resolve) => ours.once('end', resolve).once('close', resolve))
    this.#served = connection.serve().then(async () => {
      // The last word may still be on its way through the compression.
      await ended
      await this.#inflated()
      this.#over = true
      admission.leave()
    })
  }

  get over(): boolean {
    return this.#over
  }

  /** Whether a command can be given and heard. */
  get usable(): boolean {
    return !this.#over && !this.#bye && !this.#ownEnd && !this.#garbage && this.#framing.clean
  }

  /** Messages in its mailbox, as far as it was told. */
  get exists(): number | undefined {
    return this.#model.exists
  }

  /** It may know less than there is, by its own wish. */
  get unsaid(): boolean {
    return this.#model.unsaid
  }

  send(octets: string): void {
    if (this.#ownEnd || this.#stream.destroyed) return
    this.#framing.sent(octets)
    const plain = Buffer.from(octets, 'latin1')
    this.#stream.write(this.#inflate === undefined ? plain : compressed(plain))
  }

  /** Past the compression, where there is one. */
  sendRaw(octets: string): void {
    if (this.#inflate === undefined) this.send(octets)
    else {
      this.#garbage = true
      this.#stream.write(Buffer.from(octets, 'latin1'))
    }
  }

  end(): void {
    if (this.#ownEnd) return
    this.#ownEnd = true
    this.#stream.end()
  }

  /** Until the server has nothing more to say. Throws {@link Broken} where it owes an answer. */
  async settle(): Promise<void> {
    const until = performance.now() + PATIENT_MS
    for (let quiet = 0, turn = 0; quiet < QUIET_TURNS || (this.#owes && performance.now() < until); turn++) {
      await this.#turn(turn)
      quiet = this.#news === 0 ? quiet + 1 : 0
      this.#news = 0
      if (this.#fault !== undefined) throw this.#fault
    }
    if (this.#owes) throw new Broken(`no answer to ${this.#framing.command.slice(0, 200)}`)
    if (this.#over && !this.#bye && !this.#ownEnd && !this.#garbage) throw new Broken('an end without a word')
    if (this.#reader.open && !this.#over && !this.#garbage) throw new Broken('half a response')
  }

  /** What was heard since somebody asked. */
  take(): readonly Response[] {
    const responses = this.#responses
    this.#responses = []
    return responses
  }

  /** Gives a command and hears its answers. */
  async ask(text: string): Promise<readonly Response[]> {
    this.take()
    this.send(`${text}\r\n`)
    await this.settle()
    return this.take()
  }

  /** Closes our side; the server must be gone soon. */
  async finish(): Promise<void> {
    this.end()
    await this.settle()
    const until = performance.now() + PATIENT_MS
    for (let turn = 0; !this.#over && performance.now() < until; turn++) await this.#turn(turn)
    this.#stream.destroy()
    if (!this.#over) throw new Broken('a session without end')
    await this.#served
  }

  async #turn(count: number): Promise<void> {
    if (this.#inflate === undefined && count < PATIENT_TURNS)
      await new Promise((resolve) => setImmediate(resolve))
    else await setTimeout(PAUSE_MS)
  }

  get #owes(): boolean {
    return this.#framing.owes && !this.#over && !this.#bye && !this.#garbage
  }

  #raw(octets: Buffer): void {
    this.#news += octets.length
    if (this.#inflate === undefined) this.#hear(octets.toString('latin1'))
    else this.#inflate.write(octets)
  }

  #hear(octets: string): void {
    try {
      for (const response of this.#reader.read(octets)) this.#follow(response)
    } catch (error) {
      this.#fault ??= error
    }
  }

  #follow(response: Response): void {
    const { tag, text } = response
    this.#responses.push(response)
    if (tag === '+') this.#framing.asked()
    else if (tag === '*' && !text.startsWith('BAD ')) {
      if (text.startsWith('BYE ')) this.#bye = true
      this.#model.hear(text)
    } else {
      const command = this.#framing.command.slice(tag.length + 1).trim()
      this.#framing.answered(tag)
      if (!text.startsWith('OK ')) return
      this.#model.ended(command)
      if (/^COMPRESS /i.test(command)) this.#compress()
    }
  }

  /** All that came is unfolded, or cannot be. */
  #inflated(): Promise<void> | undefined {
    const inflate = this.#inflate
    if (inflate === undefined || inflate.closed) return undefined
    return new Promise<void>((resolve) => {
      inflate.once('close', resolve)
      inflate.flush(() => resolve())
    })
  }

  #compress(): void {
    this.#inflate = createInflateRaw()
    this.#inflate.on('error', (error) => {
      this.#fault ??= error
    })
    this.#inflate.on('data', (octets: Buffer) => {
      this.#news += octets.length
      this.#hear(octets.toString('latin1'))
    })
  }
}

/** A piece that ends at an octet, and not the stream: pieces follow one another. */
const compressed = (octets: Uint8Array): Buffer =>
  deflateRawSync(octets, { finishFlush: constants.Z_SYNC_FLUSH })
