import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { OutcomeName } from '../../../../evidence/index.ts'
import { LEASE_MS } from '../../../../server/relay/outbound/smtp-times.ts'
import type { SendResult } from '../../../../server/relay/send-result.ts'
import { type DecidedOf, HOUR, RelayHistory } from '../../../fakes/relay-history.ts'
import { amount } from '../../../fakes/thorough.ts'

const RECIPIENTS = 3
const HISTORIES = amount({ whole: 10_000, slice: 1_000 })
/** Histories in which two processes work at once. */
const RACES = amount({ whole: 3_000, slice: 300 })
const DAY = 24 * HOUR

const OUTCOMES = [
  'relay-acceptance',
  'relay-rejection',
  'delivery',
  'non-delivery',
  'retrieval',
  'retrieval-expiration',
] as const satisfies readonly OutcomeName[]
type PeerOutcome = (typeof OUTCOMES)[number]

type Act =
  | { act: 'answered'; fates: readonly ('accepted' | 'refused' | 'deferred')[] }
  | { act: 'deferred' | 'failed' | 'unreachable' | 'uncertain' | 'dies' }
  | { act: 'hear'; outcome: PeerOutcome; about: number; id: number }
  | { act: 'wait'; hours: number }
/** An act, and at which write the process dies while the work that follows from it is done (0: it lives). */
type Step = { readonly act: Act; readonly dieAt: number }

const acts: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    act: fc.constant('answered' as const),
    fates: fc.array(fc.constantFrom('accepted' as const, 'refused' as const, 'deferred' as const), {
      minLength: RECIPIENTS,
      maxLength: RECIPIENTS,
    }),
  }),
  fc.record({
    act: fc.constantFrom(
      'deferred' as const,
      'failed' as const,
      'unreachable' as const,
      'uncertain' as const,
      'dies' as const,
    ),
  }),
  fc.record({
    act: fc.constant('hear' as const),
    outcome: fc.constantFrom(...OUTCOMES),
    about: fc.integer({ min: 0, max: RECIPIENTS }), // 0: all of them
    id: fc.integer({ min: 1, max: 2 }),
  }),
  fc.record({ act: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 30 }) }),
)
const histories = fc.array(
  fc.record({ act: acts, dieAt: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9 })) }),
  { minLength: 1, maxLength: 9 },
)

/** The state table in small: what may become of each recipient at a peer. */
class Model {
  readonly recipients = Array.from({ length: RECIPIENTS }, () => new Recipient())
  /** Positions (from 1) that the peer has not taken; undefined: nothing is to be sent any more. */
  #toSend: number[] | undefined = [1, 2, 3]
  #inFlight = false
  #sendExpiry: number | undefined
  /** What is on its way is not given up: the deadline comes back a little later. */
  #looksAgain = 0
  readonly #answers: { at: number; positions: number[] }[] = []

  constructor(begin: number) {
    this.#sendExpiry = begin + DAY
  }

  attempt(
    act: Extract<Act, { act: 'answered' | 'deferred' | 'failed' | 'unreachable' | 'uncertain' | 'dies' }>,
    now: number,
  ) {
    if (this.#toSend === undefined) return
    if (!this.#toSend.some((n) => this.#of(n).isOpen())) {
      this.#toSend = undefined
      return
    }
    this.#inFlight = act.act === 'dies'
    if (act.act === 'failed') {
      for (const n of this.#toSend) this.#of(n).ours('relay_failed')
      this.#toSend = undefined
    } else if (act.act === 'answered') {
      const fate = (wanted: string) => this.#toSend!.filter((n) => act.fates[n - 1] === wanted)
      for (const n of fate('refused')) this.#of(n).ours('relay_failed')
      if (fate('accepted').length > 0) this.#answers.push({ at: now + DAY, positions: fate('accepted') })
      this.#toSend = fate('deferred').length > 0 ? fate('deferred') : undefined
    }
  }

  hear(outcome: PeerOutcome, about: number, now: number) {
    for (const n of about === 0 ? [1, 2, 3] : [about]) this.#of(n).hear(outcome, now)
  }

  /** All deadlines that have come. */
  timers(now: number) {
    if (this.#sendExpiry !== undefined && now >= Math.max(this.#sendExpiry, this.#looksAgain)) {
      if (this.#inFlight && now < this.#sendExpiry + LEASE_MS) this.#looksAgain = now + 15_000
      else {
        for (const n of this.#toSend ?? []) this.#of(n).silent()
        this.#sendExpiry = undefined
      }
    }
    for (const { at, positions } of this.#answers)
      if (now >= at) for (const n of positions) this.#of(n).silent()
    for (const recipient of this.recipients) recipient.timer(now)
  }

  #of(n: number): Recipient {
    return this.recipients[n - 1]!
  }
}

class Recipient {
  relay: string | undefined
  transport: string | undefined
  reading: string | undefined
  late = false
  contradicted = false
  #deliveryExpiry: number | undefined

  isOpen(): boolean {
    return this.relay === undefined && this.transport === undefined
  }

  /** A final outcome of ours: where there is one already it changes nothing; who heard of its reading knows better. */
  ours(outcome: 'relay_failed' | 'peer_silent') {
    this.transport ??= this.reading ?? outcome
    this.#compare()
  }

  /** Nothing was heard of it. */
  silent() {
    if (this.isOpen()) this.ours('relay_failed')
  }

  timer(now: number) {
    if (this.#deliveryExpiry !== undefined && now >= this.#deliveryExpiry) this.ours('peer_silent')
  }

  hear(outcome: PeerOutcome, now: number) {
    const known = [this.relay, this.transport, this.reading, this.late ? 'retrieval' : undefined]
    const took = this.#take(outcome, now)
    const wasRead = this.transport === 'retrieval' || this.transport === 'retrieval-expiration'
    if (!took && !known.includes(outcome) && !(outcome === 'delivery' && wasRead)) this.contradicted = true
    this.#compare()
  }

  #take(outcome: PeerOutcome, now: number): boolean {
    switch (outcome) {
      case 'relay-acceptance':
        if (this.relay !== undefined) return false
        this.relay = outcome
        this.#deliveryExpiry = now + DAY
        return true
      case 'relay-rejection':
        if (this.relay !== undefined || this.transport !== undefined) return false
        this.transport = outcome
        return true
      case 'delivery':
      case 'non-delivery':
        if (this.transport !== undefined) return false
        this.transport = outcome
        return true
      case 'retrieval':
        if (this.reading === 'retrieval-expiration' && !this.late) {
          this.late = true
          return true
        }
        if (this.reading !== undefined) return false
        this.reading = outcome
        return true
      case 'retrieval-expiration':
        if (this.reading !== undefined) return false
        this.reading = outcome
        return true
    }
  }

  /** Nobody got it, says the final outcome; somebody did, says the peer. */
  #compare() {
    const read = this.reading !== undefined
    const nobody = this.transport === 'relay_failed' || this.transport === 'relay-rejection'
    const undelivered = this.transport === 'peer_silent' || this.transport === 'non-delivery'
    if ((nobody && (this.relay !== undefined || read)) || (undelivered && read)) this.contradicted = true
  }

  get words(): DecidedOf {
    const { relay, transport, reading, late, contradicted } = this
    return { relay, transport, reading, late, contradicted }
  }
}

const resultOf = (act: Act, addresses: readonly string[]): SendResult | 'dies' => {
  const details = 'told'
  switch (act.act) {
    case 'dies':
      return 'dies'
    case 'answered': {
      const fate = (wanted: string) =>
        addresses.filter((address) => act.fates[Number(address[1]) - 1] === wanted)
      const refused = fate('refused').map((address) => ({ address, reply: '550 5.1.1 no' }))
      const deferred = fate('deferred').map((address) => ({ address, reply: '451 4.3.0 later' }))
      return { kind: 'answered', reply: '250 2.0.0 ok', accepted: fate('accepted'), refused, deferred }
    }
    case 'failed':
      return { kind: 'failed', reason: 'R_REMMD_Malfunction', details }
    case 'unreachable':
      return { kind: 'unreachable', reason: 'R_REMMD_Unreachable', details }
    default:
      return { kind: act.act === 'uncertain' ? 'uncertain' : 'deferred', details }
  }
}

/** What a holder expects of a message of which this is decided; its type stands there once anything is. */
function keywordsFor(decided: readonly DecidedOf[]): string[] {
  const fates = decided.map(({ transport, reading, late }) => {
    const arrived = transport === undefined ? reading !== undefined : /^(delivery|retrieval)/.test(transport)
    return {
      arrived,
      lost: transport !== undefined && !arrived,
      read: arrived && (late || reading === 'retrieval'),
    }
  })
  const isRejected = decided.some(({ transport }) => transport === 'relay-rejection')
  return [
    ...(fates.every(({ arrived }) => arrived) ? ['$KEPDelivered'] : []),
    ...(fates.some(({ lost }) => lost) ? ['$KEPFailed'] : []),
    ...(fates.every(({ read }) => read) ? ['$KEPRead'] : []),
    ...(isRejected ? ['$KEPRejected'] : []),
    ...(decided.some(({ transport, reading }) => (transport ?? reading) !== undefined)
      ? ['$KEPType-standart']
      : []),
  ]
}

async function take(history: RelayHistory, act: Act, dieAt = 0): Promise<void> {
  if (act.act === 'hear')
    await history.hear(act.outcome, act.about === 0 ? '1-3' : `${act.about}`, `${act.id}`)
  else if (act.act === 'wait') history.now += act.hours * HOUR
  else await history.attempt((addresses) => resultOf(act, addresses), dieAt)
}

async function inOneProcess(steps: readonly Step[]): Promise<void> {
  const history = await RelayHistory.begin(RECIPIENTS)
  const model = new Model(history.now)
  const heard = new Set<string>()
  for (const { act, dieAt } of steps) {
    await take(history, act)
    const isReplay = act.act === 'hear' && heard.has(JSON.stringify(act))
    if (act.act === 'hear' && !isReplay) model.hear(act.outcome, act.about, history.now)
    else if (act.act !== 'wait' && act.act !== 'hear') model.attempt(act, history.now)
    if (act.act === 'hear') heard.add(JSON.stringify(act))
    await history.drain(dieAt)
    model.timers(history.now)
  }
  expect(await history.decided()).toEqual(model.recipients.map(({ words }) => words))
  expect(history.kept.size).toBe(heard.size)
  expect(await history.keywords()).toEqual(keywordsFor(await history.decided()))

  // A month later there is nothing left to wait for, and everyone has one final outcome.
  history.now += 31 * DAY
  await history.drain()
  model.timers(history.now)
  await history.attempt(() => ({ kind: 'deferred', details: 'nobody should ask' }))
  await history.drain()
  const decided = await history.decided()
  expect(decided).toEqual(model.recipients.map(({ words }) => words))
  await checkFinal(history, decided)
}

async function checkFinal(history: RelayHistory, decided: readonly DecidedOf[]): Promise<void> {
  expect(await history.keywords()).toEqual(keywordsFor(decided))
  const finals = history.finals()
  for (const [index, { transport }] of decided.entries()) {
    expect(transport).toBeDefined()
    const isOurs = transport === 'relay_failed' || transport === 'peer_silent'
    expect(finals.get(index + 1) ?? 0).toBe(isOurs ? 1 : 0)
  }
  expect(await history.left()).toEqual([])
}

test(`I3, I5: ${HISTORIES} histories of peers, crashes, clocks and repeated evidence end as the state table says`, async () => {
  await fc.assert(fc.asyncProperty(histories, inOneProcess), { numRuns: HISTORIES })
}, 240_000)

test(`I5: ${RACES} histories with two processes at once, and attempts that die while they are settled: one final outcome, and no contradiction goes unmarked`, async () => {
  const dying = fc.record({ act: acts, dieAt: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5 })) })
  const batches = fc.array(fc.array(dying, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(batches, fc.nat(1_000_000), async (all, seed) => {
      const history = await RelayHistory.begin(RECIPIENTS)
      for (const [index, batch] of all.entries()) {
        for (const { act, dieAt } of batch) await take(history, act, dieAt)
        await history.drainTwice(seed + index)
      }
      history.now += 31 * DAY
      await history.drainTwice(seed)
      await history.attempt(() => ({ kind: 'deferred', details: 'nobody should ask' }))
      const decided = await history.decided()
      await checkFinal(history, decided)
      for (const { relay, transport, reading, contradicted } of decided) {
        const nobody = transport === 'relay_failed' || transport === 'relay-rejection'
        const undelivered = transport === 'peer_silent' || transport === 'non-delivery'
        if ((nobody && (relay ?? reading) !== undefined) || (undelivered && reading !== undefined))
          expect(contradicted).toBe(true)
      }
    }),
    { numRuns: RACES },
  )
}, 240_000)
