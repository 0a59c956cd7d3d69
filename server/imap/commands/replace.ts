import type { MessageRow } from '../../../storage/port.ts'
import { CommandTail } from '../append/command-tail.ts'
import { Incoming } from '../append/incoming.ts'
import { openCommand } from '../command.ts'
import { bad, no } from '../failure.ts'
import { recordMail } from '../mail-record.ts'
import { refuseClientMessage } from '../origins.ts'
import { rootsOf, spaceLeft } from '../quota.ts'
import { rightFor } from '../rights.ts'
import type { Session } from '../session.ts'

/** A message in the place of another, in one write: what APPEND, STORE \Deleted and UID EXPUNGE may do. [RFC 8508 §3.4] */
export const replaceCommands = [false, true].map((byUid) =>
  openCommand({
    name: byUid ? 'UID REPLACE' : 'REPLACE',
    state: 'selected',
    sync: 'all',
    parse: (cursor) => {
      cursor.space()
      const number: number | '*' = cursor.take('*') ? '*' : cursor.nonZero()
      cursor.space()
      return { number, name: cursor.astring() }
    },
    run: async (session, { number, name }, cursor) => {
      const box = session.writableBox()
      const target = await session.target(session.name(name))
      const permit = () => {
        session.requireWritable()
        for (const permission of ['write', 'delete', rightFor(target.name)] as const)
          session.require(permission)
      }
      permit()
      refuseClientMessage(target)
      const replaced = await replacedBy(session, number, byUid)
      // What goes makes room for what comes.
      const freed = rootsOf(box.row).length === 0 ? 0 : replaced.size
      const room = (await spaceLeft(session, target)) + freed
      const tail = new CommandTail(session, cursor)
      await using incoming = new Incoming(session, tail, {
        target,
        room,
        command: byUid ? 'UID REPLACE' : 'REPLACE',
        permit,
      })
      await incoming.take()
      tail.cursor.end()
      const [message] = await incoming.messages()
      if (message === undefined) throw bad('A message is missing')
      await recordMail(session, 'mail deleted', [replaced])
      const { mailboxes } = session.parts.store
      const appended = await mailboxes.replace(box.row.id, replaced.uid, target.id, message)
      if (appended === undefined) throw gone()
      box.removed([replaced.uid])
      box.brought(target, [appended.uid])
      // Before the EXPUNGE, so that the client knows what came in its place. [RFC 8508 §4.3]
      session.out.untagged(`OK [APPENDUID ${target.uidValidity} ${appended.uid}] Replaced`)
      if (!session.enabled.condstore) return 'REPLACE done'
      await session.sync('all')
      return `[HIGHESTMODSEQ ${box.modseq}] REPLACE done`
    },
  }),
)

async function replacedBy(session: Session, number: number | '*', byUid: boolean): Promise<MessageRow> {
  const { uids, row } = session.box
  const isLast = number === '*' && uids.length > 0
  const uid = isLast ? uids.last : number === '*' ? 0 : byUid ? number : (uids.at(number - 1) ?? 0)
  if (session.box.sequenceOf(uid) === 0)
    throw no('NONEXISTENT', 'Boyle bir ileti yok', 'There is no such message')
  const [found] = await session.parts.store.mailboxes.rows(row.id, [uid])
  if (found === undefined) throw gone()
  return found
}

const gone = () =>
  no('EXPUNGEISSUED', 'Ileti artik yok, hicbir sey degismedi', 'The message is gone, nothing was replaced')
