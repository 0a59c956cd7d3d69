import { INBOX } from '../../../../server/accounts/standard-mailboxes.ts'
import type { Findings } from '../findings.ts'
import { type Act, type History, nameOf, type Place } from '../history.ts'
import { FOLDERS, RECIPIENTS } from '../provider.ts'
import type { FinalState, KeptMailbox } from './final-state.ts'

const [FIRST, SECOND] = FOLDERS
/** Whence moves and copies come. */
const SOURCE: ReadonlyMap<string, string> = new Map([
  [FIRST, INBOX],
  [SECOND, FIRST],
])

/** What clients did and were answered by OK is so; and nothing went that nobody asked to go. */
export function checkActs(state: FinalState, history: History, findings: Findings): void {
  for (const account of RECIPIENTS)
    new ActChecker(
      state,
      history.acts.filter((act) => act.account === account),
      findings,
      account,
    ).all()
}

class ActChecker {
  readonly #state: FinalState
  readonly #acts: readonly Act[]
  readonly #findings: Findings
  readonly #account: string
  /** Places that somebody wanted to be empty. */
  readonly #removed = new Set<string>()
  /** By the place that it left: the places to which a message was moved. */
  readonly #moved: ReadonlyMap<string, readonly Place[]>

  constructor(state: FinalState, acts: readonly Act[], findings: Findings, account: string) {
    this.#state = state
    this.#acts = acts
    this.#findings = findings
    this.#account = account
    for (const act of acts)
      if (act.kind === 'EXPUNGE' || act.kind === 'MOVE') this.#removed.add(nameOf({ ...act }))
    this.#moved = this.#moves()
  }

  all(): void {
    for (const act of this.#acts) if (act.outcome === 'OK') this.#one(act)
    for (const box of [INBOX, ...FOLDERS]) this.#nothingElse(this.#box(box))
    for (const [from, targets] of this.#moved)
      this.#findings.expect(targets.length < 2, 'movedTwice', () => `${from} to ${targets.map(nameOf)}`)
    this.#appendedOnce()
    for (const box of [INBOX, ...FOLDERS])
      for (const uid of this.#box(box).messages.keys()) this.#flags({ account: this.#account, box, uid })
  }

  #one(act: Act): void {
    if (act.kind === 'EXPUNGE') this.#must(!this.#isThere(act), 'expungesUndone', act)
    if (act.kind === 'MOVE') {
      const isGone = !this.#isThere(act)
      const isArrived =
        act.target === undefined || this.#cameAs('move', { ...act, box: act.to, uid: act.target }, act.uid)
      this.#must(isGone && isArrived, 'movesLost', act)
    }
    if (act.kind === 'COPY' && act.target !== undefined)
      this.#must(this.#cameAs('copy', { ...act, box: act.to, uid: act.target }, act.uid), 'copiesLost', act)
    if (act.kind === 'APPEND' && act.uid !== undefined) {
      const box = this.#box(act.box)
      const there = box.messages.get(act.uid)
      const isKept = there === undefined ? box.vanished.has(act.uid) : there.row.body.hash === act.hash
      this.#must(isKept, 'appendsLost', act)
    }
  }

  /** There, or there once and taken away since: that is looked at by itself. */
  #cameAs(how: 'move' | 'copy', { box, uid }: Place, source: number): boolean {
    const { messages, vanished } = this.#box(box)
    const opId = messages.get(uid)?.opId ?? vanished.get(uid) ?? ''
    return opId.startsWith(`${how}/`) && opId.endsWith(`/${source}`)
  }

  #nothingElse({ row, vanished }: KeptMailbox): void {
    for (const uid of vanished.keys()) {
      const place = nameOf({ account: this.#account, box: row.name, uid })
      this.#findings.expect(this.#removed.has(place), 'vanishedByNobody', () => place)
    }
    for (const uid of this.#box(row.name).messages.keys()) {
      const place = nameOf({ account: this.#account, box: row.name, uid })
      this.#findings.expect(!this.#moved.has(place), 'movedTwice', () => `${place} moved and stayed`)
    }
  }

  #appendedOnce(): void {
    const bodies = FOLDERS.flatMap((name) =>
      [...this.#box(name).messages.values()].filter(({ opId }) => opId.startsWith('append')),
    )
    const copies = Map.groupBy(bodies, ({ row }) => row.body.hash)
    for (const [hash, { length }] of copies)
      this.#findings.expect(length < 2, 'appendedTwice', () => `${this.#account} ${hash}`)
  }

  /** The last word of each client about a message, wherever it was then; one of which nobody knows says nothing. */
  #flags(place: Place): void {
    const path = new Set(this.#path(place).map(nameOf))
    const last = new Map<string, Extract<Act, { kind: 'STORE' }>>()
    for (const act of this.#acts)
      if (act.kind === 'STORE' && path.has(nameOf({ ...act }))) last.set(act.flag, act)
    const flags = this.#box(place.box).messages.get(place.uid)?.row.flags ?? []
    for (const act of last.values())
      if (act.outcome === 'OK') this.#must(flags.includes(act.flag) === act.adds, 'storesLost', act)
  }

  /** Where it was before it was moved here, and here. */
  #path(place: Place): Place[] {
    const opId =
      this.#box(place.box).messages.get(place.uid)?.opId ?? this.#box(place.box).vanished.get(place.uid)
    const source = sourceOf(place, opId ?? '')
    return source === undefined ? [place] : [place, ...this.#path(source)]
  }

  #moves(): Map<string, Place[]> {
    const moved = new Map<string, Place[]>()
    for (const box of FOLDERS) {
      const { messages, vanished } = this.#box(box)
      const all = [...messages].map(([uid, { opId }]) => [uid, opId] as const).concat([...vanished])
      for (const [uid, opId] of all) {
        const place = { account: this.#account, box, uid }
        const source = sourceOf(place, opId)
        if (source !== undefined) moved.set(nameOf(source), [...(moved.get(nameOf(source)) ?? []), place])
      }
    }
    return moved
  }

  #box(name: string): KeptMailbox {
    return this.#state.box(this.#account, name)
  }

  #isThere({ box, uid }: Pick<Place, 'box' | 'uid'>): boolean {
    return this.#box(box).messages.has(uid)
  }

  #must(holds: boolean, name: Parameters<Findings['broken']>[0], act: Act): void {
    this.#findings.expect(holds, name, () => JSON.stringify(act))
  }
}

function sourceOf({ account, box }: Place, opId: string): Place | undefined {
  const [how, , uid] = opId.split('/')
  const source = SOURCE.get(box)
  return how === 'move' && source !== undefined ? { account, box: source, uid: Number(uid) } : undefined
}
