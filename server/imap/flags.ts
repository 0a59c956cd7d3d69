import { isHouseKeyword } from '../../mail/house-keywords.ts'
import type { Cursor } from './cursor.ts'
import { bad } from './failure.ts'
import { MAX_KEYWORD, MAX_KEYWORDS } from './limits.ts'

/** Flags that a client may set. [RFC 9051 §2.3.2] \Recent is the server's alone and passed over. */
const SYSTEM: ReadonlyMap<string, string> = new Map(
  ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft'].map((flag) => [flag.toLowerCase(), flag]),
)

export const SEEN = '\\Seen'
export const DELETED = '\\Deleted'

/**
 * Keywords of the provider are passed over like \Recent, as the standard has it for flags that PERMANENTFLAGS does not name:
 * who copies mail with its flags from elsewhere, or synchronizes them, must not fail for it. [RFC 9051 §7.1]
 */
export const flagList = (cursor: Cursor): string[] =>
  checked(cursor.list(() => flag(cursor), 'may be empty')).filter((name) => !isHouseKeyword(name))

export interface StoredFlags {
  readonly flags: readonly string[]
  /** Keywords were named that are the provider's: the client will not get what it believes. */
  readonly passedOver: boolean
}

/** With or without parentheses, as STORE takes them. */
export function flagsOfStore(cursor: Cursor): StoredFlags {
  const named = cursor.sees('(') ? cursor.list(() => flag(cursor), 'may be empty') : row(cursor)
  const flags = checked(named).filter((name) => !isHouseKeyword(name))
  return { flags, passedOver: named.some(isHouseKeyword) }
}

function row(cursor: Cursor): string[] {
  const named = [flag(cursor)]
  while (cursor.take(' ')) named.push(flag(cursor))
  return named
}

/** Those that clients set: only they are counted. */
export const keywordsIn = (flags: readonly string[]): string[] =>
  flags.filter((name) => !name.startsWith('\\') && !isHouseKeyword(name))

function flag(cursor: Cursor): string {
  if (!cursor.take('\\')) {
    const keyword = cursor.atom()
    if (keyword.length > MAX_KEYWORD) throw bad('A keyword is too long')
    return keyword
  }
  const name = `\\${cursor.atom()}`
  const known = SYSTEM.get(name.toLowerCase()) ?? (name.toLowerCase() === '\\recent' ? '' : undefined)
  if (known === undefined) throw bad('There is no such flag')
  return known
}

function checked(flags: readonly string[]): string[] {
  const found = flags.filter((name) => name !== '')
  if (found.length > MAX_KEYWORDS) throw bad('There are too many flags')
  return found
}
