import { command, noArguments } from '../command.ts'

/** One personal namespace; nobody sees another account's mailboxes. [RFC 9051 §6.3.10] */
export const namespace = command({
  name: 'NAMESPACE',
  state: 'authenticated',
  sync: 'all',
  parse: noArguments,
  run: async (session) => {
    session.out.untagged('NAMESPACE (("" "/")) NIL NIL')
    return 'NAMESPACE done'
  },
})
