import { string } from '../../../mail/imap-string.ts'
import { command, oneAstring } from '../command.ts'
import { no } from '../failure.ts'
import { quotaLine, ROOT, rootsOf } from '../quota.ts'
import { mailbox } from '../wire-text.ts'

/** [RFC 9208 §4.1.2] */
export const getQuota = command({
  name: 'GETQUOTA',
  state: 'authenticated',
  sync: 'all',
  parse: oneAstring,
  run: async (session, root) => {
    if (root !== ROOT) throw no('NONEXISTENT', 'Boyle bir kota koku yok', 'There is no such quota root')
    session.out.untagged(await quotaLine(session))
    return 'GETQUOTA done'
  },
})

/** [RFC 9208 §4.1.3] */
export const getQuotaRoot = command({
  name: 'GETQUOTAROOT',
  state: 'authenticated',
  sync: 'all',
  parse: oneAstring,
  run: async (session, octets) => {
    const row = await session.mailbox(session.name(octets))
    const roots = rootsOf(row)
    session.out.untagged(
      ['QUOTAROOT', mailbox(row.name, session.enabled.utf8), ...roots.map(string)].join(' '),
    )
    if (roots.length > 0) session.out.untagged(await quotaLine(session))
    return 'GETQUOTAROOT done'
  },
})
