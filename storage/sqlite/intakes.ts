import type { Published } from '../blobs/staged.ts'
import { type BlobRef, type IntakeRow, type NewIntake, StoreError } from '../port.ts'
import { keepBlob, releaseBlobs } from './blobs.ts'
import { type Database, number, optionalText, type Row, text } from './database.ts'
import { insertWork } from './work.ts'

export function accept(
  db: Database,
  intake: Omit<NewIntake, 'staged'>,
  staged: readonly BlobRef[],
  brought: readonly Published[],
): { duplicateOf: string | undefined } {
  if (!insertIntake(db, intake)) {
    const known = whyNot(db, intake)
    if (known !== undefined) return known
    insertIntake(db, intake)
  }
  const byHash = new Map(brought.map((one) => [one.ref.hash, one]))
  if (intake.body !== undefined)
    keepBlob(db, intake.body, `intake/${intake.id}`, byHash.get(intake.body.hash))
  for (const ref of [intake.envelope, ...staged])
    if (ref.hash !== intake.body?.hash || ref === intake.envelope)
      keepBlob(db, ref, 'archive', byHash.get(ref.hash))
  for (const name of intake.names)
    db.run('INSERT OR IGNORE INTO names VALUES (?, ?, ?)', name, intake.at, intake.id)
  insertWork(db, [intake.first])
  return { duplicateOf: undefined }
}

/** False where the id is taken or given up, or the dedup key is taken: one statement for what nearly always happens. */
const insertIntake = (db: Database, { id, at, dedup, body, envelope }: Omit<NewIntake, 'staged'>): boolean =>
  db.run(
    `INSERT OR IGNORE INTO intakes (id, at, dedup, body, body_size, envelope, envelope_size)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS (SELECT 1 FROM voided WHERE id = ?1)`,
    id,
    at,
    dedup?.key ?? null,
    body?.hash ?? null,
    body?.size ?? null,
    envelope.hash,
    envelope.size,
  ) === 1

/** What there was instead; undefined where it was a dedup key that counts no more, and is free now. */
function whyNot(
  db: Database,
  { id, dedup }: Omit<NewIntake, 'staged'>,
): { duplicateOf: string | undefined } | undefined {
  if (db.get('SELECT id FROM intakes WHERE id = ?', id) !== undefined) return { duplicateOf: undefined }
  const earlier = dedup && db.get('SELECT id, at FROM intakes WHERE dedup = ?', dedup.key)
  if (earlier === undefined) throw new StoreError('VOIDED', `intake ${id} was given up`)
  if (number(earlier, 'at') >= (dedup?.notBefore ?? 0)) return { duplicateOf: text(earlier, 'id') }
  db.run('UPDATE intakes SET dedup = NULL WHERE id = ?', text(earlier, 'id'))
  return undefined
}

export function voidIntake(db: Database, id: string): boolean {
  if (intake(db, id) !== undefined) return false
  db.run('INSERT OR IGNORE INTO voided VALUES (?)', id)
  return true
}

const COLUMNS = 'id, at, body, body_size, envelope, envelope_size, purged'

export const intake = (db: Database, id: string): IntakeRow | undefined => {
  const row = db.get(`SELECT ${COLUMNS} FROM intakes WHERE id = ?`, id)
  return row && readIntake(row)
}

export const intakesNamed = (db: Database, name: string): IntakeRow[] =>
  db
    .all(
      'SELECT i.* FROM names n JOIN intakes i ON i.id = n.intake WHERE n.name = ? ORDER BY n.at DESC LIMIT 100',
      name,
    )
    .map(readIntake)

export const finished = (
  db: Database,
  before: number,
  after: { at: number; id: string } | undefined,
  limit: number,
): IntakeRow[] =>
  db
    .all(
      `SELECT ${COLUMNS} FROM intakes i WHERE purged = 0 AND at < ? AND (at, id) > (?, ?)
       AND NOT EXISTS (SELECT 1 FROM work w WHERE w.intake = i.id AND w.state <> 'done') ORDER BY at, id LIMIT ?`,
      before,
      after?.at ?? -1,
      after?.id ?? '',
      limit,
    )
    .map(readIntake)

export function purge(db: Database, id: string): boolean {
  if (db.get(`SELECT 1 FROM work WHERE intake = ? AND state <> 'done' LIMIT 1`, id) !== undefined)
    return false
  if (db.run('UPDATE intakes SET purged = 1 WHERE id = ?', id) === 0) return false
  releaseBlobs(db, `intake/${id}`)
  return true
}

const readIntake = (row: Row): IntakeRow => ({
  id: text(row, 'id'),
  at: number(row, 'at'),
  body: optionalRef(row),
  envelope: { hash: text(row, 'envelope'), size: number(row, 'envelope_size') },
  purged: number(row, 'purged') === 1,
})

const optionalRef = (row: Row) => {
  const hash = optionalText(row, 'body')
  return hash === undefined ? undefined : { hash, size: number(row, 'body_size') }
}
