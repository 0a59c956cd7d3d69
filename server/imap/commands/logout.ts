import { command, noArguments } from '../command.ts'

/** [RFC 9051 §6.1.3] */
export const logout = command({
  name: 'LOGOUT',
  state: 'any',
  sync: 'nothing',
  parse: noArguments,
  run: async (session) => {
    session.out.untagged('BYE Hosca kalin / Good bye')
    session.next = 'end'
    return 'LOGOUT done'
  },
})
