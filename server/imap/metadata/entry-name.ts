import { bad } from '../failure.ts'

/** Octets of a name; clients of several kinds stay below a hundred. */
const MAX_ENTRY_NAME = 255

/** Whose the value is: the account's, or the person's who set it. [RFC 5464 §3.3] */
export type Scope = 'shared' | 'private'

export interface EntryName {
  /** Lower case: names compare without it. [RFC 5464 §3.2] */
  readonly key: string
  /** As the client wrote it. */
  readonly shown: string
  readonly scope: Scope
}

/** Throws BAD where no entry can have this name. [RFC 5464 §3.2] */
export function entryName(octets: string): EntryName {
  if (octets.length > MAX_ENTRY_NAME) throw bad('The name of an entry is too long')
  if (!/^(?:\/[\x20-\x24\x26-\x29\x2b-\x2e\x30-\x7e]+)+$/.test(octets))
    throw bad('That is no name of an entry')
  const key = octets.toLowerCase()
  const [, top] = key.split('/', 2)
  if (top !== 'shared' && top !== 'private') throw bad('Entries are below /shared or /private')
  return { key, shown: octets, scope: top }
}

/** How many levels `key` lies below the other; undefined where it does not. */
export function levelsBelow(key: string, top: string): number | undefined {
  if (key === top) return 0
  return key.startsWith(`${top}/`) ? key.slice(top.length + 1).split('/').length : undefined
}
