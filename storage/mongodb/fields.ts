import { Binary } from 'mongodb'
import { StoreError } from '../port.ts'

/** A document as the driver gives it: nothing is believed of it before a reader below was asked. */
export type Row = Record<string, unknown>

/** Readers of fields: one that is not of its type means that the document is not ours. */
const corrupt = (field: string, what: string) => new StoreError('CORRUPT', `the field ${field} ${what}`)

export const text = (row: Row, field: string): string => {
  const value = row[field]
  if (typeof value !== 'string') throw corrupt(field, 'is not text')
  return value
}
export const optionalText = (row: Row, field: string): string | undefined =>
  row[field] === null || row[field] === undefined ? undefined : text(row, field)
export const number = (row: Row, field: string): number => {
  const value = row[field]
  if (typeof value !== 'number') throw corrupt(field, 'is not a number')
  return value
}
export const optionalNumber = (row: Row, field: string): number | undefined =>
  row[field] === null || row[field] === undefined ? undefined : number(row, field)
export const bytes = (row: Row, field: string): Uint8Array => {
  const value = row[field]
  if (value instanceof Uint8Array) return value
  if (value instanceof Binary) return value.buffer.subarray(0, value.position)
  throw corrupt(field, 'holds no octets')
}
export const texts = (row: Row, field: string): string[] => {
  const value = row[field]
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string'))
    throw corrupt(field, 'is no list of texts')
  return value
}
export const rows = (row: Row, field: string): Row[] => {
  const value = row[field]
  if (!Array.isArray(value)) throw corrupt(field, 'is no list')
  return value.map((one) => asRow(one, field))
}
export const optionalRow = (row: Row, field: string): Row | undefined =>
  row[field] === null || row[field] === undefined ? undefined : asRow(row[field], field)
export const child = (row: Row, field: string): Row => asRow(row[field], field)

function asRow(value: unknown, field: string): Row {
  if (typeof value !== 'object' || value === null) throw corrupt(field, 'is no document')
  return value as Row
}
