import type { Cursor } from '../cursor.ts'
import { parseDateTime } from '../dates.ts'
import { flagList } from '../flags.ts'

/** What stands before the octets of a message. */
export interface MessageOptions {
  readonly flags: readonly string[]
  /** ms. */
  readonly date: number | undefined
}

/** ` [(flags) ]["date" ]`, up to the message itself. [RFC 9051 §6.3.12] */
export function messageOptions(cursor: Cursor): MessageOptions {
  cursor.space()
  const flags = cursor.sees('(') ? flagList(cursor) : undefined
  if (flags !== undefined) cursor.space()
  const date = cursor.sees('"') ? parseDateTime(cursor.string()) : undefined
  if (date !== undefined) cursor.space()
  return { flags: flags ?? [], date }
}
