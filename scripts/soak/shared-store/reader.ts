import { createHash } from 'node:crypto'
import { INBOX } from '../../../server/accounts/standard-mailboxes.ts'
import { type ClientParts, inSessions, lines, uidsIn } from './client-parts.ts'
import { FOLDERS } from './provider.ts'
import { rest } from './weather.ts'

const PAUSE_MS = { least: 100, most: 800 }
/** In one session, then another machine is asked. */
const READS = 8

/** Fetches bodies, the same one again and again, from any machine. */
export function read(parts: ClientParts, account: string): Promise<void> {
  const { chance, history, findings, over } = parts
  return inSessions(parts, account, async (session) => {
    const box = chance.one([INBOX, INBOX, ...FOLDERS])
    await lines(session, `SELECT ${box}`)
    const uids = await uidsIn(session)
    for (let time = 0; time < READS && uids.length > 0 && !over.aborted; time++) {
      const uid = chance.one(uids)
      const { status, literals } = await session.command(`UID FETCH ${uid} (BODY.PEEK[])`)
      const [body] = literals
      if (status !== 'OK' || body === undefined) continue
      const hash = createHash('sha256').update(body).digest('hex')
      const isSame = history.read({ account, box, uid }, hash)
      findings.expect(isSame, 'otherBodies', () => `${account} ${box} UID ${uid}`)
      await rest(chance.between(PAUSE_MS.least, PAUSE_MS.most), over)
    }
  })
}
