import { command } from '../command.ts'
import { no } from '../failure.ts'
import { welcome } from '../log-in.ts'
import { decodeUtf8 } from '../mailbox-name.ts'

/** [RFC 9051 §6.2.3] */
export const login = command({
  name: 'LOGIN',
  state: 'not-authenticated',
  sync: 'nothing',
  parse: (cursor) => {
    cursor.space()
    const name = cursor.astring()
    cursor.space()
    return { name: decodeUtf8(name), password: decodeUtf8(cursor.astring()) }
  },
  run: async (session, { name, password }) => {
    // LOGINDISABLED: a password on an open line is everybody's. [RFC 9051 §6.2.3]
    if (!session.tls) throw no('PRIVACYREQUIRED', 'Once STARTTLS kullanin', 'Use STARTTLS first')
    if (session.byCertificate !== undefined)
      throw no('CANNOT', 'Burada yalniz sertifikayla girilir', 'Only a certificate logs in here')
    const { ip, parts } = session
    if (name === undefined || password === undefined) return welcome(session, { ok: false, reason: 'wrong' })
    return welcome(session, await parts.desk.check({ name, authzid: '', password, ip, service: 'imap' }))
  },
})
