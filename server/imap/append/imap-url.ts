import { Cursor } from '../cursor.ts'
import { CommandError } from '../failure.ts'
import { type Partial, parseSection, type Section, WHOLE } from '../fetch/items.ts'
import { nameFromWire } from '../mailbox-name.ts'

/** A message of this account, or a part of one, as a relative URL names it. [RFC 5092 §11] */
export interface MessageUrl {
  /** undefined for the selected one. */
  readonly mailbox: string | undefined
  readonly uidValidity: number | undefined
  readonly uid: number
  readonly section: Section
  readonly partial: Partial | undefined
}

/** A longer one names nothing that we have: names, numbers and sections are bounded. */
const MAX_URL = 4_096
const MAX_UINT32 = 0xffff_ffff

/**
 * `/mailbox;UIDVALIDITY=1/;UID=2/;SECTION=1.2/;PARTIAL=0.10`, or `;UID=2…` in the selected mailbox; undefined for anything
 * else, above all for what names a server or a user: it is outside of what is catenated. [RFC 4469 §3]
 */
export function parseMessageUrl(url: string): MessageUrl | undefined {
  if (url.length > MAX_URL || !/^(?:\/(?!\/)[^;]+)?;/.test(url)) return undefined
  const [path = '', ...parameters] = url.split(';')
  const values = valuesOf(parameters)
  if (values === undefined) return undefined
  const mailbox = path === '' ? undefined : nameIn(path, values.has('UIDVALIDITY'))
  if (path === '' ? values.has('UIDVALIDITY') : mailbox === undefined) return undefined
  const uid = numberIn(values.get('UID') ?? '')
  const uidValidity = values.has('UIDVALIDITY') ? numberIn(values.get('UIDVALIDITY') ?? '') : undefined
  const section = values.has('SECTION') ? sectionIn(values.get('SECTION') ?? '') : WHOLE
  const partial = values.has('PARTIAL') ? partialIn(values.get('PARTIAL') ?? '') : undefined
  if (uid === undefined || section === undefined) return undefined
  if (uidValidity === undefined && values.has('UIDVALIDITY')) return undefined
  if (partial === undefined && values.has('PARTIAL')) return undefined
  return { mailbox, uidValidity, uid, section, partial }
}

const ORDER = ['UIDVALIDITY', 'UID', 'SECTION', 'PARTIAL']

/** Each at most once and in order; all but the last end with a slash. */
function valuesOf(parameters: readonly string[]): ReadonlyMap<string, string> | undefined {
  const values = new Map<string, string>()
  let last = -1
  for (const [index, parameter] of parameters.entries()) {
    const read = /^([A-Za-z]{1,20})=(.+)$/s.exec(parameter)
    const name = read?.[1]?.toUpperCase() ?? ''
    const order = ORDER.indexOf(name)
    if (order <= last) return undefined
    last = order
    const isEnd = index === parameters.length - 1
    const value = read?.[2] ?? ''
    if (!isEnd && !value.endsWith('/')) return undefined
    values.set(name, isEnd ? value : value.slice(0, -1))
  }
  return values
}

/** Before `;UIDVALIDITY` the name ends by itself, before `;UID` with a slash. */
function nameIn(path: string, hasValidity: boolean): string | undefined {
  if (!hasValidity && !path.endsWith('/')) return undefined
  const octets = percentDecoded(path.slice(1, hasValidity ? path.length : -1))
  return octets === undefined || octets === '' ? undefined : unlessRefused(() => nameFromWire(octets, true))
}

function numberIn(text: string): number | undefined {
  const number = /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : 0
  return number === 0 || number > MAX_UINT32 ? undefined : number
}

function sectionIn(text: string): Section | undefined {
  const octets = percentDecoded(text)
  if (octets === undefined || octets === '') return undefined
  return unlessRefused(() => {
    const cursor = new Cursor(`[${octets}]`)
    const section = parseSection(cursor, false)
    cursor.end()
    return section
  })
}

/** `start` or `start.count`. [RFC 5092 §11] */
function partialIn(text: string): Partial | undefined {
  const read = /^([0-9]{1,15})(?:\.([1-9][0-9]{0,14}))?$/.exec(text)
  return read === null
    ? undefined
    : { start: Number(read[1]), count: read[2] === undefined ? Number.MAX_SAFE_INTEGER : Number(read[2]) }
}

/** One char per octet; undefined where it is not made of the characters of a URL, or hides a control character. */
function percentDecoded(text: string): string | undefined {
  if (!/^(?:[A-Za-z0-9._~!$'()*+,:@/&=-]|%[0-9A-Fa-f]{2})*$/.test(text)) return undefined
  const octets = text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return /[\x00-\x1f\x7f]/.test(octets) ? undefined : octets
}

function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof CommandError) return undefined
    throw error
  }
}
