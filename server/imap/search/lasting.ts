import type { MailboxRow } from '../../../storage/port.ts'
import type { Known } from '../known-values.ts'
import { PAGE } from '../limits.ts'
import { Progress } from '../progress.ts'
import type { Session } from '../session.ts'
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

/** One value of messages of one mailbox. It grows in place, so that one more message costs what it takes and no more. */
class Column<T> implements Known {
  readonly #blocks = new Map<number, (T | undefined)[]>()
  #octets = 0

  get octets(): number {
    return this.#octets
  }

  get(uid: number): T | undefined {
    return this.#blocks.get(Math.floor(uid / BLOCK))?.[uid % BLOCK]
  }

  /** @param octets of the value */
  add(uid: number, value: T, octets: number): void {
    let block = this.#blocks.get(Math.floor(uid / BLOCK))
    if (block === undefined) {
      block = new Array<T | undefined>(BLOCK).fill(undefined)
      this.#blocks.set(Math.floor(uid / BLOCK), block)
      this.#octets += BLOCK_OCTETS
    }
    // Another session may have been at the same.
    if (block[uid % BLOCK] === undefined) this.#octets += octets
    block[uid % BLOCK] = value
  }
}

/** UIDs whose values stand together. */
const BLOCK = 256
/** A reference to each, or a number that has to be put somewhere, and the block itself. */
const BLOCK_OCTETS = BLOCK * 16 + 64

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
  const known = knownValues.get(key) as Column<T> | undefined
  const column = known ?? new Column<T>()
  // Another session may want the same in a moment.
  if (known === undefined) knownValues.put(key, column)
  const values: (T | undefined)[] = []
  const missing: number[] = []
  for (let at = 0; at < uids.length; at++) {
    const value = column.get(uids[at]!)
    if (value === undefined) missing.push(at)
    values.push(value)
    if (at % AT_ONCE === 0) await session.slice.breathe()
  }
  const progress = new Progress(session, missing.length)
  for (let at = 0; at < missing.length; at += PAGE) {
    const places = missing.slice(at, at + PAGE)
    await workOut(
      session,
      id,
      kind,
      places.map((place) => uids[place]!),
      column,
    )
    knownValues.put(key, column)
    for (const place of places) values[place] = column.get(uids[place]!)
    await progress.advance(places.length)
  }
  return values
}

async function workOut<T>(
  session: Session,
  id: string,
  kind: Lasting<T>,
  uids: readonly number[],
  column: Column<T>,
): Promise<void> {
  const rows = await session.parts.store.mailboxes.rows(id, uids)
  const page = new SearchedPage(session, rows, { id })
  for (const row of rows) {
    const message = new SearchedMessage(session, row, page)
    const value = await kind.of(message)
    // What was worked out of nothing is not kept for good.
    if (message.isGone) continue
    column.add(row.uid, value, kind.octets(value))
    await session.slice.breathe()
  }
}
