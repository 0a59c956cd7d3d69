import type { Act } from './acts.ts'
import { type Facts, flagsIn, named } from './facts.ts'

export const FAULT_WRITER = 'w0'

type Make = (facts: Facts, name: string) => Act

/** A name ends with its number. */
const dueOf = (name: string): number => Number(name.split('-').at(-1))
const small = (name: string) => ({ seed: name, size: 1_000 })
/** A file of its own, written in two pieces. */
const large = (name: string) => ({ seed: name, size: 100_000 })

const accept: Make = (_, name) => ({
  kind: 'accept',
  id: `${FAULT_WRITER}.${name}`,
  body: small(name),
  due: dueOf(name),
})
const append: Make = (_, name) => ({ kind: 'append', name: 'A', opId: name, body: small(name) })
const settle: Make = (facts) => settled(facts, 'first')
const finish: Make = (facts) => settled(facts, 'second')
const flag: Make = (facts) => ({ kind: 'flag', name: 'A', uids: [last(facts)], flag: '\\Deleted' })
const chain: Make = (facts) => ({ kind: 'chain', from: head(facts) + 1, upTo: head(facts) + 2 })
const keeper = `hold/${FAULT_WRITER}.all`
const save: Make = (_, name) => ({ kind: 'save', keeper: `hold/${FAULT_WRITER}.${name}`, body: large(name) })

/** Writes that a failing disk is tried on: the last of each row, after the others have been done. */
export const FAULT_ACTS: Readonly<Record<string, readonly Make[]>> = {
  accept: [accept],
  'accept, large': [(_, name) => ({ ...accept(_, name), body: large(name) }) as Act],
  settle: [accept, settle],
  'settle, at last': [accept, settle, finish],
  purge: [accept, settle, finish, (facts) => ({ kind: 'purge', id: lastFinished(facts) })],
  append: [append],
  'append, large': [(_, name) => ({ kind: 'append', name: 'A', opId: name, body: large(name) })],
  flag: [append, flag],
  expunge: [append, flag, (facts) => ({ kind: 'expunge', name: 'A', uids: deleted(facts) })],
  move: [append, (facts) => ({ kind: 'move', from: 'A', to: 'B', uids: [last(facts)] })],
  chain: [chain],
  seal: [chain, (facts, name) => ({ kind: 'seal', ...unsealed(facts), body: large(name) })],
  document: [(_, name) => ({ kind: 'document', key: `${FAULT_WRITER}/${name}`, version: 1, document: name })],
  'save, large': [save],
  sweep: [
    (_, name) => ({ kind: 'save', keeper, body: large(name) }),
    () => ({ kind: 'release', keeper }),
    () => ({ kind: 'sweep' }),
  ],
}

const head = (facts: Facts): number => named(facts, `entry/${FAULT_WRITER}/`).length

function unsealed(facts: Facts): { from: number; upTo: number } {
  const sealed = named(facts, `segment/${FAULT_WRITER}/`).map(([fact]) => Number(fact.split('/')[2]))
  return { from: Math.max(0, ...sealed) + 1, upTo: head(facts) }
}

function settled(facts: Facts, slot: 'first' | 'second'): Act {
  const [oldest] = workOf(facts)
    .filter((row) => row.slot === slot && row.state === 'pending')
    .sort((a, b) => a.due - b.due)
  if (oldest === undefined) throw new Error(`no work waits as ${slot}`)
  return { kind: 'settle', slot, id: oldest.id, due: oldest.due }
}

function lastFinished(facts: Facts): string {
  const done = workOf(facts).filter(({ slot, state }) => slot === 'second' && state === 'done')
  return done.sort((a, b) => a.due - b.due).at(-1)?.id ?? ''
}

const workOf = (facts: Facts) =>
  named(facts, 'work/').map(([name, value]) => {
    const [, id = '', slot = ''] = name.split('/')
    const [state = '', due = ''] = value.split(' ')
    return { id, slot, state, due: Number(due) }
  })

const messages = (facts: Facts): (readonly [uid: number, value: string])[] =>
  named(facts, `message/${FAULT_WRITER}/A/`).map(([fact, value]) => [Number(fact.split('/')[3]), value])

const last = (facts: Facts): number => Math.max(...messages(facts).map(([uid]) => uid))

const deleted = (facts: Facts): number[] =>
  messages(facts)
    .filter(([, value]) => flagsIn(value).includes('\\Deleted'))
    .map(([uid]) => uid)
    .sort((a, b) => a - b)
