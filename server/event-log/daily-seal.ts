import { createHash } from 'node:crypto'
import { type Signer, signDetached, type Timestamper } from '../../evidence/index.ts'
import { dayIn, startOf } from '../../mail/calendar.ts'
import type { Clock } from '../../mail/clock.ts'
import type { Store } from '../../storage/port.ts'
import { type ChainArchive, type ChainName, EVENT_CHAIN, EVIDENCE_CHAIN } from '../chain-archive.ts'
import type { Events } from '../ops/events.ts'
import { type EventLog, SYSTEM } from './event-log.ts'

/** How often it is looked whether today has its seal: a provider that starts and stops within it seals at a later look. */
const LOOK_MS = 5 * 60_000

export interface DailySealParts {
  readonly store: Pick<Store, 'chain'>
  readonly clock: Clock
  readonly eventLog: Pick<EventLog, 'record' | 'sealedSince' | 'seal'>
  /** Of the evidence. */
  readonly archive: Pick<ChainArchive, 'seal'>
  readonly signer: Signer
  readonly timestamper: Timestamper
  readonly events: Pick<Events, 'internalError'>
  /** Whose days are meant. */
  readonly zone: string
  /** While it says no, no day is reckoned (I11). */
  readonly clockIsCertain: () => boolean
}

/**
 * Once a day the heads of both chains are signed and time-stamped, and the seal is a record itself: from then on nobody, not
 * even the provider, can put another past before that day. What it covers becomes segments of the archive, which carry it with
 * them. That such records are signed and stamped daily is known from
 * secondary sources alone.
 */
export class DailySeal {
  readonly #parts: DailySealParts
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()

  constructor(parts: DailySealParts) {
    this.#parts = parts
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#looking = this.look().catch((error: unknown) => this.#parts.events.internalError('ops', error))
    }, LOOK_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  /** Seals where today has no seal yet. What fails is tried at the next look. */
  async look(): Promise<void> {
    const { clock, eventLog, zone, clockIsCertain, signer, timestamper } = this.#parts
    if (!clockIsCertain()) return
    const now = clock.now()
    if (await eventLog.sealedSince(startOf(dayIn(zone, now), zone).getTime())) return
    const heads = await this.#heads()
    if (heads.length === 0) return
    const text = heads.map(({ chain, seq, hash }) => `${chain} ${seq} ${hash}\n`).join('')
    const cms = await signDetached({
      digest: createHash(signer.hash).update(text).digest(),
      signer,
      signingTime: now,
      timestamper,
    })
    const details = { heads: text, seal: Buffer.from(cms).toString('base64') }
    await eventLog.record({ what: 'sealed', by: SYSTEM, details })
    const sealOctets = Buffer.from(JSON.stringify(details))
    for (const { chain, seq } of heads)
      await (chain === EVENT_CHAIN ? eventLog : this.#parts.archive).seal(seq, sealOctets)
  }

  /** Of each chain its name, its last sequence number, and its hash in hex. */
  async #heads(): Promise<{ chain: ChainName; seq: number; hash: string }[]> {
    const heads: { chain: ChainName; seq: number; hash: string }[] = []
    for (const chain of [EVENT_CHAIN, EVIDENCE_CHAIN] as const) {
      const head = await this.#parts.store.chain.head(chain)
      if (head !== undefined)
        heads.push({ chain, seq: head.seq, hash: Buffer.from(head.hash).toString('hex') })
    }
    return heads
  }
}
