import { type IntakeRow, type NewIntake, StoreError } from '../port.ts'
import { type InlineBlob, keepInline } from './blobs.ts'
import { type Database, number, optionalText, type Row, text } from './database.ts'
import { insertWork } from './work.ts'

export function accept(
  db: Database,
  intake: Omit<NewIntake, 'staged'>,
  inline: readonly InlineBlob[],
): { duplicateOf: string | undefined } {
  if (db.get('SELECT id FROM intakes WHERE id = ?', intake.id) !== undefined)
    return { duplicateOf: undefined }
  if (db.get('SELECT id FROM voided WHERE id = ?', intake.id) !== undefined)
    throw new StoreError('VOIDED', `intake ${intake.id} was given up`)
  if (intake.dedup !== undefined) {
    const earlier = db.get('SELECT id, at FROM intakes WHERE dedup = ?', intake.dedup.key)
    if (earlier !== undefined) {
      if (number(earlier, 'at') >= intake.dedup.notBefore) return { duplicateOf: text(earlier, 'id') }
      db.run('UPDATE intakes SET dedup = NULL WHERE id = ?', text(earlier, 'id'))
    }
  }
  keepInline(db, inline)
  db.run(
    'INSERT INTO intakes VALUES (?, ?, ?, ?, ?, ?, ?)',
    intake.id,
    intake.at,
    intake.dedup?.key ?? null,
    intake.body?.hash ?? null,
    intake.body?.size ?? null,
    intake.envelope.hash,
    intake.envelope.size,
  )
  for (const name of intake.names)
    db.run('INSERT OR IGNORE INTO names VALUES (?, ?, ?)', name, intake.at, intake.id)
  insertWork(db, [intake.first])
  return { duplicateOf: undefined }
}

export function voidIntake(db: Database, id: string): boolean {
  if (intake(db, id) !== undefined) return false
  db.run('INSERT OR IGNORE INTO voided VALUES (?)', id)
  return true
}

const COLUMNS = 'id, at, body, body_size, envelope, envelope_size'

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

const readIntake = (row: Row): IntakeRow => ({
  id: text(row, 'id'),
  at: number(row, 'at'),
  body: optionalRef(row),
  envelope: { hash: text(row, 'envelope'), size: number(row, 'envelope_size') },
})

const optionalRef = (row: Row) => {
  const hash = optionalText(row, 'body')
  return hash === undefined ? undefined : { hash, size: number(row, 'body_size') }
}
