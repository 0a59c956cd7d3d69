import type { MailboxRow } from '../../../storage/port.ts'
import { command } from '../command.ts'
import type { Cursor } from '../cursor.ts'
import { bad, no } from '../failure.ts'
import { MAX_MAILBOXES } from '../limits.ts'
import { tellSpelling } from '../list-response.ts'
import { checkNewName, parentsOf, SEPARATOR } from '../mailbox-name.ts'
import { mailboxId } from '../object-id.ts'
import { refuseLikePipeline } from '../origins.ts'
import { rightFor } from '../rights.ts'

/** Makes the levels above too. [RFC 9051 §6.3.4] */
export const create = command({
  name: 'CREATE',
  state: 'authenticated',
  sync: 'all',
  parse: (cursor) => {
    cursor.space()
    const octets = cursor.astring()
    return { octets, uses: cursor.done ? [] : parseUses(cursor) }
  },
  run: async (session, { octets, uses }) => {
    session.requireWritable()
    session.require('write')
    const wanted = session.name(octets)
    // A separator at the end says that names below will follow.
    const name = wanted.endsWith(SEPARATOR) ? wanted.slice(0, -1) : wanted
    checkNewName(name)
    session.require(rightFor(name))
    refuseLikePipeline(name)
    const { mailboxes } = session.parts.store
    const rows = await mailboxes.list(session.account)
    const known = new Set(rows.map((row) => row.name))
    const [use] = uses
    const isTaken = rows.some(({ specialUse }) => specialUse !== undefined && uses.includes(specialUse))
    if (isTaken || uses.length > 1 || !uses.every((each) => USES.has(each)))
      throw no('USEATTR', 'Bu kullanim verilemez', 'No mailbox can be made for that use')
    if (known.has(name)) throw no('ALREADYEXISTS', 'Bu adda bir kutu var', 'A mailbox of that name exists')
    const missing = [...parentsOf(name), name].filter((level) => !known.has(level))
    if (known.size + missing.length > MAX_MAILBOXES)
      throw no('LIMIT', 'Cok fazla kutu', 'There are too many mailboxes')
    let made: MailboxRow | undefined
    for (const level of missing) {
      const specialUse = level === name && use !== undefined ? { specialUse: use } : {}
      made = await mailboxes.create(session.account, level, specialUse)
      session.notifications?.changedByUs('mailbox', made.id)
    }
    session.parts.accountHints.tell(session.account)
    if (made !== undefined) await tellSpelling(session, made, octets)
    return made === undefined ? 'CREATE done' : `[MAILBOXID (${mailboxId(made)})] CREATE done`
  },
})

/** The others the provider makes, or they would show messages of other mailboxes. [RFC 6154 §3] */
const USES: ReadonlySet<string> = new Set(['\\Junk'])

/** ` (USE (\Junk))`, also none; more than one is more than a mailbox has here. [RFC 6154 §6] */
function parseUses(cursor: Cursor): readonly string[] {
  cursor.space()
  cursor.expect('(')
  if (cursor.keyword() !== 'USE') throw bad('CREATE has no parameter but USE')
  cursor.space()
  const uses = cursor.list(() => {
    cursor.expect('\\')
    const name = cursor.atom().toLowerCase()
    return `\\${name.slice(0, 1).toUpperCase()}${name.slice(1)}`
  }, 'may be empty')
  cursor.expect(')')
  return [...new Set(uses)]
}
