import { isHouseKeyword } from '../../mail/house-keywords.ts'
import type { Output } from './output.ts'

export const SYSTEM_FLAGS = '\\Answered \\Flagged \\Deleted \\Seen \\Draft'

/** A client must not make us keep more than any mailbox has; keywords beyond are shown all the same. */
const MAX_ANNOUNCED = 1_000

/**
 * Keywords of the selected mailbox that the client knows of: each is announced before it is first shown. [RFC 9051 §7.3.5] Those
 * of the provider are flags that stay, and none that a client can change. [RFC 9051 §7.1]
 */
export class ShownFlags {
  /** As PERMANENTFLAGS named them, without keywords; undefined where none can be changed. */
  readonly #permanent: string | undefined
  /** As written by the first who used them, by their lower case. */
  readonly #keywords: Map<string, string>

  /** @param known keywords of the mailbox that are announced from the start */
  constructor(permanent: string | undefined, known: readonly string[]) {
    this.#permanent = permanent
    this.#keywords = new Map(known.map((keyword) => [keyword.toLowerCase(), keyword]))
  }

  tell(out: Output): void {
    const keywords = [...this.#keywords.values()]
    const own = keywords.filter((keyword) => !isHouseKeyword(keyword))
    out.untagged(`FLAGS (${[SYSTEM_FLAGS, ...keywords].join(' ')})`)
    if (this.#permanent !== undefined)
      out.untagged(`OK [PERMANENTFLAGS (${[this.#permanent, ...own].join(' ')} \\*)] Flags that stay`)
  }

  /** Before a response that shows these flags. */
  announce(out: Output, flags: readonly string[]): void {
    let isNew = false
    for (const flag of flags) {
      if (flag.startsWith('\\') || this.#keywords.size === MAX_ANNOUNCED) continue
      const key = flag.toLowerCase()
      if (this.#keywords.has(key)) continue
      this.#keywords.set(key, flag)
      isNew = true
    }
    if (isNew) this.tell(out)
  }
}
