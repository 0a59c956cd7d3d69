import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type Signer, signDetached, type Timestamper } from '../../evidence/index.ts'
import { dayIn, startOf } from '../../mail/calendar.ts'
import type { Clock } from '../../mail/clock.ts'
import type { Store } from '../../storage/port.ts'
import { type EventLog, SYSTEM } from '../event-log/event-log.ts'
import type { Duty } from '../rounds.ts'
import { type ChainArchive, EVENT_CHAIN, EVIDENCE_CHAIN } from './chain-archive.ts'

/** How often it is looked whether today has its seal: a provider that starts and stops within it seals at a later look. */
const LOOK_MS = 5 * 60_000

export interface DailySealParts {
  readonly store: Pick<Store, 'chain'>
  readonly clock: Clock
  readonly eventLog: Pick<EventLog, 'record' | 'sealSince' | 'seal'>
  /** Of the evidence. */
  readonly archive: Pick<ChainArchive, 'seal'>
  readonly signer: Signer
  readonly timestamper: Timestamper
  /** Whose days are meant. */
  readonly zone: string
  /** While it says no, no day is reckoned (I11). */
  readonly clockIsCertain: () => boolean
}

/** What a record of a seal says. */
const sealed = z.object({
  /** A line each: name of the chain, sequence number and hash of its last entry. */
  heads: z.string(),
  /** CMS over `heads`, detached and time-stamped; base64. */
  seal: z.string(),
})
type Seal = z.output<typeof sealed>

/**
 * Once a day the heads of both chains are signed and time-stamped, and the seal is a record itself: from then on nobody, not
 * even the provider, can put another past before that day. What it covers becomes segments of the archive, which carry it with
 * them. That such records are signed and stamped daily is known from secondary sources alone.
 */
export class DailySeal implements Duty {
  readonly where = 'ops'
  readonly #parts: DailySealParts

  constructor(parts: DailySealParts) {
    this.#parts = parts
  }

  pauseMs(): number {
    return LOOK_MS
  }

  /** Seals where today has no seal yet, and goes on where the archive has not all of what the seal covers. */
  async round(): Promise<void> {
    const { clock, eventLog, zone, clockIsCertain } = this.#parts
    if (!clockIsCertain()) return
    const now = clock.now()
    const record = await eventLog.sealSince(startOf(dayIn(zone, now), zone).getTime())
    const seal = record === undefined ? await this.#seal(now) : sealed.parse(record.details)
    if (seal !== undefined) await this.#archive(seal)
  }

  /** undefined where there is nothing yet that could be sealed. */
  async #seal(now: Date): Promise<Seal | undefined> {
    const { eventLog, signer, timestamper } = this.#parts
    const heads = await this.#heads()
    if (heads === '') return undefined
    const cms = await signDetached({
      digest: createHash(signer.hash).update(heads).digest(),
      signer,
      signingTime: now,
      timestamper,
    })
    const seal = { heads, seal: Buffer.from(cms).toString('base64') }
    await eventLog.record({ what: 'sealed', by: SYSTEM, details: seal })
    return seal
  }

  async #archive(seal: Seal): Promise<void> {
    const { eventLog, archive } = this.#parts
    const octets = Buffer.from(JSON.stringify(seal))
    for (const line of seal.heads.trimEnd().split('\n')) {
      const [chain, seq] = line.split(' ')
      await (chain === EVENT_CHAIN ? eventLog : archive).seal(Number(seq), octets)
    }
  }

  async #heads(): Promise<string> {
    let lines = ''
    for (const chain of [EVENT_CHAIN, EVIDENCE_CHAIN] as const) {
      const head = await this.#parts.store.chain.head(chain)
      if (head !== undefined) lines += `${chain} ${head.seq} ${Buffer.from(head.hash).toString('hex')}\n`
    }
    return lines
  }
}
