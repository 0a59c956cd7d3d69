import type { Cursor } from './cursor.ts'
import { bad } from './failure.ts'
import { MAX_KEYWORD, MAX_KEYWORDS } from './limits.ts'

/** Flags that a client may set. [RFC 9051 §2.3.2] \Recent is the server's alone and passed over. */
const SYSTEM: ReadonlyMap<string, string> = new Map(
  ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft'].map((flag) => [flag.toLowerCase(), flag]),
)

export const SEEN = '\\Seen'
export const DELETED = '\\Deleted'

export const flagList = (cursor: Cursor): string[] => checked(cursor.list(() => flag(cursor), 'may be empty'))

/** With or without parentheses, as STORE takes them. */
export function flagsOfStore(cursor: Cursor): string[] {
  if (cursor.sees('(')) return flagList(cursor)
  const flags = [flag(cursor)]
  while (cursor.take(' ')) flags.push(flag(cursor))
  return checked(flags)
}

export const keywordsIn = (flags: readonly string[]): string[] =>
  flags.filter((name) => !name.startsWith('\\'))

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
