import { dayIn, startOf } from '../../mail/calendar.ts'
import type { Store } from '../../storage/port.ts'
import type { Duty } from '../rounds.ts'
import { CHAINS, type ChainArchive, type ChainName, SEAL_CHAIN } from './chain-archive.ts'
import { renew } from './renewing.ts'
import { type SealingParts, seal } from './sealing.ts'

/** How often it is looked whether today has its seal: a provider that starts and stops within it seals at a later look. */
const LOOK_MS = 5 * 60_000

export interface DailySealParts extends SealingParts {
  readonly store: Pick<Store, 'chain' | 'blobs'>
  /** Of each chain: what makes segments of what was sealed. */
  readonly archives: Readonly<Record<ChainName, Pick<ChainArchive, 'seal'>>>
  /** Whose days are meant. */
  readonly zone: string
  /** While it says no, no day is reckoned (I11). */
  readonly clockIsCertain: () => boolean
  /** Seals whose tokens end within so many ms are renewed. */
  readonly renewBefore: () => number
}

/**
 * Once a day what was appended to the chains is sealed, and what covers it becomes segments of the archive, which carry the
 * seal with them.
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

  /** Seals where today has no seal yet, and goes on where the archive has not all of what the last seal covers. */
  async round(): Promise<void> {
    const { clock, book, zone, clockIsCertain } = this.#parts
    if (!clockIsCertain()) return
    await book.refresh()
    const today = startOf(dayIn(zone, clock.now()), zone)
    if (book.lastSeal === undefined || book.lastSeal.at < today) await seal(this.#parts)
    await this.makeSegments()
  }

  /** Also after a seal that was asked for. */
  async makeSegments(): Promise<void> {
    const { book, archives, store } = this.#parts
    const last = book.lastSeal
    if (last === undefined) return
    const [entry] = await store.chain.read(SEAL_CHAIN, last.sequence, 1)
    if (entry === undefined) return
    for (const chain of CHAINS) await archives[chain].seal(book.covered(chain), entry.bytes)
  }
}

/** Whatever would soon prove nothing is renewed; it may read the whole archive, and keeps no seal waiting meanwhile. */
export class ArchiveRenewal implements Duty {
  readonly where = 'ops'
  readonly #parts: DailySealParts

  constructor(parts: DailySealParts) {
    this.#parts = parts
  }

  pauseMs(): number {
    return LOOK_MS
  }

  async round(signal?: AbortSignal): Promise<void> {
    const { clock, clockIsCertain, renewBefore } = this.#parts
    if (clockIsCertain()) await renew(this.#parts, new Date(clock.now().getTime() + renewBefore()), signal)
  }
}
