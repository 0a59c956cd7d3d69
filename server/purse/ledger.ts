import type { MessageType, Undelivered, UnitKind } from '../../mail/tariff.ts'
import type { DocumentRow, DocumentStore } from '../../storage/port.ts'

export type EntryKind =
  | 'package-bought'
  | 'deposit'
  | 'refund'
  | 'reserve'
  | 'settle'
  | 'give-back'
  | 'expire'
  | 'sms'
  | 'sms-back'

/** `outside`: what came from or went to the world beyond the books. */
export type Book = 'packages' | 'balance' | 'reserved' | 'used' | 'outside'
export type Unit = UnitKind | 'kurus'

/** One side of a movement: what a book gains, or loses where it is negative. */
export interface Line {
  readonly book: Book
  readonly unit: Unit
  readonly amount: number
}

/** Whence something was taken: a package by its id, or the balance. */
export interface Take {
  readonly from: string
  readonly unit: Unit
  readonly amount: number
}
export const BALANCE = 'balance'

/** … and what else is known of the package: units that were bought, and when it ends (ISO 8601). */
export interface Taken extends Take {
  readonly bought?: number
  readonly until?: string
}

/** What is set aside for each of these recipients. */
export interface Hold {
  /** As `1-3,7`. */
  readonly positions: string
  readonly takes: readonly Take[]
}

/** One line of an account's journal: who, what, when, for which message. Written once; its lines sum to zero in each unit. */
export interface LedgerEntry {
  readonly id: string
  /** From 1, without gaps, by account. */
  readonly seq: number
  /** ISO 8601, UTC. */
  readonly at: string
  readonly account: string
  readonly kind: EntryKind
  readonly lines: readonly Line[]
  /** `operator/<name>`, `person/<handle>`, or `system`. */
  readonly by: string
  /** What it is about, and happens once for: an intake, `sms/<key>`, `sms-back/<key>`, `receipt/<number>`. */
  readonly subject?: string
  readonly messageId?: string
  readonly type?: MessageType
  /** Positions of recipients as `1-3,7`, and the address where it is one. */
  readonly recipients?: string
  readonly to?: string
  /** Of a reserve: exactly what is set aside, and what becomes of it. */
  readonly holds?: readonly Hold[]
  readonly undelivered?: Undelivered
  /** Of an sms: whence it was taken. */
  readonly taken?: readonly Taken[]
  /** Of a package: its id and the instant at which it ends, ISO 8601. */
  readonly package?: { readonly id: string; readonly unit: UnitKind; readonly until?: string }
  readonly note?: string
}

const SEQ_DIGITS = 12

export const ledgerKey = (account: string, seq: number): string =>
  `${account}/${String(seq).padStart(SEQ_DIGITS, '0')}`

/**
 * Documents whose keys begin with `<account>/`, after `key`, a page at a time. No address begins with another and a
 * slash: what is behind the @ has none.
 */
export async function* documentsOf(
  documents: DocumentStore,
  account: string,
  key = `${account}/`,
): AsyncGenerator<readonly DocumentRow[]> {
  for (let after = key; ; ) {
    const page = await documents.list(after, PAGE)
    const own = page.filter((row) => row.key.startsWith(`${account}/`))
    if (own.length > 0) yield own
    const last = own.at(-1)
    if (last === undefined || own.length < PAGE) return
    after = last.key
  }
}
const PAGE = 200

export const readEntry = ({ document }: DocumentRow): LedgerEntry => JSON.parse(document)

/** One movement of all these; `taken` is the book whence each was taken. Summed by book and unit. */
export function linesOf(takes: readonly Take[], from: Book | 'taken', to: Book | 'taken'): Line[] {
  const sums = new Map<string, Line>()
  const add = (book: Book, unit: Unit, amount: number): void => {
    const key = `${book} ${unit}`
    sums.set(key, { book, unit, amount: (sums.get(key)?.amount ?? 0) + amount })
  }
  for (const take of takes) {
    const source = take.from === BALANCE ? 'balance' : 'packages'
    add(from === 'taken' ? source : from, take.unit, -take.amount)
    add(to === 'taken' ? source : to, take.unit, take.amount)
  }
  return [...sums.values()].filter(({ amount }) => amount !== 0)
}
