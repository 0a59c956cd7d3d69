import { type MailboxHead, type MailboxRow, StoreError } from '../port.ts'
import { releaseBlobs } from './blobs.ts'
import { type Database, number, optionalText, type Row, text } from './database.ts'

export function createMailbox(
  db: Database,
  account: string,
  name: string,
  options: { specialUse?: string; fixed?: boolean },
): MailboxRow {
  if (mailboxByName(db, account, name) !== undefined)
    throw new StoreError('MAILBOX_EXISTS', 'a mailbox of that name exists')
  // A counter over all mailboxes: a name that comes back never comes back with an old UIDVALIDITY. [RFC 9051 §2.3.1.1]
  db.run(`UPDATE counters SET value = value + 1 WHERE name = 'uid_validity'`)
  const validity = number(db.get(`SELECT value FROM counters WHERE name = 'uid_validity'`) ?? {}, 'value')
  db.run(
    'INSERT INTO mailboxes (account, name, special_use, fixed, uid_validity) VALUES (?, ?, ?, ?, ?)',
    account,
    name,
    options.specialUse ?? null,
    options.fixed === true ? 1 : 0,
    validity,
  )
  const made = mailboxByName(db, account, name)
  if (made === undefined) throw new StoreError('CORRUPT', 'a mailbox that was just made is not there')
  return made
}

export function deleteMailbox(db: Database, id: string, uidNext?: number): boolean {
  const known = uidNext ?? null
  if (
    db.run('DELETE FROM mailboxes WHERE id = ?1 AND uid_next = coalesce(?2, uid_next)', Number(id), known) !==
    1
  ) {
    if (db.get('SELECT 1 FROM mailboxes WHERE id = ?', Number(id)) !== undefined) return false
    throw new StoreError('NO_SUCH_MAILBOX', 'the mailbox is gone')
  }
  releaseBlobs(db, `mailbox/${id}`)
  return true
}

export function renameMailbox(db: Database, id: string, name: string): void {
  const row = db.get('SELECT account, name FROM mailboxes WHERE id = ?', Number(id))
  if (row === undefined) throw new StoreError('NO_SUCH_MAILBOX', 'the mailbox is gone')
  const account = text(row, 'account')
  const old = text(row, 'name')
  const all = listMailboxes(db, account)
  const moved = all.filter((box) => box.id === id || box.name.startsWith(`${old}/`))
  const renamed = new Map(moved.map((box) => [box.id, name + box.name.slice(old.length)]))
  const after = new Set(all.map((box) => renamed.get(box.id) ?? box.name))
  if (after.size < all.length || all.some((box) => box.name === name))
    throw new StoreError('MAILBOX_EXISTS', 'a mailbox of that name exists')
  // A tree that moves into itself, or out: the names it moves to are left first.
  const deepestFirst = name.length > old.length ? 1 : -1
  moved.sort((a, b) => deepestFirst * (b.name.length - a.name.length))
  for (const box of moved)
    db.run('UPDATE mailboxes SET name = ? WHERE id = ?', renamed.get(box.id) ?? box.name, Number(box.id))
}

const COLUMNS = 'id, account, name, special_use, fixed, uid_validity'

export const listMailboxes = (db: Database, account: string): MailboxRow[] =>
  db.all(`SELECT ${COLUMNS} FROM mailboxes WHERE account = ? ORDER BY name`, account).map(readMailbox)

export const mailboxByName = (db: Database, account: string, name: string): MailboxRow | undefined => {
  const row = db.get(`SELECT ${COLUMNS} FROM mailboxes WHERE account = ? AND name = ?`, account, name)
  return row && readMailbox(row)
}

export function subscribe(db: Database, account: string, name: string, subscribed: boolean): void {
  if (subscribed) db.run('INSERT OR IGNORE INTO subscriptions VALUES (?, ?)', account, name)
  else db.run('DELETE FROM subscriptions WHERE account = ? AND name = ?', account, name)
}

export const subscriptions = (db: Database, account: string): string[] =>
  db
    .all('SELECT name FROM subscriptions WHERE account = ? ORDER BY name', account)
    .map((row) => text(row, 'name'))

export const mailboxHead = (db: Database, id: string): MailboxHead | undefined => {
  const row = db.get('SELECT * FROM mailboxes WHERE id = ?', Number(id))
  return row && readHead(row)
}

export const readHead = (row: Row): MailboxHead => ({
  uidValidity: number(row, 'uid_validity'),
  uidNext: number(row, 'uid_next'),
  modseq: number(row, 'modseq'),
  exists: number(row, 'total'),
  unseen: number(row, 'unseen'),
  deleted: number(row, 'deleted'),
  bytes: number(row, 'bytes'),
})

export const readMailbox = (row: Row): MailboxRow => ({
  id: String(number(row, 'id')),
  account: text(row, 'account'),
  name: text(row, 'name'),
  specialUse: optionalText(row, 'special_use'),
  fixed: number(row, 'fixed') === 1,
  uidValidity: number(row, 'uid_validity'),
})
