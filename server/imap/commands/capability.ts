import { mechanismsOf } from '../../sasl/mechanisms.ts'
import { command, noArguments } from '../command.ts'
import type { Session } from '../session.ts'

/** What may be said before login; STARTTLS and LOGINDISABLED depend on the connection. */
const ALWAYS = 'IMAP4rev2 IMAP4rev1 SASL-IR LITERAL- ID ENABLE'
/** Nothing is listed that does not work; the first three lines are the base of [RFC 9051 §E]. */
const AFTER_LOGIN = [
  'NAMESPACE UNSELECT UIDPLUS ESEARCH SEARCHRES IDLE MOVE',
  'LIST-EXTENDED LIST-STATUS SPECIAL-USE BINARY STATUS=SIZE',
  'CHILDREN QUOTA QUOTA=RES-STORAGE',
  'CONDSTORE QRESYNC UIDONLY PARTIAL WITHIN OBJECTID SAVEDATE PREVIEW',
  'MULTIAPPEND REPLACE CATENATE UTF8=ACCEPT',
  'UIDBATCHES INPROGRESS MULTISEARCH CONTEXT=SEARCH CONTEXT=SORT SORT SORT=DISPLAY ESORT I18NLEVEL=1',
  'THREAD=ORDEREDSUBJECT THREAD=REFERENCES ACL RIGHTS=texk LIST-MYRIGHTS CREATE-SPECIAL-USE',
  // Which has all of METADATA-SERVER. [RFC 5464 §1]
  'METADATA LIST-METADATA NOTIFY',
].join(' ')

export function capabilities(session: Session): string {
  if (session.state !== 'not-authenticated')
    return `${ALWAYS} ${session.compressed ? '' : 'COMPRESS=DEFLATE '}${AFTER_LOGIN} APPENDLIMIT=${session.parts.limits.appendMax}`
  if (!session.tls) return `${ALWAYS} STARTTLS LOGINDISABLED`
  const listener = { offer: session.parts.sasl, byCertificate: session.byCertificate !== undefined }
  const mechanisms = mechanismsOf(listener).map((name) => `AUTH=${name}`)
  return [ALWAYS, ...mechanisms, ...(listener.byCertificate ? ['LOGINDISABLED'] : [])].join(' ')
}

/** [RFC 9051 §6.1.1] */
export const capability = command({
  name: 'CAPABILITY',
  state: 'any',
  sync: 'all',
  parse: noArguments,
  run: async (session) => {
    session.out.untagged(`CAPABILITY ${capabilities(session)}`)
    return 'That is what I can do'
  },
})
