/** Documents as the server holds them: what `bson` reads, and never changed once stored. */
import { type DeserializeOptions, deserialize } from 'bson'

export type Doc = Readonly<Record<string, unknown>>

/** 64-bit integers stay apart from doubles, binary data keeps its subtype, and patterns are not run as ours. */
const reading: DeserializeOptions = { useBigInt64: true, promoteBuffers: false, bsonRegExp: true }

export const readDocument = (octets: Uint8Array): Doc => deserialize(octets, reading)

/** The types that a value can have here, in the order in which MongoDB sorts them. */
export type TypeName =
  | 'minKey'
  | 'missing'
  | 'null'
  | 'number'
  | 'string'
  | 'object'
  | 'array'
  | 'binData'
  | 'objectId'
  | 'bool'
  | 'date'
  | 'timestamp'
  | 'regex'
  | 'maxKey'

const bsonTypes: Readonly<Record<string, TypeName>> = {
  MinKey: 'minKey',
  MaxKey: 'maxKey',
  Binary: 'binData',
  ObjectId: 'objectId',
  Timestamp: 'timestamp',
  BSONRegExp: 'regex',
  Decimal128: 'number',
}

export function typeOf(value: unknown): TypeName {
  switch (typeof value) {
    case 'undefined':
      return 'missing'
    case 'number':
    case 'bigint':
      return 'number'
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
  }
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (value instanceof Date) return 'date'
  const { _bsontype: bsonType } = value as { _bsontype?: unknown }
  if (bsonType === undefined) return 'object'
  const type = bsonTypes[String(bsonType)]
  if (type === undefined) throw new TypeError(`this server knows no values of the type ${bsonType}`)
  return type
}

export const isDoc = (value: unknown): value is Doc => typeOf(value) === 'object'

/** `{ $inc: … }` and the like, but not `{ a: 1 }`. */
export const isOperators = (value: unknown): value is Doc =>
  isDoc(value) && Object.keys(value)[0]?.startsWith('$') === true
