import { StoreError } from '../port.ts'
import { type Collection, SLICE } from './collection.ts'
import type { Database } from './database.ts'
import { child, number, optionalText, type Row, rows, text, texts } from './fields.ts'
import { type StoredIndex, type StoredOctets, storedIndex } from './indexes.ts'
import { type Was, wasOf } from './versions.ts'

/** What one message becomes, by value: doing it again changes nothing. */
export type Put =
  | {
      readonly uid: number
      readonly document: Row
      /** Its MIME index and text filter as they are stored, or the message from which they are copied. */
      readonly index?: Uint8Array
      readonly sealed?: boolean
      readonly filter?: StoredOctets
      readonly from?: string
    }
  | { readonly uid: number; readonly was: Was; readonly bits: number; readonly keywords: readonly string[] }
  | {
      readonly uid: number
      readonly was: Was
      readonly gone: true
      readonly hash: string
      /** Further octets that the mailbox needs no more. */
      readonly also?: string
    }

/** A change of so few messages, with indexes of so many octets, lies in the mailbox document itself: one write less. */
const INLINE_PUTS = 20
const INLINE_OCTETS = 262_144
/** Far enough below the 16 MiB of a document for one index more. */
const SLICE_OCTETS = 4_194_304
/** Indexes read at once to be copied. */
const INDEXES = 100

/** The plan of a change that is begun: in the mailbox document where it is short, or else in slices that it names. */
export type Plan = { readonly puts: readonly Put[] } | { readonly slices: number }

export class Plans {
  readonly #plans: Collection
  readonly #indexes: Collection

  constructor(database: Database) {
    this.#plans = database.collection('plans')
    this.#indexes = database.collection('indexes')
  }

  /** Written before the mailbox names it; `id` is the change's. */
  async write(mailbox: string, id: string, puts: readonly Put[]): Promise<Plan> {
    const slices = this.#slices(puts)
    const first = (await slices.next()).value ?? []
    if (first.length === puts.length && puts.length <= INLINE_PUTS && octetsIn(first) <= INLINE_OCTETS)
      return { puts: first }
    let n = 0
    for (let slice: readonly Put[] | undefined = first; slice !== undefined; ) {
      await this.#plans.insert({ _id: `${id}/${n}`, plan: id, n, mailbox, at: Date.now(), puts: slice })
      n++
      const next: IteratorResult<readonly Put[]> = await slices.next()
      slice = next.done === true ? undefined : next.value
    }
    return { slices: n }
  }

  /** With the indexes that are to be copied: what they are copied from may be gone when the plan is done. */
  async *#slices(puts: readonly Put[]): AsyncGenerator<readonly Put[]> {
    let slice: Put[] = []
    let octets = 0
    for (let at = 0; at < puts.length; at += INDEXES) {
      for (const put of await this.#withIndexes(puts.slice(at, at + INDEXES))) {
        const size = octetsIn([put])
        if (slice.length > 0 && (slice.length === SLICE || octets + size > SLICE_OCTETS)) {
          yield slice
          slice = []
          octets = 0
        }
        slice.push(put)
        octets += size
      }
    }
    if (slice.length > 0) yield slice
  }

  async #withIndexes(puts: readonly Put[]): Promise<Put[]> {
    const from = puts.flatMap((put) => ('document' in put && put.from !== undefined ? [put.from] : []))
    if (from.length === 0) return [...puts]
    const found = new Map<string, StoredIndex>(
      (await this.#indexes.named(from)).map((row) => [text(row, '_id'), storedIndex(row, 'octets')]),
    )
    return puts.map((put) => {
      if (!('document' in put) || put.from === undefined) return put
      const { from: source, ...rest } = put
      const index = found.get(source)
      // What is expunged leaves its index for a day: one that is not there has gone with its mailbox.
      if (index === undefined)
        throw new StoreError('NO_SUCH_MAILBOX', 'what was to be copied went with its mailbox')
      return { ...rest, ...inPut(index) }
    })
  }

  /**
   * The slices that are there. One that is missing was done: whoever removes slices has done all of them.
   */
  async *read(id: string, plan: Plan): AsyncGenerator<readonly Put[]> {
    if ('puts' in plan) return yield plan.puts
    for (let n = 0; n < plan.slices; n++) {
      const row = await this.#plans.get({ _id: `${id}/${n}` })
      if (row !== undefined) yield readPuts(row)
    }
  }

  async remove(mailbox: string, id: string, plan: Plan): Promise<void> {
    if ('puts' in plan) return
    const ids = Array.from({ length: plan.slices }, (_, n) => `${id}/${n}`)
    await this.#plans.removeAll({ mailbox, _id: { $in: ids } })
  }
}

export const inPut = ({ octets, sealed, filter }: StoredIndex) => ({
  index: octets,
  sealed,
  ...(filter && { filter }),
})

export const readPlan = (plan: Row): Plan =>
  plan['slices'] === undefined ? { puts: readPuts(plan) } : { slices: number(plan, 'slices') }

const readPuts = (row: Row): Put[] =>
  rows(row, 'puts').map((put): Put => {
    const uid = number(put, 'uid')
    if (put['document'] !== undefined)
      return { uid, document: child(put, 'document'), ...inPut(storedIndex(put, 'index')) }
    const was = wasOf(child(put, 'was'))
    const also = optionalText(put, 'also')
    return put['gone'] === true
      ? { uid, was, gone: true, hash: text(put, 'hash'), ...(also === undefined ? {} : { also }) }
      : { uid, was, bits: number(put, 'bits'), keywords: texts(put, 'keywords') }
  })

const octetsIn = (puts: readonly Put[]): number =>
  puts.reduce(
    (sum, put) => sum + ('document' in put ? (put.index?.length ?? 0) + (put.filter?.octets.length ?? 0) : 0),
    0,
  )
