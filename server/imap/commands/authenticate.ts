import { fromBase64 } from '../../sasl/base64.ts'
import { beginExchange } from '../../sasl/mechanisms.ts'
import { command } from '../command.ts'
import { bad, Farewell, no } from '../failure.ts'
import { MAX_LINE_BEFORE_LOGIN } from '../limits.ts'
import { welcome } from '../log-in.ts'
import type { Session } from '../session.ts'

/** With or without an initial response. [RFC 9051 §6.2.2] [RFC 4959 §3] */
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
    if (!session.tls) throw no('PRIVACYREQUIRED', 'Once STARTTLS kullanin', 'Use STARTTLS first')
    const exchange = beginExchange(mechanism, session.sasl)
    if (exchange === undefined) throw no('CANNOT', 'Boyle bir yontem yok', 'There is no such mechanism')
    let response = decoded(initial ?? (await ask(session, '')))
    for (;;) {
      const step = await exchange.step(response)
      if (step.kind === 'malformed') throw bad(step.why)
      if (step.kind === 'done') return welcome(session, step.result)
      response = decoded(await ask(session, Buffer.from(step.octets).toString('base64')))
    }
  },
})

async function ask(session: Session, challenge: string): Promise<string> {
  session.out.raw(`+ ${challenge}\r\n`)
  const answer = await session.input.line(MAX_LINE_BEFORE_LOGIN)
  if (answer === undefined) throw new Farewell('The connection ended')
  if (answer === '*') throw bad('AUTHENTICATE was given up')
  return answer
}

function decoded(base64: string): Buffer {
  const octets = fromBase64(base64)
  if (octets === undefined) throw bad('That is not base64')
  return octets
}
