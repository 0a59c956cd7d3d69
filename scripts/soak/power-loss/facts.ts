import { type Act, envelopeOf, hashOf, namesOf } from './acts.ts'

/** What is true of a store, one line each: under which name, and what. */
export type Facts = Map<string, string>
/** Facts that come, change or go (undefined). */
export type Changes = readonly (readonly [name: string, value: string | undefined])[]

export const factOf = {
  intake: (id: string) => `intake/${id}`,
  work: (intake: string, slot: string) => `work/${intake}/${slot}`,
  next: (account: string, mailbox: string) => `next/${account}/${mailbox}`,
  message: (account: string, mailbox: string, uid: number) => `message/${account}/${mailbox}/${uid}`,
  entry: (chain: string, seq: number) => `entry/${chain}/${seq}`,
  segment: (chain: string, upTo: number) => `segment/${chain}/${upTo}`,
  document: (key: string) => `document/${key}`,
  kept: (keeper: string, hash: string) => `kept/${keeper} ${hash}`,
} as const

export const lineOf = {
  intake: (body: string, envelope: string, names: readonly string[], purged: boolean) =>
    [body, envelope, purged ? 'purged' : 'whole', ...[...names].sort()].join(' '),
  work: (state: string, due: number) => `${state} ${due}`,
  message: (hash: string, size: number, flags: readonly string[], index: string) =>
    [hash, size, `(${[...flags].sort().join(' ')})`, index].join(' '),
  segment: (from: number, hash: string, seal: string) => `${from} ${hash} ${seal}`,
  document: (version: number, document: string) => `${version} ${document}`,
  kept: (size: number) => `${size}`,
} as const

/** What an act of this writer makes of what was true before it. */
export function changesOf(facts: Facts, writer: string, act: Act): Changes {
  switch (act.kind) {
    case 'mailbox':
      return [[factOf.next(writer, act.name), '1']]
    case 'accept':
      return [
        [factOf.intake(act.id), intakeValue(act.id, hashOf(act.body), false)],
        [factOf.work(act.id, 'first'), lineOf.work('pending', act.due)],
      ]
    case 'settle':
      return [
        [factOf.work(act.id, act.slot), lineOf.work('done', act.due)],
        ...(act.slot === 'first'
          ? ([[factOf.work(act.id, 'second'), lineOf.work('pending', act.due)]] as const)
          : []),
      ]
    case 'purge':
      return [[factOf.intake(act.id), intakeValue(act.id, fieldsOf(facts, factOf.intake(act.id))[0], true)]]
    case 'append':
      return appended(facts, writer, act.name, [
        lineOf.message(hashOf(act.body), act.body.size, [], act.opId),
      ])
    case 'flag':
      return act.uids.map((uid) => flagged(facts, factOf.message(writer, act.name, uid), act.flag))
    case 'expunge':
      return act.uids.map((uid) => [factOf.message(writer, act.name, uid), undefined])
    case 'move': {
      const moved = act.uids.map((uid) => facts.get(factOf.message(writer, act.from, uid)) ?? '')
      return [
        ...act.uids.map((uid) => [factOf.message(writer, act.from, uid), undefined] as const),
        ...appended(facts, writer, act.to, moved),
      ]
    }
    case 'chain':
      return range(act.from, act.upTo).map((seq) => [factOf.entry(writer, seq), entryOf(writer, seq)])
    case 'seal':
      return [
        [factOf.segment(writer, act.upTo), lineOf.segment(act.from, hashOf(act.body), sealOf(act.upTo))],
      ]
    case 'document':
      return [[factOf.document(act.key), lineOf.document(act.version, act.document)]]
    case 'save':
      return [[factOf.kept(act.keeper, hashOf(act.body)), lineOf.kept(act.body.size)]]
    case 'keep':
      return [[factOf.kept(act.keeper, act.hash), lineOf.kept(act.size)]]
    case 'release':
      return named(facts, `kept/${act.keeper} `).map(([name]) => [name, undefined])
    case 'sweep':
      return []
  }
}

export function apply(facts: Facts, changes: Changes): void {
  for (const [name, value] of changes)
    if (value === undefined) facts.delete(name)
    else facts.set(name, value)
}

/** All facts whose name begins so. */
export const named = (facts: Facts, start: string): (readonly [string, string])[] =>
  [...facts].filter(([name]) => name.startsWith(start))

export const fieldsOf = (facts: Facts, name: string): [string, ...string[]] => {
  const [first = '', ...others] = (facts.get(name) ?? '').split(' ')
  return [first, ...others]
}

export const range = (from: number, upTo: number): number[] =>
  Array.from({ length: upTo - from + 1 }, (_, index) => from + index)

/** The octets of an entry say where it belongs. */
export const entryOf = (chain: string, seq: number): string => `entry ${seq} of ${chain}`
export const sealOf = (upTo: number): string => `sealed-${upTo}`

const intakeValue = (id: string, body: string, purged: boolean): string =>
  lineOf.intake(body, hashOf(envelopeOf(id)), namesOf(id), purged)

function appended(facts: Facts, account: string, mailbox: string, messages: readonly string[]): Changes {
  const next = Number(facts.get(factOf.next(account, mailbox)))
  return [
    ...messages.map((value, index) => [factOf.message(account, mailbox, next + index), value] as const),
    [factOf.next(account, mailbox), String(next + messages.length)],
  ]
}

function flagged(facts: Facts, name: string, flag: string): [string, string] {
  const value = facts.get(name) ?? ''
  const flags = flagsIn(value)
  return [name, value.replace(/\(.*?\)/, () => `(${[...new Set([...flags, flag])].sort().join(' ')})`)]
}

export const flagsIn = (value: string): string[] =>
  (/\((.*?)\)/.exec(value)?.[1] ?? '').split(' ').filter((flag) => flag !== '')
