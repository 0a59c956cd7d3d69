import type { MailboxRow } from '../../../storage/port.ts'
import type { Known } from '../known-values.ts'
import { PAGE } from '../limits.ts'
import type { Session } from '../session.ts'
import { UidList } from '../uid-list.ts'
import { SearchedMessage } from './searched-message.ts'
import { SearchedPage } from './searched-page.ts'

/** Something of a message that never changes, so that it is worked out once and kept by UID. */
export interface Lasting<T> {
  /** No other has it. */
  readonly name: string
  of(message: SearchedMessage): T | Promise<T>
  /** About what it takes in memory. */
  octets(value: T): number
}

/** What one text takes. */
export const octetsOfText = (text: string): number => 24 + text.length * 2

/** Without what it was cut out of, which would stay in memory as long as it does. */
export const ownText = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le')

/** One value of messages of one mailbox, by UIDs that are ascending. */
class Column<T> implements Known {
  readonly #uids: UidList
  readonly #values: readonly T[]
  readonly octets: number

  constructor(uids: Uint32Array, values: readonly T[], octets: number) {
    this.#uids = new UidList(uids)
    this.#values = values
    this.octets = octets
  }

  get(uid: number): T | undefined {
    return this.#values[this.#uids.indexOf(uid)]
  }

  /** @param others ascending, none of them there */
  with(others: ReadonlyMap<number, T>, octetsOf: (value: T) => number): Column<T> {
    const uids = this.#uids.slice(0, this.#uids.length)
    const [merged, values] = [new Uint32Array(uids.length + others.size), [] as T[]]
    let { octets } = this
    let at = 0
    const takeOwn = (below: number): void => {
      for (; at < uids.length && (uids[at] ?? 0) < below; at++) {
        merged[values.length] = uids[at] ?? 0
        values.push(this.#values[at]!)
      }
    }
    for (const [uid, value] of others) {
      takeOwn(uid)
      merged[values.length] = uid
      values.push(value)
      octets += ENTRY_OCTETS + octetsOf(value)
    }
    takeOwn(Number.POSITIVE_INFINITY)
    return new Column(merged, values, octets)
  }
}

/** A UID and where its value stands. */
const ENTRY_OCTETS = 12

/** Values looked up between two looks at the time. */
const AT_ONCE = 5_000

/**
 * Of these messages, in their order; undefined where one is gone and nobody asked for it before.
 *
 * @param uids ascending
 */
export async function valuesOf<T>(
  session: Session,
  { id }: Pick<MailboxRow, 'id'>,
  kind: Lasting<T>,
  uids: ArrayLike<number>,
): Promise<(T | undefined)[]> {
  const { knownValues } = session.parts
  const key = `${id} ${kind.name}`
  const column = () => knownValues.get(key) as Column<T> | undefined
  const known = column()
  const values: (T | undefined)[] = []
  const missing: number[] = []
  for (let at = 0; at < uids.length; at++) {
    const value = known?.get(uids[at]!)
    if (value === undefined) missing.push(uids[at]!)
    values.push(value)
    if (at % AT_ONCE === 0) await session.slice.breathe()
  }
  if (missing.length === 0) return values
  const worked = await workedOut(session, id, kind, missing)
  // Another session may have been at the same.
  const now = column()
  const added =
    now === undefined ? worked : new Map([...worked].filter(([uid]) => now.get(uid) === undefined))
  knownValues.put(key, (now ?? new Column<T>(new Uint32Array(0), [], 0)).with(added, kind.octets))
  return values.map((value, at) => value ?? worked.get(uids[at]!))
}

async function workedOut<T>(
  session: Session,
  id: string,
  kind: Lasting<T>,
  uids: readonly number[],
): Promise<Map<number, T>> {
  const worked = new Map<number, T>()
  for (let at = 0; at < uids.length; at += PAGE) {
    const rows = await session.parts.store.mailboxes.rows(id, uids.slice(at, at + PAGE))
    const page = new SearchedPage(session, rows, { id })
    for (const row of rows) {
      worked.set(row.uid, await kind.of(new SearchedMessage(session, row, page)))
      await session.slice.breathe()
    }
  }
  return worked
}
