import { command } from '../command.ts'
import { no } from '../failure.ts'
import { MAX_MAILBOXES } from '../limits.ts'
import { tellSpelling } from '../list-response.ts'
import { recordAct } from '../mail-record.ts'
import { checkNewName, parentsOf, SEPARATOR } from '../mailbox-name.ts'
import { refuseLikePipeline } from '../origins.ts'
import { rightFor } from '../rights.ts'

/** Names below go along. The provider's own mailboxes keep theirs. [RFC 9051 §6.3.6] */
export const rename = command({
  name: 'RENAME',
  state: 'authenticated',
  sync: 'all',
  parse: (cursor) => {
    cursor.space()
    const from = cursor.astring()
    cursor.space()
    return { from, to: cursor.astring() }
  },
  run: async (session, { from, to }) => {
    session.requireWritable()
    session.require('write')
    const row = await session.mailbox(session.name(from))
    const name = session.name(to)
    checkNewName(name)
    refuseLikePipeline(name)
    // What it holds leaves the one place and comes to the other.
    for (const place of [row.name, name]) session.require(rightFor(place))
    if (row.fixed) throw no('CANNOT', 'Bu kutunun adi degistirilemez', 'This mailbox cannot be renamed')
    if (name.startsWith(row.name + SEPARATOR))
      throw no('CANNOT', 'Bir kutu kendi altina tasinamaz', 'A mailbox cannot be moved below itself')
    const { mailboxes } = session.parts.store
    const rows = await mailboxes.list(session.account)
    const names = rows.map((box) => box.name)
    const known = new Set(names)
    const below = names.filter((other) => other.startsWith(row.name + SEPARATOR))
    // The names below must be free too, and short enough.
    for (const other of below) {
      const moved = name + other.slice(row.name.length)
      checkNewName(moved)
      if (known.has(moved)) throw no('ALREADYEXISTS', 'Bu adda bir kutu var', 'A mailbox of that name exists')
    }
    if (known.has(name)) throw no('ALREADYEXISTS', 'Bu adda bir kutu var', 'A mailbox of that name exists')
    const missing = parentsOf(name).filter((level) => !known.has(level))
    if (known.size + missing.length > MAX_MAILBOXES)
      throw no('LIMIT', 'Cok fazla kutu', 'There are too many mailboxes')
    await recordAct(session, 'mailbox renamed', { mailbox: row.name, to: name })
    for (const level of missing) {
      const made = await mailboxes.create(session.account, level, {})
      session.notifications?.changedByUs('mailbox', made.id)
    }
    await mailboxes.rename(row.id, name)
    for (const box of rows)
      if ((box.name + SEPARATOR).startsWith(row.name + SEPARATOR))
        session.notifications?.changedByUs('mailbox', box.id)
    session.parts.accountHints.tell(session.account)
    await tellSpelling(session, { ...row, name }, to)
    return 'RENAME done'
  },
})
