import type { DocumentStore } from '../../storage/port.ts'
import { indexPrefix } from './document.ts'

/** Rows read at once. */
export const JOIN_PAGE = 100
/** Pages that one query may read: some ten milliseconds. Where they are not enough, criteria are missing. */
export const MAX_PAGES = 100

/** More rows to walk than one query may. */
export class TooManyRows extends Error {}

/**
 * The addresses that stand under every one of these rows, in order, read only as far as somebody asks. Where one list ends
 * within its first page the others are not walked, so more may come than fits: whoever asks compares anyway.
 * Rejects with {@link TooManyRows}.
 */
export async function* addressesUnder(store: DocumentStore, rows: readonly string[]): AsyncGenerator<string> {
  let pages = 0
  const page = (after: string): ReturnType<DocumentStore['list']> => {
    if (++pages > MAX_PAGES) throw new TooManyRows()
    return store.list(after, JOIN_PAGE)
  }
  const cursors = rows.map((row) => new Cursor(indexPrefix(row), page))
  await Promise.all(cursors.map((cursor) => cursor.seek('')))
  const short = cursors.filter((cursor) => cursor.isWhole)
  const walked = short.length > 0 ? short : cursors
  for (let target = ''; walked.length > 0; ) {
    let agreed = target
    for (const cursor of walked) {
      const next = await cursor.seek(agreed)
      if (next === undefined) return
      agreed = next // each is at least what was asked for, so the last is the largest
    }
    if (agreed === target) {
      yield target
      target = `${target}\0` // the next one possible
    } else target = agreed
  }
}

/** One list, walked forwards. */
class Cursor {
  readonly #prefix: string
  readonly #page: (after: string) => ReturnType<DocumentStore['list']>
  #addresses: string[] = []
  #at = 0
  #begun = false
  /** Nothing follows what was read last. */
  #ended = false

  constructor(prefix: string, page: (after: string) => ReturnType<DocumentStore['list']>) {
    this.#prefix = prefix
    this.#page = page
  }

  /** Whether all of it was read at once. */
  get isWhole(): boolean {
    return this.#ended
  }

  /** The first address that is not before this one; undefined where there is none. Never goes back. */
  async seek(target: string): Promise<string | undefined> {
    for (;;) {
      for (; this.#at < this.#addresses.length; this.#at++) {
        const address = this.#addresses[this.#at]
        if (address !== undefined && address >= target) return address
      }
      if (this.#ended) return undefined
      const last = this.#addresses.at(-1) ?? ''
      // Whatever is not before a text comes after that text without its last character.
      const from = this.#begun && last > target.slice(0, -1) ? last : target.slice(0, -1)
      const read = await this.#page(this.#prefix + from)
      const own = read.filter(({ key }) => key.startsWith(this.#prefix))
      this.#begun = true
      this.#ended = own.length < JOIN_PAGE
      this.#addresses = own.map(({ key }) => key.slice(this.#prefix.length))
      this.#at = 0
    }
  }
}
