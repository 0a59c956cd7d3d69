import { command } from '../command.ts'
import { no } from '../failure.ts'
import { logIn } from '../log-in.ts'

/** [RFC 9051 §6.2.3] */
export const login = command({
  name: 'LOGIN',
  state: 'not-authenticated',
  sync: 'nothing',
  parse: (cursor) => {
    cursor.space()
    const name = cursor.astring()
    cursor.space()
    return { name, password: cursor.astring() }
  },
  run: (session, { name, password }) => {
    // LOGINDISABLED: a password on an open line is everybody's. [RFC 9051 §6.2.3]
    if (!session.tls) throw no('PRIVACYREQUIRED', 'Use STARTTLS first')
    return logIn(session, { name, authzid: '', password })
  },
})
