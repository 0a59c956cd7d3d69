import { TimestampError } from '../../evidence/index.ts'
import type { Store } from '../../storage/port.ts'
import { AuditPack, type PackFolder, type PackParts, type PackReport } from './audit-pack.ts'
import { CHAINS, type ChainName, EVENT_CHAIN, EVIDENCE_CHAIN, SEAL_CHAIN } from './chain-archive.ts'
import { DailySeal, type DailySealParts } from './daily-seal.ts'
import { intoNewFolder } from './pack-folder.ts'
import { type RenewalReport, renew } from './renewing.ts'
import { seal } from './sealing.ts'

/** What of the archive an operator asks for. */
export type PackSelection =
  | { readonly kind: 'messages'; readonly intakes: readonly string[] }
  | { readonly kind: 'evidence'; readonly from?: number; readonly to?: number; readonly party?: string }
  /** One record of the log of events. */
  | { readonly kind: 'event'; readonly id: string }
  /** Every entry of every chain and the records of all messages: for who takes the archive over. */
  | { readonly kind: 'everything'; readonly to?: string }

export interface SealReport {
  /** Number of the last seal, and when it was made; undefined where nothing was ever sealed. */
  readonly seal: number | undefined
  readonly at: string | undefined
  /** Whether it was made just now: else there was nothing new. */
  readonly made: boolean
}

/** Nothing of it is in the archive, or of one of the messages: a pack that lacks what it names would prove nothing. */
export class NothingToExport extends Error {
  override readonly name = 'NothingToExport'
}

type Progress = (state: { readonly done: number; readonly of: number | undefined }) => void

const PAGE = 50

/** The archive's acts that an operator asks for; the daemon does them, because it has the keys. */
export class ArchiveDesk {
  readonly #parts: DailySealParts & PackParts & { readonly store: Store }

  constructor(parts: DailySealParts & PackParts & { readonly store: Store }) {
    this.#parts = parts
  }

  /** Now, whether or not today has its seal. */
  async seal(): Promise<SealReport> {
    const made = await seal(this.#parts)
    await new DailySeal(this.#parts).makeSegments()
    const last = this.#parts.book.lastSeal
    return { seal: last?.sequence, at: last?.at.toISOString(), made }
  }

  /** @param all also what would hold for long yet */
  renew(all: boolean): Promise<RenewalReport> {
    const { clock, renewBefore } = this.#parts
    return renew(this.#parts, all ? 'all' : new Date(clock.now().getTime() + renewBefore()))
  }

  /**
   * Into a new folder, or none where it fails. Rejects with NothingToExport before it is made, with PackTooLarge, with
   * TimestampError or KeyError where its list cannot be signed, and as `intoNewFolder` does.
   *
   * @param into its path, or a folder whose owner takes it away where this fails
   */
  async export(into: string | PackFolder, selection: PackSelection, progress: Progress): Promise<PackReport> {
    await this.#sealFirst()
    await this.#refuseMissing(selection)
    const fill = (folder: PackFolder) => this.#fill(folder, selection, progress)
    return typeof into === 'string' ? await intoNewFolder(into, fill) : await fill(into)
  }

  async #fill(folder: PackFolder, selection: PackSelection, progress: Progress): Promise<PackReport> {
    const pack = new AuditPack(this.#parts, folder, selection.kind === 'everything')
    if (selection.kind === 'event') {
      const entry = await this.#parts.store.chain.find(EVENT_CHAIN, selection.id)
      if (entry !== undefined) await pack.addEntry(EVENT_CHAIN, entry)
    } else if (selection.kind === 'messages')
      for (const intake of selection.intakes) await this.#message(pack, intake)
    else if (selection.kind === 'evidence') await this.#filtered(pack, selection, progress)
    else for (const chain of CHAINS) await this.#whole(pack, chain, progress)
    return await pack.finish(selection)
  }

  async #refuseMissing(selection: PackSelection): Promise<void> {
    if (selection.kind !== 'messages') {
      if (!(await this.#hasAny(selection))) throw new NothingToExport('the archive has no such record')
      return
    }
    const missing: string[] = []
    for (const intake of selection.intakes)
      if ((await this.#parts.store.chain.ofIntake(EVIDENCE_CHAIN, intake, 0, 1)).length === 0)
        missing.push(intake)
    if (missing.length > 0) throw new NothingToExport(`the archive has no evidence of ${missing.join(', ')}`)
  }

  async #hasAny(selection: Exclude<PackSelection, { kind: 'messages' }>): Promise<boolean> {
    const { chain } = this.#parts.store
    if (selection.kind === 'event') return (await chain.find(EVENT_CHAIN, selection.id)) !== undefined
    if (selection.kind === 'everything') return this.#parts.book.covered(EVIDENCE_CHAIN) > 0
    const { kind: _kind, ...filter } = selection
    return (await chain.list(EVIDENCE_CHAIN, filter, 0, 1)).length > 0
  }

  /**
   * What is not sealed is proved by less. Where no TSA answers just now it goes out all the same, and the report counts it, as
   * long as one answers when the list is signed: a pack without that stamp is none.
   */
  async #sealFirst(): Promise<void> {
    await this.seal().catch((error: unknown) => {
      if (!(error instanceof TimestampError)) throw error
    })
    await this.#parts.book.refresh()
  }

  async #message(pack: AuditPack, intake: string): Promise<void> {
    const { chain } = this.#parts.store
    for (let after = 0; ; ) {
      const page = await chain.ofIntake(EVIDENCE_CHAIN, intake, after, PAGE)
      for (const entry of page) await pack.addEvidence(entry)
      after = page.at(-1)?.seq ?? after
      if (page.length < PAGE) return
    }
  }

  async #filtered(
    pack: AuditPack,
    { kind: _kind, ...filter }: Extract<PackSelection, { kind: 'evidence' }>,
    progress: Progress,
  ): Promise<void> {
    const { chain } = this.#parts.store
    for (let [after, done] = [0, 0]; ; ) {
      const page = await chain.list(EVIDENCE_CHAIN, filter, after, PAGE)
      for (const entry of page) await pack.addEvidence(entry)
      after = page.at(-1)?.seq ?? after
      done += page.length
      progress({ done, of: undefined })
      if (page.length < PAGE) return
    }
  }

  async #whole(pack: AuditPack, name: ChainName, progress: Progress): Promise<void> {
    const { store, book } = this.#parts
    // Up to the last seal, which is itself covered by none yet.
    const last = name === SEAL_CHAIN ? book.length : book.covered(name)
    for (let from = 1; from <= last; from += PAGE) {
      for (const entry of await store.chain.read(name, from, Math.min(PAGE, last - from + 1)))
        await (name === EVIDENCE_CHAIN ? pack.addEvidence(entry) : pack.addEntry(name, entry))
      progress({ done: Math.min(last, from + PAGE - 1), of: last })
    }
  }
}
