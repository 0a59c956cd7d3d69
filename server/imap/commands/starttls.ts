import { command, noArguments } from '../command.ts'
import { bad } from '../failure.ts'

/** What the client learnt before TLS is void; the connection sees to octets sent too early. [RFC 9051 §6.2.1] */
export const starttls = command({
  name: 'STARTTLS',
  state: 'not-authenticated',
  sync: 'nothing',
  parse: noArguments,
  run: async (session) => {
    if (session.tls) throw bad('TLS is already there')
    session.next = 'start TLS'
    return 'Begin TLS now'
  },
})
