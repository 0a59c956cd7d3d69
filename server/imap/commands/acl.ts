import { command, oneAstring } from '../command.ts'
import type { Cursor } from '../cursor.ts'
import { no } from '../failure.ts'
import { rightsIn } from '../rights.ts'
import { mailbox } from '../wire-text.ts'

/** What the person who asks may do there. [RFC 4314 §3.5] */
const myRights = command({
  name: 'MYRIGHTS',
  state: 'authenticated',
  sync: 'all',
  parse: oneAstring,
  run: async (session, octets) => {
    const row = await session.mailbox(session.name(octets))
    session.out.untagged(`MYRIGHTS ${mailbox(row.name, session.enabled.utf8)} ${rightsIn(session, row)}`)
    return 'MYRIGHTS done'
  },
})

/**
 * Rights are those of persons of the account (yetkili), given by whoever holds it and recorded there: nobody has the right `a`
 * that these commands ask for. [RFC 4314 §4]
 */
const administration = (
  [
    ['GETACL', 1],
    ['LISTRIGHTS', 2],
    ['DELETEACL', 2],
    ['SETACL', 3],
  ] as const
).map(([name, count]) =>
  command({
    name,
    state: 'authenticated',
    sync: 'all',
    parse: (cursor) => words(cursor, count)[0] ?? '',
    run: async (session, octets) => {
      await session.mailbox(session.name(octets))
      throw no('NOPERM', 'Yetkileri hesap sahibi verir', 'Rights are given by the holder of the account')
    },
  }),
)

function words(cursor: Cursor, count: number): string[] {
  const found: string[] = []
  for (let at = 0; at < count; at++) {
    cursor.space()
    found.push(cursor.astring())
  }
  return found
}

export const aclCommands = [myRights, ...administration]
