import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Database } from '../../../storage/sqlite/database.ts'

/** What SQLite and we can say about a closed store: nothing half written, no reference that leads nowhere, sums that are sums. */
export async function checkSqlite(folder: string): Promise<void> {
  const incoming = await readdir(join(folder, 'blobs', 'incoming'))
  if (incoming.length > 0) throw new Error(`${incoming.length} staged files were left behind`)
  using db = new Database(join(folder, 'kep.db'), 'reader')
  for (const [promise, sql] of [
    ['the file is whole', `SELECT 1 FROM pragma_integrity_check WHERE integrity_check <> 'ok'`],
    ['references lead somewhere', 'SELECT 1 FROM pragma_foreign_key_check'],
    [
      'each blob that a row needs is kept by it',
      `SELECT 1 FROM (
         SELECT body AS hash, 'mailbox/' || mailbox AS keeper FROM messages
         UNION ALL SELECT body, 'intake/' || id FROM intakes WHERE body IS NOT NULL AND purged = 0
         UNION ALL SELECT envelope, 'archive' FROM intakes
         UNION ALL SELECT body, 'archive' FROM segments
       ) n LEFT JOIN kept k ON k.hash = n.hash AND k.keeper = n.keeper WHERE k.hash IS NULL`,
    ],
    [
      'what is kept is there, or damaged by the test',
      'SELECT 1 FROM kept WHERE hash IN (SELECT hash FROM unkept)',
    ],
    [
      'a mailbox keeps no more than its messages have',
      `SELECT 1 FROM kept WHERE keeper LIKE 'mailbox/%' AND NOT EXISTS (
         SELECT 1 FROM messages m WHERE m.mailbox = CAST(substr(keeper, 9) AS INTEGER) AND m.body = hash)`,
    ],
    [
      'each message has its index',
      'SELECT 1 FROM messages LEFT JOIN indexes USING (mailbox, uid) WHERE bytes IS NULL',
    ],
    ['each intake has its work', 'SELECT 1 FROM intakes WHERE id NOT IN (SELECT intake FROM work)'],
    [
      'counters are sums',
      `SELECT 1 FROM mailboxes b LEFT JOIN
         (SELECT mailbox, count(*) AS n, sum(flags & 1 = 0) AS unseen, sum(flags & 8 <> 0) AS deleted,
                 sum(size) AS bytes, max(uid) AS uid, max(modseq) AS modseq FROM messages GROUP BY mailbox) m
         ON m.mailbox = b.id
       WHERE b.total <> coalesce(m.n, 0) OR b.unseen <> coalesce(m.unseen, 0) OR b.deleted <> coalesce(m.deleted, 0)
          OR b.bytes <> coalesce(m.bytes, 0) OR b.uid_next <= coalesce(m.uid, 0) OR b.modseq < coalesce(m.modseq, 0)`,
    ],
  ] as const)
    if (db.all(sql).length > 0) throw new Error(`not kept: ${promise}`)
}
