import type { Published } from '../blobs/staged.ts'
import { DELETED, parseFlags, SEEN } from '../flags.ts'
import type { Appended, BlobRef, NewMessage } from '../port.ts'
import { keepBlob } from './blobs.ts'
import { type Database, number, type Row } from './database.ts'
import { insertIndex } from './indexes.ts'
import { boxOf, count, insertMessage, messageRow, remove } from './messages.ts'

/** A message as it comes to the writer: of what was staged for it, the names. */
export interface WrittenMessage extends Omit<NewMessage, 'staged'> {
  readonly staged: readonly BlobRef[]
}

export function append(
  db: Database,
  mailbox: string,
  messages: readonly WrittenMessage[],
  brought: readonly Published[],
): Appended[] {
  const id = Number(mailbox)
  const modseq = boxOf(db, id).modseq + 1
  return messages.map((message) => appendOne(db, id, message, modseq, brought))
}

/** With the modseq of the change that it is part of. */
function appendOne(
  db: Database,
  id: number,
  { staged, ...message }: WrittenMessage,
  modseq: number,
  brought: readonly Published[],
): Appended {
  const box = boxOf(db, id)
  const known =
    byOperation(db, id, message.opId) ??
    (message.joinKey === undefined
      ? undefined
      : db.get('SELECT uid, modseq FROM messages WHERE mailbox = ? AND join_key = ?', id, message.joinKey))
  if (known !== undefined) return alreadyThere(box, known)
  const broughtFor = ({ hash }: BlobRef) => brought.find((one) => one.ref.hash === hash)
  keepBlob(db, message.body, `mailbox/${id}`, broughtFor(message.body))
  for (const ref of staged) if (ref.hash !== message.body.hash) keepBlob(db, ref, 'archive', broughtFor(ref))
  const flags = parseFlags(message.flags)
  const uid = box.uidNext
  insertMessage(db, id, {
    uid,
    modseq,
    flags: flags.bits,
    keywords: flags.keywords.join(' '),
    size: message.body.size,
    date: message.date,
    saved: message.saved,
    body: message.body.hash,
    body_size: message.body.size,
    origin: message.origin,
    delivery: message.delivery === undefined ? null : JSON.stringify(message.delivery),
    op_id: message.opId,
    join_key: message.joinKey ?? null,
  })
  insertIndex(db, id, uid, message.index)
  count(db, id, {
    modseq,
    uidNext: uid + 1,
    total: 1,
    unseen: (flags.bits & SEEN) === 0 ? 1 : 0,
    deleted: (flags.bits & DELETED) === 0 ? 0 : 1,
    bytes: message.body.size,
  })
  return { uid, uidValidity: box.validity, modseq, added: true }
}

/** A tombstone too: what was expunged does not come back when its append is repeated. */
const byOperation = (db: Database, id: number, opId: string): Row | undefined =>
  db.get('SELECT uid, modseq FROM messages WHERE mailbox = ? AND op_id = ?', id, opId) ??
  db.get('SELECT uid, modseq FROM vanished WHERE mailbox = ? AND op_id = ?', id, opId)

const alreadyThere = ({ validity }: { validity: number }, known: Row): Appended => ({
  uid: number(known, 'uid'),
  uidValidity: validity,
  modseq: number(known, 'modseq'),
  added: false,
})

export function replace(
  db: Database,
  from: string,
  uid: number,
  to: string,
  message: WrittenMessage,
  brought: readonly Published[],
): Appended | undefined {
  const [source, target] = [Number(from), Number(to)]
  const modseq = boxOf(db, source).modseq + 1
  const box = boxOf(db, target)
  const known = byOperation(db, target, message.opId)
  if (known !== undefined) return alreadyThere(box, known)
  if (messageRow(db, source, uid) === undefined) return undefined
  // What goes joins nothing any more; it goes second, so that octets which both have are kept all the time.
  db.run('UPDATE messages SET join_key = NULL WHERE mailbox = ? AND uid = ?', source, uid)
  const appended = appendOne(db, target, message, box.modseq + 1, brought)
  remove(db, source, modseq, [uid], () => true)
  return appended
}
