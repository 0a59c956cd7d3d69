import { readAddressList } from '../../../mail/address-list.ts'
import { decodeHeaderText } from '../../../mail/encoded-word.ts'
import type { MimeEnvelope } from '../../../mail/mime-part.ts'
import { inCodePointOrder, unicodeCasemap } from '../../../mail/unicode-casemap.ts'
import type { Cursor } from '../cursor.ts'
import { instantOfDateField } from '../dates.ts'
import { bad } from '../failure.ts'
import { type Lasting, octetsOfText, ownText } from '../search/lasting.ts'
import type { SearchedMessage } from '../search/searched-message.ts'
import { baseSubject } from './base-subject.ts'

/** What a message is sorted by; numbers and texts are never mixed under one key. */
export type SortValue = number | string

export interface SortKey {
  readonly reverse: boolean
  readonly value: Lasting<SortValue>
}

/** More are nobody's wish; each is a value kept for each message. */
const MAX_KEYS = 20

type Worked = SortValue | Promise<SortValue>

/**
 * A mebibyte of header may be one subject, which mapping makes nine times as large and whose prefixes take the square of it to find;
 * nobody reads on to see what comes first.
 */
const MAX_SORTED = 2_000

const sortedPart = (text: string): string => text.slice(0, MAX_SORTED)

const lasting = (name: string, of: (message: SearchedMessage) => Worked): Lasting<SortValue> => ({
  name: `sort ${name}`,
  of: async (message) => {
    const value = await of(message)
    return typeof value === 'string' ? ownText(inCodePointOrder(unicodeCasemap(sortedPart(value)))) : value
  },
  octets: (value) => (typeof value === 'string' ? octetsOfText(value) : 0),
})

const address =
  (field: 'from' | 'to' | 'cc', shown: 'local' | 'display') =>
  async (message: SearchedMessage): Promise<string> =>
    firstAddress((await message.envelope())[field], shown)

/** [RFC 5256 §3], DISPLAYFROM and DISPLAYTO of [RFC 5957 §3] */
const VALUES: ReadonlyMap<string, Lasting<SortValue>> = new Map(
  (
    [
      ['ARRIVAL', ({ row }) => row.date],
      ['SIZE', ({ row }) => row.size],
      ['DATE', async (message) => sentAt(message, await message.envelope())],
      ['SUBJECT', async (message) => subjectOf(await message.envelope()).text],
      ['FROM', address('from', 'local')],
      ['TO', address('to', 'local')],
      ['CC', address('cc', 'local')],
      ['DISPLAYFROM', address('from', 'display')],
      ['DISPLAYTO', address('to', 'display')],
    ] satisfies [string, (message: SearchedMessage) => Worked][]
  ).map(([name, of]) => [name, lasting(name, of)]),
)

/** `([REVERSE] key …)` */
export function parseSortKeys(cursor: Cursor): readonly SortKey[] {
  const keys = cursor.list(() => {
    let name = cursor.keyword()
    const reverse = name === 'REVERSE'
    if (reverse) {
      cursor.space()
      name = cursor.keyword()
    }
    const value = VALUES.get(name)
    if (value === undefined) throw bad('There is no such sort key')
    return { reverse, value }
  }, 'has items')
  if (keys.length > MAX_KEYS) throw bad('There are too many sort keys')
  return keys
}

/** When it was sent, to the second and in UTC; when it came where the field cannot be read. [RFC 5256 §2.2] */
export const sentAt = ({ row }: SearchedMessage, { date }: MimeEnvelope): number =>
  (date === undefined ? undefined : instantOfDateField(date)) ?? row.date

export const subjectOf = ({ subject }: MimeEnvelope): ReturnType<typeof baseSubject> =>
  baseSubject(sortedPart(decodeHeaderText(subject ?? '')))

/** A group is named as its envelope names it first, and what is no address at all as it stands. */
function firstAddress(value: string | undefined, shown: 'local' | 'display'): string {
  if (value === undefined) return ''
  const field = value.slice(0, MAX_FIELD)
  const [first] = readAddressList(field).items
  if (first === undefined) return decodeHeaderText(field.trim())
  if (first.kind === 'group') return decodeHeaderText(first.name)
  const { local, domain } = first.mailbox
  if (shown === 'local') return decodeHeaderText(local)
  const name = first.mailbox.name ?? first.mailbox.comment ?? ''
  return name === '' ? `${local}@${domain}` : decodeHeaderText(name)
}

/** The first address stands well within it. */
const MAX_FIELD = 4_096
