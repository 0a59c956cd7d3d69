/** What can go wrong with one command, and with which. All of it can be written as JSON. */
export type Fault =
  /** The connection is lost, and nothing was applied. */
  | { readonly kind: 'drop-before' }
  /** Applied, but the connection is lost before the answer. */
  | { readonly kind: 'drop-after' }
  | { readonly kind: 'delay'; readonly ms: number; readonly when?: 'before' | 'after' }
  /** The member is no longer the primary: NotWritablePrimary, with nothing applied. */
  | { readonly kind: 'not-primary-before' }
  /** The same answer, as of a fail-over right after the write: it was applied. */
  | { readonly kind: 'not-primary-after' }
  /** A write is applied twice, as if the server knew nothing of retried writes; what the second time says is discarded. */
  | { readonly kind: 'duplicate' }
  /** Applied, but not known to be on a majority of members. */
  | { readonly kind: 'write-concern-error'; readonly code?: 64 | 91 }
  /** Of several documents, updates or deletes only the first are applied, and the connection is lost. */
  | { readonly kind: 'partial'; readonly applied: number }
  /** The client's process ends here: nothing it sends from now on is taken, until it is revived. */
  | { readonly kind: 'die-before' }
  | { readonly kind: 'die-after' }

/** One command on its way. */
export interface Seen {
  /** The `appName` of the connection; '' where it has none. */
  readonly client: string
  readonly command: string
  readonly database: string
  /** '' where it is about none. */
  readonly collection: string
  /** insert, update, delete or findAndModify. */
  readonly isWrite: boolean
  /** Of the client's writes, from 1; 0 where it is none. */
  readonly nthWrite: number
  readonly body: Readonly<Record<string, unknown>>
}

/** What is left out is any. */
export interface Match {
  readonly client?: string
  readonly command?: string | readonly string[]
  readonly collection?: string
  readonly writes?: boolean
  readonly nthWrite?: number
}

export function matches(match: Match, seen: Seen): boolean {
  const commands = typeof match.command === 'string' ? [match.command] : match.command
  return (
    (match.client === undefined || match.client === seen.client) &&
    (commands === undefined || commands.includes(seen.command)) &&
    (match.collection === undefined || match.collection === seen.collection) &&
    (match.writes === undefined || match.writes === seen.isWrite) &&
    (match.nthWrite === undefined || match.nthWrite === seen.nthWrite)
  )
}
