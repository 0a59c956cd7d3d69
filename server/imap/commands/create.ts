import type { MailboxRow } from '../../../storage/port.ts'
import { command } from '../command.ts'
import { no } from '../failure.ts'
import { MAX_MAILBOXES } from '../limits.ts'
import { checkNewName, parentsOf, SEPARATOR } from '../mailbox-name.ts'
import { mailboxId } from '../object-id.ts'
import { refuseBelowPipeline } from '../origins.ts'
import { rightFor } from '../rights.ts'

/** Makes the levels above too. [RFC 9051 §6.3.4] */
export const create = command({
  name: 'CREATE',
  state: 'authenticated',
  sync: 'all',
  parse: (cursor) => {
    cursor.space()
    return cursor.astring()
  },
  run: async (session, octets) => {
    session.requireWritable()
    session.require('write')
    const wanted = session.name(octets)
    // A separator at the end says that names below will follow.
    const name = wanted.endsWith(SEPARATOR) ? wanted.slice(0, -1) : wanted
    checkNewName(name)
    session.require(rightFor(name))
    refuseBelowPipeline(name)
    const { mailboxes } = session.parts.store
    const known = new Set((await mailboxes.list(session.account)).map((row) => row.name))
    if (known.has(name)) throw no('ALREADYEXISTS', 'A mailbox of that name exists')
    const missing = [...parentsOf(name), name].filter((level) => !known.has(level))
    if (known.size + missing.length > MAX_MAILBOXES) throw no('LIMIT', 'There are too many mailboxes')
    let made: MailboxRow | undefined
    for (const level of missing) made = await mailboxes.create(session.account, level, {})
    return made === undefined ? 'CREATE done' : `[MAILBOXID (${mailboxId(made)})] CREATE done`
  },
})
