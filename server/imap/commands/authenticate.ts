import { command } from '../command.ts'
import { bad, Farewell, no } from '../failure.ts'
import { MAX_LINE_BEFORE_LOGIN } from '../limits.ts'
import { logIn, logInByCertificate } from '../log-in.ts'
import type { Session } from '../session.ts'

/** PLAIN and, on listeners of its own, EXTERNAL; with or without an initial response. [RFC 9051 §6.2.2] [RFC 4616 §2] [RFC 4959 §3] */
export const authenticate = command({
  name: 'AUTHENTICATE',
  state: 'not-authenticated',
  sync: 'nothing',
  parse: (cursor) => {
    cursor.space()
    const mechanism = cursor.keyword()
    if (cursor.done) return { mechanism, initial: undefined }
    cursor.space()
    const initial = cursor.text.slice(cursor.position)
    cursor.position = cursor.text.length
    return { mechanism, initial: initial === '=' ? '' : initial }
  },
  run: async (session, { mechanism, initial }) => {
    if (!session.tls) throw no('PRIVACYREQUIRED', 'Use STARTTLS first')
    if (mechanism === 'EXTERNAL') return logInByCertificate(session, decode(initial ?? (await ask(session))))
    if (mechanism !== 'PLAIN') throw no('CANNOT', 'There is no such mechanism')
    const [authzid, name, password, more] = decode(initial ?? (await ask(session))).split('\0')
    if (authzid === undefined || name === undefined || password === undefined || more !== undefined)
      throw bad('That is no answer of PLAIN')
    return logIn(session, { name, authzid, password })
  },
})

async function ask(session: Session): Promise<string> {
  session.out.raw('+ \r\n')
  const answer = await session.input.line(MAX_LINE_BEFORE_LOGIN)
  if (answer === undefined) throw new Farewell('The connection ended')
  if (answer === '*') throw bad('AUTHENTICATE was given up')
  return answer
}

function decode(base64: string): string {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw bad('That is not base64')
  return Buffer.from(base64, 'base64').toString('latin1')
}
