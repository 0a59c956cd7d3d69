import { hash as digestOf } from 'node:crypto'
import type { HashName } from '../../evidence/index.ts'
import { type Store, StoreError } from '../../storage/port.ts'
import { type ChainName, SEAL_CHAIN } from './chain-archive.ts'
import { type SealRecord, type Span, sealRecordIn } from './seal-record.ts'

const PAGE = 50

/** What is remembered of each entry of the chain of seals: seven thousand of them in twenty years. */
export interface BookedSeal {
  readonly sequence: number
  readonly kind: SealRecord['kind']
  readonly at: Date
  readonly hash: HashName
  readonly authority: string
  readonly ends: Date
  /** Digest of its token by its hash: the leaf of a renewal. */
  readonly leaf: Uint8Array
  /** Whose tokens it renews. */
  readonly of: readonly number[]
  /** Time-stamps in the longest proof that ends with it. */
  readonly depth: number
}

/** Where an entry was sealed. */
export interface SealedAt {
  readonly seal: number
  /** Which of the seal's spans, and its first entry. */
  readonly span: number
  readonly from: number
}

interface Covered extends SealedAt {
  readonly upTo: number
}

/**
 * An index of the chain of seals: what is sealed, by which seal, and by what each seal was renewed.
 *
 * Several processes may renew at once. What comes first counts; an entry that renews what was renewed before it, or by another
 * digest than a renewal may, counts for nothing, to every reader alike.
 */
export class SealBook {
  readonly #store: Pick<Store, 'chain'>
  readonly #seals: (BookedSeal | undefined)[] = []
  /** Which entry renews an entry. */
  readonly #renewer = new Map<number, number>()
  /** By chain, ascending. */
  readonly #covered = new Map<ChainName, Covered[]>()

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
    const of = record.kind === 'seal' ? [] : record.of
    const renewed = of.flatMap((one) => this.at(one) ?? [])
    const isFirst = renewed.length === of.length && !of.some((one) => this.#renewer.has(one))
    const fits = record.kind !== 'renewal' || renewed.every(({ hash }) => hash === record.hash)
    if (!isFirst || !fits) {
      this.#seals.push(undefined)
      return
    }
    for (const one of of) this.#renewer.set(one, sequence)
    if (record.kind === 'seal') this.#cover(sequence, record.spans)
    this.#seals.push({
      sequence,
      kind: record.kind,
      at: new Date(record.at),
      hash: record.hash,
      authority: record.authority,
      ends: new Date(record.ends),
      leaf: digestOf(record.hash, Buffer.from(record.token, 'base64'), 'buffer'),
      of,
      depth: 1 + Math.max(0, ...renewed.map(({ depth }) => depth)),
    })
  }

  #cover(seal: number, spans: readonly Span[]): void {
    for (const [span, { chain, from, upTo }] of spans.entries()) {
      const covered = this.#covered.get(chain) ?? []
      covered.push({ seal, span, from, upTo })
      this.#covered.set(chain, covered)
    }
  }

  /** Those that count, in order. */
  get all(): readonly BookedSeal[] {
    return this.#seals.filter((seal) => seal !== undefined)
  }

  /** undefined where there is none, or it counts for nothing. */
  at(sequence: number): BookedSeal | undefined {
    return this.#seals[sequence - 1]
  }

  /** How many entries the chain has. */
  get length(): number {
    return this.#seals.length
  }

  get lastSeal(): BookedSeal | undefined {
    return this.#seals.findLast((seal) => seal?.kind === 'seal')
  }

  /** The last entry of a chain that a seal covers; 0 where none is. */
  covered(chain: ChainName): number {
    return this.#covered.get(chain)?.at(-1)?.upTo ?? 0
  }

  /** Those that nothing renews: on their tokens everything rests. */
  get tips(): readonly BookedSeal[] {
    return this.all.filter(({ sequence }) => !this.#renewer.has(sequence))
  }

  /** A digest that was left for another is not gone back to, whatever a configuration says. */
  hashInForce(configured: HashName): HashName {
    const last = this.#seals.findLast((seal) => seal?.kind === 'rehash')
    if (last === undefined || last.hash === configured) return configured
    const wasLeft = this.all.some(({ sequence, hash }) => sequence < last.sequence && hash === configured)
    return wasLeft ? last.hash : configured
  }

  /** The entry, what renews it, what renews that, and so on. */
  *lineage(sequence: number): Generator<BookedSeal> {
    for (let at: number | undefined = sequence; at !== undefined; at = this.#renewer.get(at)) {
      const seal = this.at(at)
      if (seal === undefined) return
      yield seal
    }
  }

  /** undefined where the entry is not sealed yet. */
  sealOf(chain: ChainName, sequence: number): SealedAt | undefined {
    const covered = this.#covered.get(chain) ?? []
    let [low, high] = [0, covered.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (covered[middle]!.upTo < sequence) low = middle + 1
      else high = middle
    }
    const found = covered[low]
    return found !== undefined && found.from <= sequence && sequence <= found.upTo ? found : undefined
  }

  async record(sequence: number): Promise<SealRecord> {
    const [entry] = await this.#store.chain.read(SEAL_CHAIN, sequence, 1)
    if (entry?.seq !== sequence) throw new StoreError('CORRUPT', `seal ${sequence} is gone`)
    return sealRecordIn(entry)
  }
}
