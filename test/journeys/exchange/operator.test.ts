import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { base64Lines } from '../../../mail/base64-lines.ts'
import type { WorkRow } from '../../../storage/port.ts'
import { eventually } from '../../fakes/eventually.ts'
import { type Exchange, letPass, RECIPIENT_THERE, startExchange, THERE } from '../../fakes/exchange.ts'
import { signedMessage, submit } from '../../fakes/mail-client.ts'
import { archived, atRest, evidenced, holding, idIn, reasonsIn, storyOf } from '../../fakes/mailboxes.ts'
import { HOUR, movedClock } from '../../fakes/moved-clock.ts'
import { operate } from '../../fakes/operator.ts'
import { pki } from '../../fakes/pki.ts'
import { DOMAIN, SENDER, type TestProvider } from '../../fakes/provider.ts'
import { busy, cutting, honest, keeping, layRoads, type Roads } from '../../fakes/transport.ts'

const BOTH_THERE = [RECIPIENT_THERE, `deneme.gonderen@${THERE}`]

const clock = movedClock()
let exchange: Exchange
let here: TestProvider
let there: TestProvider
let roads: Roads
beforeAll(async () => {
  // What failed is hardly ever tried again while a test looks at it, however slow the machine is.
  const config = {
    relay: { retry: { first: '30 min', longest: '30 min' } },
    evidence: { deemedReadHours: 720 },
  }
  const timed = { config, given: { clock }, tsaClock: clock }
  exchange = await startExchange({ here: timed, there: timed })
  ;({ here, there } = exchange)
  roads = await layRoads(exchange)
})
afterAll(async () => {
  await roads[Symbol.asyncDispose]()
  await exchange[Symbol.asyncDispose]()
})
afterEach(async () => {
  roads.forth.behaviour = honest
  roads.back.behaviour = honest
  for (const kep of [here, there]) expect(await kep.metric('openkep_internal_errors_total')).toBe(0)
})

interface Sent {
  readonly id: string
  readonly userId: string
  readonly intake: string
  readonly message: Buffer
}

async function handIn(to: readonly string[]): Promise<{ message: Buffer; reply: string }> {
  const message = await signedMessage(pki().user.signer, undefined, { to })
  return { message, reply: await submit(message, { port: here.provider.ports.submissions, ca: here.ca, to }) }
}

async function send(to: readonly string[] = [RECIPIENT_THERE]): Promise<Sent> {
  const { message, reply } = await handIn(to)
  const id = idIn(reply)
  const [intake] = await here.provider.store.intakesNamed(id)
  const userId = /^Message-ID: (\S+)/m.exec(message.toString('latin1'))?.[1] ?? ''
  return { id, userId, intake: intake?.id ?? '', message }
}

const pass = (milliseconds: number): Promise<void> => letPass(exchange, clock, milliseconds)

const queueId = ({ intake }: Sent): string => `${intake}-hs99`

/** Waits until the row has failed once and nobody works on it. */
const deferred = (kep: TestProvider, peer: string): Promise<WorkRow> =>
  eventually(async () => {
    const [row] = await kep.provider.store.work.queued(peer, undefined, 10)
    return row?.error !== undefined && row.due > clock.now().getTime() ? row : undefined
  }, 'an attempt')

const rested = async (): Promise<void> => {
  for (const kep of [here, there, here]) await atRest(kep)
}

const inbox = async ({ message }: Sent, of = RECIPIENT_THERE) =>
  (await holding(there, of, 'INBOX', message)).length

const DELIVERED = [
  'submission-acceptance own all',
  `relay-acceptance ${THERE} 1`,
  `delivery ${THERE} 1`,
] as const

/** The maker's archive tells the order; at the sender two messages of a peer may overtake each other. */
async function expectDelivered({ id }: Sent): Promise<void> {
  expect(await storyOf(there, id)).toEqual(['relay-acceptance own 1', 'delivery own 1'])
  expect((await storyOf(here, id)).toSorted()).toEqual(DELIVERED.toSorted())
}

describe('queues', () => {
  test('list and show; hold stops a message, release sends it', async () => {
    roads.forth.behaviour = busy
    const sent = await send()
    await deferred(here, THERE)
    const id = queueId(sent)
    const { rows } = await operate(here, 'queue list', {})
    expect(rows).toMatchObject([
      { id, peer: THERE, what: 'dispatch', state: 'pending', phase: 'queued', attempts: 1 },
    ])
    expect(rows[0]?.error).toContain('451')
    expect((await operate(here, 'queue list', { peer: 'hs97.kep.tr' })).rows).toEqual([])
    expect(await operate(here, 'queue show', { id: `<${id}>` })).toMatchObject({
      id,
      messageId: sent.id,
      recipients: [{ position: 1, address: RECIPIENT_THERE }],
    })
    await operate(here, 'queue hold', { id })
    roads.forth.behaviour = honest
    const { begun } = roads.forth
    await pass(HOUR)
    await expect(operate(here, 'queue retry', { id })).rejects.toMatchObject({ code: 'WRONG_STATE' })
    here.provider.relay.retryNow(THERE)
    expect(await operate(here, 'queue show', { id })).toMatchObject({
      state: 'held',
      error: 'held by the operator',
    })
    const other = await send()
    await evidenced(here, other.id, 'delivery') // the held one stops nobody else
    expect(roads.forth.begun).toBe(begun + 1)
    expect(await inbox(sent)).toBe(0)
    await operate(here, 'queue release', { id })
    await evidenced(here, sent.id, 'delivery')
    await rested()
    await expectDelivered(sent)
    expect(await inbox(sent)).toBe(1)
    expect((await operate(here, 'queue list', {})).rows).toEqual([])
    await expect(operate(here, 'queue release', { id })).rejects.toMatchObject({ code: 'WRONG_STATE' })
  })

  test('retry sends at once what would have waited', async () => {
    roads.forth.behaviour = busy
    const sent = await send()
    await deferred(here, THERE)
    roads.forth.behaviour = honest
    await operate(here, 'queue retry', { id: queueId(sent) })
    await evidenced(here, sent.id, 'delivery')
    await rested()
    await expectDelivered(sent)
  })

  test('fail: one relay failure a recipient, and nothing is sent any more', async () => {
    roads.forth.behaviour = busy
    const sent = await send(BOTH_THERE)
    await deferred(here, THERE)
    const id = queueId(sent)
    await operate(here, 'queue fail', { id })
    roads.forth.behaviour = honest
    const { begun } = roads.forth
    await pass(26 * HOUR)
    await rested()
    const all = (await archived(here)).filter(({ told }) => told.messageId === sent.id)
    const failures = all.filter(({ told }) => told.outcome === 'relay-failure')
    expect(failures.map(({ told }) => told.recipient).toSorted()).toEqual([1, 2])
    expect(failures.map(reasonsIn)).toEqual([['R_REMMD_Unreachable'], ['R_REMMD_Unreachable']])
    expect(all).toHaveLength(3)
    for (const { bytes } of failures)
      expect(await holding(here, SENDER, 'Deliller', base64Lines(bytes))).toHaveLength(1)
    expect((await operate(here, 'queue list', {})).rows).toEqual([])
    await expect(operate(here, 'queue fail', { id })).rejects.toMatchObject({ code: 'WRONG_STATE' })
    expect(roads.forth.begun).toBe(begun)
    for (const address of BOTH_THERE) expect(await inbox(sent, address)).toBe(0)
  })

  test('fail of what the peer had all the same: its evidence is kept, marked and told', async () => {
    const answers = keeping(() => false)
    roads.back.behaviour = answers.behaviour
    roads.forth.behaviour = cutting('the sender knows')
    const contradictions = () => here.metric('openkep_contradictions_total')
    const before = await contradictions()
    const sent = await send()
    const row = await deferred(here, THERE)
    expect((await operate(here, 'queue list', {})).rows).toMatchObject([
      { id: queueId(sent), state: row.state, uncertain: expect.any(String) },
    ])
    await eventually(async () => (answers.kept.length >= 2 ? true : undefined), 'the answers')
    await operate(here, 'queue fail', { id: queueId(sent) })
    const failure = await evidenced(here, sent.id, 'relay-failure')
    for (const handOn of answers.kept) expect(await handOn()).toMatch(/^250 /)
    await evidenced(here, sent.id, 'delivery')
    await pass(HOUR) // a peer that broke off is left alone for a while
    await rested()
    expect((await storyOf(here, sent.id)).toSorted()).toEqual(
      [...DELIVERED, 'relay-failure own 1'].toSorted(),
    )
    expect(await contradictions()).toBe(before + 1)
    expect((await operate(here, 'trace', { id: sent.id })).messages[0]?.recipients).toMatchObject([
      { transport: 'relay-failure', contradicted: true },
    ])
    // When it was issued, and with the notice.
    expect(await holding(here, SENDER, 'Deliller', base64Lines(failure.bytes))).toHaveLength(2)
  })

  test('evidence that waits can be held and released, and not failed', async () => {
    roads.back.behaviour = busy
    const sent = await send()
    await eventually(
      async () => ((await operate(there, 'queue list', {})).rows.length === 2 ? true : undefined),
      'two evidence messages',
    )
    const rows = await eventually(async () => {
      const { rows } = await operate(there, 'queue list', { peer: DOMAIN })
      return rows.every(({ error }) => error !== undefined) ? rows : undefined
    }, 'an attempt at each')
    const [intake] = await there.provider.store.intakesNamed(sent.id)
    expect(rows.map(({ id, what }) => `${id} ${what}`)).toEqual(
      ['relay', 'transport'].map((slot) => `${intake?.id}-hs98-1-${slot} evidence`),
    )
    const [relay, delivery] = rows.map(({ id }) => id)
    await expect(operate(there, 'queue fail', { id: relay! })).rejects.toMatchObject({ code: 'WRONG_STATE' })
    expect(await operate(there, 'queue show', { id: relay! })).toMatchObject({ state: 'pending' })
    await operate(there, 'queue hold', { id: relay! })
    await expect(operate(there, 'queue fail', { id: relay! })).rejects.toMatchObject({ code: 'WRONG_STATE' })
    roads.back.behaviour = honest
    await operate(there, 'queue retry', { id: delivery! })
    await evidenced(here, sent.id, 'delivery')
    expect(await storyOf(here, sent.id)).toEqual([DELIVERED[0], DELIVERED[2]])
    await operate(there, 'queue release', { id: relay! })
    await evidenced(here, sent.id, 'relay-acceptance')
    await rested()
    expect(await storyOf(here, sent.id)).toEqual([DELIVERED[0], DELIVERED[2], DELIVERED[1]])
  })
})

describe('peers', () => {
  test('add, list, test, remove; what waits for one that is gone fails', async () => {
    const [known] = here.provider.peers.known()
    const { text } = known!
    expect((await operate(here, 'peer list', {})).peers).toMatchObject([
      { provider: THERE, source: 'operator', route: `127.0.0.1:${roads.forth.port} STARTTLS` },
    ])
    expect(await operate(here, 'peer test', { provider: THERE })).toMatchObject({ ok: true })
    const nobody = { ...text, route: { host: '127.0.0.1', port: 1, tls: 'starttls' as const } }
    expect(await operate(here, 'peer add', nobody)).toEqual({ provider: THERE, change: 'replaced' })
    expect(await operate(here, 'peer test', { provider: THERE })).toMatchObject({ ok: false })
    const sent = await send()
    await eventually(
      async () => ((await operate(here, 'queue list', {})).rows[0]?.error === undefined ? undefined : true),
      'an attempt',
    )
    expect((await operate(here, 'peer list', {})).peers).toMatchObject([{ queue: { pending: 1, held: 0 } }])

    await operate(here, 'peer remove', { provider: THERE })
    await pass(HOUR)
    expect(reasonsIn(await evidenced(here, sent.id, 'relay-failure'))).toEqual(['R_REMMD_NotIdentified'])
    await rested()
    expect(await operate(here, 'peer list', {})).toEqual({ peers: [], unknown: [] })
    await expect(operate(here, 'peer test', { provider: THERE })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(operate(here, 'peer remove', { provider: THERE })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    expect((await handIn([RECIPIENT_THERE])).reply).toMatch(/^5\d\d /)

    expect(await operate(here, 'peer add', text)).toEqual({ provider: THERE, change: 'added' })
    const next = await send()
    await evidenced(here, next.id, 'delivery')
    await rested()
    await expectDelivered(next)
    expect(await storyOf(here, sent.id)).toEqual(['submission-acceptance own all', 'relay-failure own 1'])
  })
})

describe('trace', () => {
  test('5.15: by every id that either provider knows', async () => {
    const sent = await send()
    await evidenced(here, sent.id, 'delivery')
    await rested()
    const [theirIntake] = await there.provider.store.intakesNamed(sent.id)
    const ofThis = async (kep: TestProvider) =>
      (await archived(kep)).filter(({ told }) => told.messageId === sent.id).map(({ eventId }) => eventId)
    const [submission = '', ...foreign] = await ofThis(here)
    const theirs = await ofThis(there)
    expect(foreign.toSorted()).toEqual(theirs.map((id) => `${THERE}/${id}`).toSorted())

    const both = [sent.id, sent.userId, sent.id.slice(1, -1)]
    const ids = new Map<TestProvider, readonly string[]>([
      [here, [...both, sent.intake, queueId(sent), submission, ...theirs, ...foreign]],
      [
        there,
        [
          ...both,
          theirIntake?.id ?? '',
          ...['relay', 'transport'].map((slot) => `${theirIntake?.id}-hs98-1-${slot}`),
          ...theirs,
          submission,
          `${DOMAIN}/${submission}`,
        ],
      ],
    ])
    for (const [kep, names] of ids)
      for (const id of names) {
        const { messages } = await operate(kep, 'trace', { id })
        expect(
          messages.map(({ messageId, userMessageId }) => [messageId, userMessageId]),
          id,
        ).toEqual([[sent.id, sent.userId]])
      }
    const [mine] = (await operate(here, 'trace', { id: sent.id })).messages
    const steps = mine?.timeline.map(({ step, provider }) => `${step} ${provider ?? 'own'}`)
    expect(steps?.slice(0, 2)).toEqual(['accepted own', 'submission-acceptance own'])
    expect(steps?.slice(2).toSorted()).toEqual([`delivery ${THERE}`, `relay-acceptance ${THERE}`])
    const [received] = (await operate(there, 'trace', { id: sent.id })).messages
    expect(received).toMatchObject({
      peer: DOMAIN,
      sender: { address: SENDER },
      recipients: [{ relay: 'relay-acceptance', transport: 'delivery' }],
    })
    await expect(operate(there, 'trace', { id: sent.intake })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
