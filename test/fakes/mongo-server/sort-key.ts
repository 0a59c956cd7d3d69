/**
 * A string for every value, so that strings compare as MongoDB compares the values: by type, then by content; numbers
 * across their types, strings and binary data by octets, documents field by field. Equal values have equal strings,
 * and each shows where it ends, so that strings of several values can be joined into one.
 */
import type { Binary, BSONRegExp, ObjectId, Timestamp } from 'bson'
import { type Doc, type TypeName, typeOf } from './document.ts'

const tags: Readonly<Record<TypeName, string>> = {
  minKey: '\x01',
  missing: '\x05',
  null: '\x05',
  number: '\x0a',
  string: '\x0f',
  object: '\x14',
  array: '\x19',
  binData: '\x1e',
  objectId: '\x23',
  bool: '\x28',
  date: '\x2d',
  timestamp: '\x2f',
  regex: '\x32',
  maxKey: '\x7f',
}

/** Of an array without elements, in an index. */
export const NO_ELEMENT = '\x03'

/** Joined to a key: above whatever key is joined to it, and below all keys that are above it alone. */
export const ABOVE = '\x80'

/** Values are compared by `$lt` and its like only with values whose keys begin alike. */
export const bracketOf = (key: string): string => key.slice(0, 1)

/** Above all keys of the bracket. */
export const afterBracket = (bracket: string): string => String.fromCharCode(bracket.charCodeAt(0) + 1)

export function sortKey(value: unknown): string {
  const type = typeOf(value)
  return tags[type] + contentOf(type, value)
}

function contentOf(type: TypeName, value: unknown): string {
  switch (type) {
    case 'number':
      return typeof value === 'bigint' ? integer(value) : double(Number(value)) + EXACTLY
    case 'string':
      return text(value as string)
    case 'object':
      return `${fields(value as Doc)}\0`
    case 'array':
      return `${(value as unknown[]).map(sortKey).join('')}\0`
    case 'binData':
      return octets(value as Binary)
    case 'objectId':
      return Buffer.from((value as ObjectId).id).toString('latin1')
    case 'bool':
      return value === true ? '\x02' : '\x01'
    case 'date':
      return double((value as Date).getTime())
    case 'timestamp':
      return BigInt.asUintN(64, (value as Timestamp).toBigInt())
        .toString(16)
        .padStart(16, '0')
    case 'regex':
      return text((value as BSONRegExp).pattern) + text((value as BSONRegExp).options)
    default:
      return ''
  }
}

const bits = new DataView(new ArrayBuffer(8))

/** Four code units whose order is that of the numbers; NaN is below all. */
function double(number: number): string {
  if (Number.isNaN(number)) return '\0\0\0\0'
  bits.setFloat64(0, number === 0 ? 0 : number)
  const negative = bits.getUint8(0) >= 0x80
  const unit = (index: number) => bits.getUint16(2 * index) ^ (negative ? 0xffff : index === 0 ? 0x8000 : 0)
  return String.fromCharCode(unit(0), unit(1), unit(2), unit(3))
}

const EXACTLY = '\u8000'

/** The nearest double, and how far it is from it: at most 1,024 in 64 bits. */
function integer(number: bigint): string {
  const nearest = Number(number)
  return double(nearest) + String.fromCharCode(0x8000 + Number(number - BigInt(nearest)))
}

/** Its octets in UTF-8, ended by a zero; a zero inside is followed by what no type begins with. */
function text(string: string): string {
  const plain = /^[\x01-\x7f]*$/.test(string)
  return `${plain ? string : Buffer.from(string, 'utf8').toString('latin1').replaceAll('\0', '\0\xff')}\0`
}

/** Shorter ones first, then by subtype. */
function octets(binary: Binary): string {
  const content = Buffer.from(binary.value()).toString('latin1')
  return double(content.length) + String.fromCharCode(binary.sub_type) + content
}

const fields = (document: Doc): string =>
  Object.entries(document)
    .map(([name, value]) => {
      const key = sortKey(value)
      return bracketOf(key) + text(name) + key.slice(1)
    })
    .join('')
