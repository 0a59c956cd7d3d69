import { type NewWork, StoreError, type WorkKey, type WorkKind, type WorkRow } from '../port.ts'
import { MAX_PAYLOAD, WORK_KINDS } from '../port-work.ts'
import type { Named } from './collection.ts'
import { number, optionalText, type Row, text } from './fields.ts'

/** Above every number of recipients: padded to it, ids sort as numbers do. */
const DIGITS = 10

/** Sorts as (intake, recipient, slot): NUL is below every other character, and no id or slot contains one. */
export const workId = ({ intake, recipient, slot }: WorkKey): string =>
  `${intake}\0${String(recipient).padStart(DIGITS, '0')}\0${slot}`

/** All rows of an intake lie below it. */
export const afterAllOf = (intake: string): string => `${intake}\u0001`

export const newRow = (row: NewWork, by: string): Named => ({
  _id: workId(row),
  intake: row.intake,
  recipient: row.recipient,
  slot: row.slot,
  kind: row.kind,
  due: row.due,
  since: row.due,
  payload: row.payload,
  queue: row.queue ?? null,
  state: 'pending',
  attempts: 0,
  error: null,
  fence: 0,
  leaseMs: 0,
  retried: false,
  by,
  insertedBy: by,
})

export function checkPayload({ payload }: NewWork): void {
  const octets = Buffer.byteLength(payload)
  if (octets > MAX_PAYLOAD)
    throw new StoreError('TOO_LARGE_A_ROW', `payload of ${octets} octets: name a blob instead`)
}

export function readKind(name: string): WorkKind {
  const kind = WORK_KINDS.find((known) => known === name)
  if (kind === undefined) throw new StoreError('CORRUPT', `work of the unknown kind ${name}`)
  return kind
}

export function readState(name: string): WorkRow['state'] {
  if (name === 'pending' || name === 'done' || name === 'held') return name
  throw new StoreError('CORRUPT', `work in the unknown state ${name}`)
}

export const readWork = (row: Row): WorkRow => ({
  intake: text(row, 'intake'),
  recipient: number(row, 'recipient'),
  slot: text(row, 'slot'),
  kind: readKind(text(row, 'kind')),
  due: number(row, 'due'),
  since: number(row, 'since'),
  payload: text(row, 'payload'),
  state: readState(text(row, 'state')),
  attempts: number(row, 'attempts'),
  error: optionalText(row, 'error'),
  queue: optionalText(row, 'queue'),
})
