import type { BlobRef, IntakeRow, NewIntake, NewWork } from '../port.ts'
import type { Named } from './collection.ts'
import { number, optionalNumber, optionalRow, optionalText, type Row, text } from './fields.ts'
import { readKind } from './work-rows.ts'

/** No document of it is without a dedup key, so that the unique index needs no condition: one without has its own id there. */
const keyed = (key: string) => `key/${key}`
export const unkeyed = (id: string) => `id/${id}`

export function intakeDocument({
  id,
  at,
  dedup,
  body,
  envelope,
  names,
  first,
}: Omit<NewIntake, 'staged'>): Named {
  return {
    _id: id,
    at,
    dedup: dedup === undefined ? unkeyed(id) : keyed(dedup.key),
    body: body === undefined ? null : { ...body },
    envelope: { ...envelope },
    names: [...new Set(names)],
    purged: false,
    first: { ...first, queue: first.queue ?? null },
    unfinished: true,
  }
}

/** What a copy brings, its first work by itself. */
export const restoredIntake = (
  intake: Omit<NewIntake, 'staged' | 'first' | 'dedup'> & { dedup: string | undefined; purged: boolean },
): Named => ({
  _id: intake.id,
  at: intake.at,
  dedup: intake.dedup === undefined ? unkeyed(intake.id) : keyed(intake.dedup),
  body: intake.body === undefined ? null : { ...intake.body },
  envelope: { ...intake.envelope },
  names: [...intake.names],
  purged: intake.purged,
})

export const voidedIntake = (id: string): Named => ({ _id: id, voided: true, dedup: unkeyed(id) })

export const dedupOf = (row: Row): string | undefined => {
  const dedup = text(row, 'dedup')
  return dedup.startsWith('key/') ? dedup.slice('key/'.length) : undefined
}

export const readRef = (row: Row): BlobRef => ({ hash: text(row, 'hash'), size: number(row, 'size') })

export const readIntake = (row: Row): IntakeRow => {
  const body = optionalRow(row, 'body')
  return {
    id: text(row, '_id'),
    at: number(row, 'at'),
    body: body && readRef(body),
    envelope: readRef(optionalRow(row, 'envelope') ?? {}),
    purged: row['purged'] === true,
  }
}

export function readFirst(row: Row): NewWork | undefined {
  const first = optionalRow(row, 'first')
  return (
    first && {
      intake: text(first, 'intake'),
      recipient: number(first, 'recipient'),
      slot: text(first, 'slot'),
      kind: readKind(text(first, 'kind')),
      due: optionalNumber(first, 'due') ?? 0,
      payload: text(first, 'payload'),
      queue: optionalText(first, 'queue'),
    }
  )
}
