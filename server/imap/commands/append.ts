import { CommandTail } from '../append/command-tail.ts'
import { Incoming } from '../append/incoming.ts'
import { oneAstring, openCommand } from '../command.ts'
import { tellSpelling } from '../list-response.ts'
import { formatNumbers } from '../number-set.ts'
import { refuseClientMessage } from '../origins.ts'
import { spaceLeft } from '../quota.ts'
import { rightFor } from '../rights.ts'

/** One message or several, all or none. [RFC 9051 §6.3.12] [RFC 3502 §6.3.11] */
export const append = openCommand({
  name: 'APPEND',
  state: 'authenticated',
  sync: 'all',
  parse: oneAstring,
  run: async (session, name, cursor) => {
    session.requireWritable()
    const target = await session.target(session.name(name))
    const permit = () => {
      session.requireWritable()
      for (const permission of ['write', rightFor(target.name)] as const) session.require(permission)
    }
    permit()
    refuseClientMessage(target)
    const room = await spaceLeft(session, target)
    const tail = new CommandTail(session, cursor)
    await using incoming = new Incoming(session, tail, { target, room, command: 'APPEND', permit })
    do await incoming.take()
    while (!tail.cursor.done)
    const { mailboxes } = session.parts.store
    const appended = await mailboxes.appendAll(target.id, await incoming.messages())
    // As many as there were messages, in their order. [RFC 3502]
    const uids = appended.map(({ uid }) => uid)
    session.selected?.brought(target, uids)
    await tellSpelling(session, target, name)
    return `[APPENDUID ${target.uidValidity} ${formatNumbers(uids)}] APPEND done`
  },
})
