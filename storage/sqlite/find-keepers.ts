import { globSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Database, number, text } from './database.ts'

/**
 * For stores of before keepers were written down: each file gets its row, and each blob the keepers that it must have had.
 * What only rows of work name is found by its hash in them; what nothing names is kept by the archive, as nothing was ever
 * removed then.
 */
export function findKeepers(db: Database, folder: string): void {
  for (const path of globSync('blobs/[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*', { cwd: folder })) {
    const name = basename(path)
    const { size } = statSync(join(folder, path))
    db.run('INSERT OR IGNORE INTO blobs (hash, size, file) VALUES (?, ?, ?)', name.slice(0, 64), size, name)
  }
  db.exec(`
    INSERT OR IGNORE INTO kept (hash, keeper) SELECT body, 'mailbox/' || mailbox FROM messages;
    INSERT OR IGNORE INTO kept (hash, keeper) SELECT body, 'intake/' || id FROM intakes WHERE body IS NOT NULL;
    INSERT OR IGNORE INTO kept (hash, keeper) SELECT envelope, 'archive' FROM intakes;
  `)
  let last = { intake: '', recipient: -1, slot: '' }
  for (;;) {
    const rows = db.all(
      'SELECT * FROM work WHERE (intake, recipient, slot) > (?, ?, ?) ORDER BY intake, recipient, slot LIMIT 1000',
      last.intake,
      last.recipient,
      last.slot,
    )
    for (const row of rows) keepNamed(db, text(row, 'intake'), text(row, 'payload'))
    const row = rows.at(-1)
    if (row === undefined) break
    last = { intake: text(row, 'intake'), recipient: number(row, 'recipient'), slot: text(row, 'slot') }
  }
  db.exec(`
    DELETE FROM kept WHERE hash NOT IN (SELECT hash FROM blobs);
    INSERT INTO kept (hash, keeper) SELECT hash, 'archive' FROM blobs WHERE hash NOT IN (SELECT hash FROM kept);
  `)
}

/** Whatever in a payload is the name of a blob that is there. */
function keepNamed(db: Database, intake: string, payload: string): void {
  for (const [hash] of payload.matchAll(/\b[0-9a-f]{64}\b/g))
    db.run(
      'INSERT OR IGNORE INTO kept (hash, keeper) SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM blobs WHERE hash = ?1)',
      hash,
      `intake/${intake}`,
    )
}
