/** `pack.json`: what a pack says that it holds. It is signed with the list, so whoever signed that answers for it. */
import { readJson } from './pack-files.ts'

const FORMAT = 'openkep audit pack 1'

export type PackedSelection =
  | { readonly kind: 'everything' }
  | { readonly kind: 'messages'; readonly intakes: readonly string[] }
  | {
      readonly kind: 'evidence'
      /** ms since 1970; half-open. */
      readonly from: number | undefined
      readonly to: number | undefined
      /** Of one party, others between are left out. */
      readonly party: string | undefined
    }
  | { readonly kind: 'event' }

/** Evidence that is not in the pack, one after the other in the chain: numbers, and between which times it happened. */
export interface LeftOut {
  readonly from: number
  readonly upTo: number
  /** ms since 1970. */
  readonly earliest: number
  readonly latest: number
}

export interface PackIndex {
  /** The domain of whose archive it is. */
  readonly provider: string
  readonly selection: PackedSelection
  readonly messages: readonly {
    readonly intake: string
    readonly evidence: readonly { readonly id: string; readonly sequence: number }[]
  }[]
  /** How many records there are of each chain; empty where it does not count them. */
  readonly records: ReadonlyMap<string, number>
  /** Where evidence was selected by time: what lies around it and between. */
  readonly leftOut: readonly LeftOut[]
}

/** undefined where it is no such file, or any field has another form. */
export function readIndex(octets: Uint8Array | undefined): PackIndex | undefined {
  const said = fieldsOf(readJson(octets))
  const provider = said?.provider
  const selection = selectionIn(said?.selection)
  const messages = listOf(said?.messages, messageIn)
  const leftOut = listOf(said?.leftOut ?? [], leftOutIn)
  const counts = Object.entries(fieldsOf(said?.records ?? {}) ?? { '': -1 })
  if (said?.format !== FORMAT || typeof provider !== 'string' || provider.length > 253) return undefined
  if (selection === undefined || messages === undefined || leftOut === undefined) return undefined
  const records = new Map<string, number>()
  for (const [chain, count] of counts) {
    if (!isNumber(count) || count < 0) return undefined
    records.set(chain, count)
  }
  return { provider, selection, messages, records, leftOut }
}

function selectionIn(value: unknown): PackedSelection | undefined {
  const said = fieldsOf(value)
  if (said?.kind === 'everything' || said?.kind === 'event') return { kind: said.kind }
  if (said?.kind === 'messages') {
    const intakes = listOf(said.intakes, (one) => (typeof one === 'string' ? one : undefined))
    return intakes && { kind: said.kind, intakes }
  }
  if (said?.kind !== 'evidence') return undefined
  const { from, to, party } = said
  if (![from, to].every((time) => time === undefined || isNumber(time))) return undefined
  if (party !== undefined && typeof party !== 'string') return undefined
  return { kind: said.kind, from: from as number | undefined, to: to as number | undefined, party }
}

function messageIn(value: unknown): PackIndex['messages'][number] | undefined {
  const said = fieldsOf(value)
  const evidence = listOf(said?.evidence, (one) => {
    const { id, sequence } = fieldsOf(one) ?? {}
    return typeof id === 'string' && isNumber(sequence) ? { id, sequence } : undefined
  })
  const intake = said?.intake
  return typeof intake === 'string' && evidence !== undefined ? { intake, evidence } : undefined
}

function leftOutIn(value: unknown): LeftOut | undefined {
  const { from, upTo, earliest, latest } = fieldsOf(value) ?? {}
  if (!isNumber(from) || !isNumber(upTo) || !isNumber(earliest) || !isNumber(latest)) return undefined
  return from >= 1 && upTo >= from && latest >= earliest ? { from, upTo, earliest, latest } : undefined
}

const isNumber = (value: unknown): value is number => Number.isSafeInteger(value)

/** All that is read of any object in the file. */
type Fields = Readonly<
  Partial<
    Record<
      | keyof PackIndex
      | keyof LeftOut
      | 'format'
      | 'kind'
      | 'intakes'
      | 'to'
      | 'party'
      | 'intake'
      | 'evidence'
      | 'id'
      | 'sequence',
      unknown
    >
  >
>

const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null ? value : undefined

function listOf<T>(value: unknown, read: (one: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined
  const list: T[] = []
  for (const one of value as unknown[]) {
    const found = read(one)
    if (found === undefined) return undefined
    list.push(found)
  }
  return list
}
