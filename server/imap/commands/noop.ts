import { command, noArguments } from '../command.ts'

/** Does nothing but hear what changed. [RFC 9051 §6.1.2] */
export const noop = command({
  name: 'NOOP',
  state: 'any',
  sync: 'all',
  parse: noArguments,
  run: async () => 'NOOP done',
})

/** Every write is durable when it is answered, so there is nothing to do. [RFC 3501 §6.4.1] */
export const check = command({
  name: 'CHECK',
  state: 'selected',
  sync: 'all',
  parse: noArguments,
  run: async () => 'CHECK done',
})
