import { hash as digestOf } from 'node:crypto'
import type { HashName } from '../../evidence/index.ts'
import { type Store, StoreError } from '../../storage/port.ts'
import { type ChainName, SEAL_CHAIN } from './chain-archive.ts'
import { type SealRecord, type Span, sealRecordIn } from './seal-record.ts'

const PAGE = 50

/** What is remembered of each entry of the chain of seals: some hundred octets, seven thousand of them in twenty years. */
export interface BookedSeal {
  readonly sequence: number
  readonly kind: SealRecord['kind']
  readonly at: Date
  readonly hash: HashName
  readonly authority: string
  readonly ends: Date
  /** Digest of its token by its hash: the leaf of a renewal. */
  readonly leaf: Uint8Array
  readonly spans: readonly Pick<Span, 'chain' | 'from' | 'upTo'>[]
  /** Whose tokens it renews. */
  readonly of: readonly number[]
}

/** An index of the chain of seals: what is sealed, by which seal, and by what each seal was renewed. */
export class SealBook {
  readonly #store: Pick<Store, 'chain'>
  readonly #seals: BookedSeal[] = []
  /** Which entry renews an entry. */
  readonly #renewer = new Map<number, number>()
  readonly #covered = new Map<ChainName, number>()

  constructor(store: Pick<Store, 'chain'>) {
    this.#store = store
  }

  /** Takes in what was appended since the last time. */
  async refresh(): Promise<void> {
    for (;;) {
      const page = await this.#store.chain.read(SEAL_CHAIN, this.#seals.length + 1, PAGE)
      for (const entry of page) {
        // Another call may have read the same page meanwhile.
        if (entry.seq === this.#seals.length + 1) this.#add(entry.seq, sealRecordIn(entry))
      }
      if (page.length < PAGE) return
    }
  }

  #add(sequence: number, record: SealRecord): void {
    const spans = record.kind === 'seal' ? record.spans : []
    const of = record.kind === 'seal' ? [] : record.of
    for (const { chain, upTo } of spans) this.#covered.set(chain, upTo)
    for (const renewed of of) this.#renewer.set(renewed, sequence)
    this.#seals.push({
      sequence,
      kind: record.kind,
      at: new Date(record.at),
      hash: record.hash,
      authority: record.authority,
      ends: new Date(record.ends),
      leaf: digestOf(record.hash, Buffer.from(record.token, 'base64'), 'buffer'),
      spans: spans.map(({ chain, from, upTo }) => ({ chain, from, upTo })),
      of,
    })
  }

  get all(): readonly BookedSeal[] {
    return this.#seals
  }

  /** Sequence number of the entry that will be appended next. */
  get next(): number {
    return this.#seals.length + 1
  }

  get lastSeal(): BookedSeal | undefined {
    return this.#seals.findLast(({ kind }) => kind === 'seal')
  }

  /** The last entry of a chain that a seal covers; 0 where none is. */
  covered(chain: ChainName): number {
    return this.#covered.get(chain) ?? 0
  }

  /** Those that nothing renews: on their tokens everything rests. */
  get tips(): readonly BookedSeal[] {
    return this.#seals.filter(({ sequence }) => !this.#renewer.has(sequence))
  }

  /** The entry, what renews it, what renews that, and so on. */
  *lineage(sequence: number): Generator<BookedSeal> {
    for (let at: number | undefined = sequence; at !== undefined; at = this.#renewer.get(at)) {
      const seal = this.#seals[at - 1]
      if (seal === undefined) return
      yield seal
    }
  }

  /** The seal of an entry, and which of its spans the entry lies in; undefined where it is not sealed yet. */
  sealOf(chain: ChainName, sequence: number): { readonly seal: number; readonly span: number } | undefined {
    for (const { sequence: seal, spans } of this.#seals) {
      const span = spans.findIndex(
        (one) => one.chain === chain && one.from <= sequence && sequence <= one.upTo,
      )
      if (span >= 0) return { seal, span }
    }
    return undefined
  }

  async record(sequence: number): Promise<SealRecord> {
    const [entry] = await this.#store.chain.read(SEAL_CHAIN, sequence, 1)
    if (entry?.seq !== sequence) throw new StoreError('CORRUPT', `seal ${sequence} is gone`)
    return sealRecordIn(entry)
  }
}
