import type { IntakeRow, NewIntake } from '../port.ts'
import { keepInline } from './blobs.ts'
import { type Database, number, type Row, text } from './database.ts'
import { insertWork } from './work.ts'

export function accept(db: Database, intake: NewIntake): { duplicateOf: string | undefined } {
  if (intake.dedup !== undefined) {
    const earlier = db.get('SELECT id, at FROM intakes WHERE dedup = ?', intake.dedup.key)
    if (earlier !== undefined) {
      if (number(earlier, 'at') >= intake.dedup.notBefore) return { duplicateOf: text(earlier, 'id') }
      db.run('UPDATE intakes SET dedup = NULL WHERE id = ?', text(earlier, 'id'))
    }
  }
  keepInline(db, intake.staged)
  db.run(
    'INSERT INTO intakes VALUES (?, ?, ?, ?, ?, ?, ?)',
    intake.id,
    intake.at,
    intake.dedup?.key ?? null,
    intake.body.hash,
    intake.body.size,
    intake.envelope.hash,
    intake.envelope.size,
  )
  for (const name of intake.names)
    db.run('INSERT OR IGNORE INTO names VALUES (?, ?, ?)', name, intake.at, intake.id)
  insertWork(db, [intake.first])
  return { duplicateOf: undefined }
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
  body: { hash: text(row, 'body'), size: number(row, 'body_size') },
  envelope: { hash: text(row, 'envelope'), size: number(row, 'envelope_size') },
})
