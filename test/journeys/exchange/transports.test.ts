import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { base64Lines } from '../../../mail/base64-lines.ts'
import { decidedIn } from '../../../server/relay/outcomes.ts'
import type { SendPayload } from '../../../server/relay/payloads.ts'
import type { WorkRow } from '../../../storage/port.ts'
import { eventually } from '../../fakes/eventually.ts'
import { type Exchange, letPass, RECIPIENT_THERE, startExchange, THERE } from '../../fakes/exchange.ts'
import { signedMessage, submit } from '../../fakes/mail-client.ts'
import {
  archived,
  arrival,
  atRest,
  type Evidence,
  evidenced,
  holding,
  idIn,
  reasonsIn,
  storyOf,
} from '../../fakes/mailboxes.ts'
import { HOUR, movedClock } from '../../fakes/moved-clock.ts'
import { pki } from '../../fakes/pki.ts'
import { DOMAIN, SENDER, type TestProvider } from '../../fakes/provider.ts'
import {
  busy,
  cutting,
  honest,
  keeping,
  layRoads,
  type Roads,
  rewriting,
  swallowing,
} from '../../fakes/transport.ts'

const MINUTE = 60_000
const FIRST_RETRY = 5 * MINUTE
/** After it the message, and the peer where it broke off, is tried again. */
const LONGEST_RETRY = 30 * MINUTE
const BOTH_THERE = [RECIPIENT_THERE, `deneme.gonderen@${THERE}`]

const clock = movedClock()
let exchange: Exchange
let here: TestProvider
let there: TestProvider
let roads: Roads
beforeAll(async () => {
  // What failed is hardly ever tried again while a test looks at it, however slow the machine is.
  const config = {
    // Nobody reads here, and evidence of that would only be in the way.
    evidence: { deemedReadHours: 720 },
    relay: { retry: { first: `${FIRST_RETRY / MINUTE} min`, longest: `${LONGEST_RETRY / MINUTE} min` } },
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
  roads.forth.offer({ eightBit: true, tls: true })
  for (const kep of [here, there]) expect(await kep.metric('openkep_internal_errors_total')).toBe(0)
})

interface Sent {
  readonly id: string
  readonly intake: string
  readonly message: Buffer
}

async function send(to: readonly string[] = [RECIPIENT_THERE], part?: Buffer): Promise<Sent> {
  const message = await signedMessage(pki().user.signer, part, { to })
  const where = { port: here.provider.ports.submissions, ca: here.ca, to }
  const id = idIn(await submit(message, where))
  const [intake] = await here.provider.store.intakesNamed(id)
  if (intake === undefined) throw new Error(`${id} is nowhere`)
  return { id, intake: intake.id, message }
}

const pass = (milliseconds: number): Promise<void> => letPass(exchange, clock, milliseconds)

const sendRow = async ({ intake }: Sent): Promise<WorkRow | undefined> =>
  await here.provider.store.work.get(intake, 0, `send/${THERE}`)

/** The row of the queue after so many attempts, or more, when it waits for the next. */
const attempted = (sent: Sent, attempts: number): Promise<WorkRow> =>
  eventually(async () => {
    const row = await sendRow(sent)
    return row !== undefined && triesOf(row) >= attempts && row.due > clock.now().getTime() ? row : undefined
  }, `attempt ${attempts}`)

const triesOf = ({ payload }: WorkRow): number => (JSON.parse(payload) as SendPayload).tries ?? 0

/** Waits until the time at which the row is tried again, and a little longer. */
const untilDue = ({ due }: WorkRow): Promise<void> => pass(due - clock.now().getTime() + 1)

/**
 * Its time to be sent is over. An attempt that is on its way just then is let finish, and the deadline looks again: where
 * the peer was away the row is due all the while, and only time that goes by lets the deadline have it.
 */
async function expire(sent: Sent): Promise<void> {
  await pass(24 * HOUR)
  await eventually(async () => {
    const row = await sendRow(sent)
    if (row?.state !== 'pending' || row.due > clock.now().getTime()) return true
    await pass(MINUTE)
    return undefined
  }, 'the last attempt')
  await pass(MINUTE)
}

const decided = async ({ intake }: Sent, slot: string, recipient = 1) =>
  decidedIn(await here.provider.store.work.get(intake, recipient, slot))

/** Evidence of ours about this message, in order. */
const own = async (sent: Sent): Promise<Evidence[]> =>
  (await archived(here)).filter(
    ({ told }) => told.messageId === sent.id && told.provider === undefined && told.recipient !== undefined,
  )

const inbox = async ({ message }: Sent, of = RECIPIENT_THERE) =>
  (await holding(there, of, 'INBOX', message)).length

const resting = async (): Promise<void> => {
  for (const kep of [here, there, here]) await atRest(kep)
}

const repeated = () => there.metric('openkep_peer_dispatches_total', { outcome: 'repeated' })
const uncertain = () => here.metric('openkep_relay_uncertain_total', { after: 'connection' })
const contradictions = () => here.metric('openkep_contradictions_total')

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

describe('a transport that rewrites', () => {
  const latin1 = (change: (text: string) => string) => (octets: Buffer) =>
    Buffer.from(change(octets.toString('latin1')), 'latin1')
  test.each<[what: string, change: (text: string) => string, reason: string]>([
    ['an octet of the text', (text) => text.replace('Merhaba', 'merhaba'), 'InvalidUserSignature'],
    ['folding', (text) => text.replaceAll(/\r\n[ \t]+/g, ' '), 'InvalidUserSignature'],
    [
      'the length of lines',
      (text) => text.replaceAll(/^([A-Za-z0-9+/]{38})([A-Za-z0-9+/]{38})$/gm, '$1\r\n$2'),
      'InvalidUserSignature',
    ],
    [
      'the type of the signature',
      (text) => text.replaceAll('Content-Type: application/pkcs7-signature;', 'Content-Type: text/plain;'),
      'InvalidMessageFormat',
    ],
  ])('%s is answered with a rejection, which is final', async (_, change, reason) => {
    roads.forth.behaviour = rewriting(latin1(change))
    const rejected = () => there.metric('openkep_peer_dispatches_total', { outcome: 'rejected' })
    const before = await rejected()
    const sent = await send()
    await evidenced(here, sent.id, 'relay-rejection')
    await resting()
    await pass(25 * HOUR)
    await resting()
    expect(await storyOf(there, sent.id)).toEqual(['relay-rejection own 1'])
    expect(await storyOf(here, sent.id)).toEqual([
      'submission-acceptance own all',
      `relay-rejection ${THERE} 1`,
    ])
    expect(reasonsIn(await evidenced(there, sent.id, 'relay-rejection'))).toEqual([reason])
    expect(await rejected()).toBe(before + 1)
    expect(await inbox(sent)).toBe(0)
    expect(await decided(sent, 'transport')).toMatchObject({ peer: { outcome: 'relay-rejection' } })
    expect(await contradictions()).toBe(0)
  })

  test('until it is no signed message any more: refused, which is a relay failure', async () => {
    const mixed = latin1((text) => text.replace('multipart/signed', 'multipart/mixed'))
    roads.forth.behaviour = rewriting(mixed)
    const refused = () => there.metric('openkep_peer_refused_total', { code: 'NOT_A_KEP_MESSAGE' })
    const before = await refused()
    const sent = await send()
    expect(reasonsIn(await evidenced(here, sent.id, 'relay-failure'))).toEqual(['R_REMMD_Malfunction'])
    await resting()
    expect(await refused()).toBe(before + 1)
    expect(await storyOf(here, sent.id)).toEqual(['submission-acceptance own all', 'relay-failure own 1'])
    expect(await storyOf(there, sent.id)).toEqual([])
    expect(await inbox(sent)).toBe(0)
  })

  test('trace fields alone does no harm', async () => {
    const trace =
      'Received: from a.example by b.example; Sat, 21 Nov 2026 12:00:00 +0300\r\nX-Spam-Score: 0\r\n'
    roads.forth.behaviour = rewriting((octets) => Buffer.concat([Buffer.from(trace), octets]))
    const sent = await send()
    const { body } = await arrival(there, RECIPIENT_THERE, 'INBOX', sent.message)
    const dispatch = roads.forth.taken.at(-1)!.octets
    expect(body.subarray(-dispatch.length).equals(dispatch)).toBe(true)
    await evidenced(here, sent.id, 'delivery')
    await resting()
    await expectDelivered(sent)
  })

  test('evidence: it is not believed, and waits for a person at its maker', async () => {
    roads.back.behaviour = rewriting(latin1((text) => text.replaceAll(/\r\n[ \t]+/g, ' ')))
    const refused = () => here.metric('openkep_peer_evidence_refused_total', { reason: 'ENVELOPE_SIGNATURE' })
    const sent = await send()
    const held = await eventually(async () => {
      const rows = await there.provider.store.work.queued(DOMAIN, undefined, 10)
      return rows.length === 2 && rows.every(({ state }) => state === 'held') ? rows : undefined
    }, 'two held rows')
    expect(await refused()).toBe(2)
    expect(await storyOf(here, sent.id)).toEqual(['submission-acceptance own all'])
    roads.back.behaviour = honest
    for (const row of held) await there.provider.store.work.amend(row, 'held', { due: clock.now().getTime() })
    await evidenced(here, sent.id, 'delivery')
    await resting()
    await expectDelivered(sent)
  })
})

describe('a transport that cuts the connection after the final dot', () => {
  test('with nothing handed on: sent again, delivered once', async () => {
    roads.forth.behaviour = cutting('handing on')
    const doubts = await uncertain()
    const copies = await repeated()
    const passed = roads.forth.taken.length
    const sent = await send()
    const row = await attempted(sent, 1)
    const payload: SendPayload = JSON.parse(row.payload)
    expect(payload).toMatchObject({ phase: 'queued', uncertain: expect.any(String) })
    expect(await uncertain()).toBe(doubts + 1)
    roads.forth.behaviour = honest
    await pass(LONGEST_RETRY)
    await evidenced(here, sent.id, 'delivery')
    await resting()
    expect(roads.forth.taken.length).toBe(passed + 2)
    expect(await inbox(sent)).toBe(1)
    await expectDelivered(sent)
    expect(await repeated()).toBe(copies)
  })

  test('with the message handed on: the copy is removed and answered with the same evidence', async () => {
    const answers = keeping(() => false)
    roads.back.behaviour = answers.behaviour
    roads.forth.behaviour = cutting('the sender knows')
    const [doubts, copies] = [await uncertain(), await repeated()]
    const evidence = () => here.metric('openkep_peer_evidence_total', { repeated: 'true' })
    const again = await evidence()
    const sent = await send()
    await attempted(sent, 1)
    expect(await uncertain()).toBe(doubts + 1)
    await eventually(async () => (answers.kept.length === 2 ? true : undefined), 'the first answers')
    roads.forth.behaviour = honest
    await pass(LONGEST_RETRY)
    await eventually(async () => (answers.kept.length === 4 ? true : undefined), 'the answers again')
    expect(await repeated()).toBe(copies + 1)
    const [first, second, third, fourth] = roads.back.taken.slice(-4).map(({ octets }) => octets)
    expect(new Set([third, fourth].map((octets) => octets?.toString('latin1')))).toEqual(
      new Set([first, second].map((octets) => octets?.toString('latin1'))),
    )
    for (const handOn of answers.kept) expect(await handOn()).toMatch(/^250 /)
    await evidenced(here, sent.id, 'delivery')
    await resting()
    expect(await evidence()).toBe(again + 2)
    expect(await inbox(sent)).toBe(1)
    expect(await storyOf(there, sent.id)).toEqual(['relay-acceptance own 1', 'delivery own 1'])
    await expectDelivered(sent)
  })

  test('and evidence that comes before the next attempt: it is not sent again', async () => {
    roads.forth.behaviour = cutting('the sender knows')
    const passed = roads.forth.taken.length
    const sent = await send()
    await attempted(sent, 1)
    await evidenced(here, sent.id, 'delivery')
    await pass(LONGEST_RETRY)
    await resting()
    expect((await sendRow(sent))?.state).toBe('done')
    expect(roads.forth.taken.length).toBe(passed + 1)
    await expectDelivered(sent)
    expect(await inbox(sent)).toBe(1)
    expect(await contradictions()).toBe(0)
  })
})

describe('a transport that says 4xx', () => {
  test('for an hour: attempts thin out, and then it is delivered once', async () => {
    roads.forth.behaviour = busy
    const passed = roads.forth.taken.length
    const sent = await send()
    const begin = clock.now().getTime()
    let attempts = 1
    while (clock.now().getTime() < begin + HOUR) {
      const row = await attempted(sent, attempts)
      expect(row.error).toContain('451')
      const wait = row.due - clock.now().getTime()
      expect(wait).toBeLessThanOrEqual(Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** (triesOf(row) - 1)))
      if (row.due >= begin + HOUR) roads.forth.behaviour = honest
      attempts = triesOf(row) + 1
      await untilDue(row)
    }
    // After 0, 5, 15 and 35 minutes and when the hour is over, were each delay the longest.
    expect(attempts).toBeGreaterThanOrEqual(5)
    expect(attempts).toBeLessThanOrEqual(40)
    await evidenced(here, sent.id, 'delivery')
    await resting()
    expect(roads.forth.taken.length).toBe(passed + attempts)
    expect(await inbox(sent)).toBe(1)
    await expectDelivered(sent)
  })

  test('for longer than we try: one relay failure a recipient, and the queue is empty', async () => {
    roads.forth.behaviour = busy
    const sent = await send(BOTH_THERE)
    await attempted(sent, 1)
    await expire(sent)
    await evidenced(here, sent.id, 'relay-failure')
    roads.forth.behaviour = honest
    const passed = roads.forth.taken.length
    await pass(31 * MINUTE)
    await eventually(
      async () => ((await here.provider.store.work.queues()).length === 0 ? true : undefined),
      'an empty queue',
    )
    await resting()
    expect((await storyOf(here, sent.id)).toSorted()).toEqual([
      'relay-failure own 1',
      'relay-failure own 2',
      'submission-acceptance own all',
    ])
    expect((await own(sent)).map(reasonsIn)).toEqual([['R_REMMD_Unreachable'], ['R_REMMD_Unreachable']])
    expect(roads.forth.taken.length).toBe(passed)
    for (const address of BOTH_THERE) expect(await inbox(sent, address)).toBe(0)
    expect(await storyOf(there, sent.id)).toEqual([])
  })
})

describe('a transport that takes and says nothing', () => {
  test('no evidence at all: a relay failure when the time is over', async () => {
    roads.forth.behaviour = swallowing
    const sent = await send()
    await eventually(async () => ((await sendRow(sent))?.state === 'done' ? true : undefined), 'sent')
    await resting()
    await pass(23 * HOUR)
    await resting()
    expect(await storyOf(here, sent.id)).toEqual(['submission-acceptance own all'])
    await pass(2 * HOUR)
    expect(reasonsIn(await evidenced(here, sent.id, 'relay-failure'))).toEqual(['R_REMMD_Malfunction'])
    await pass(25 * HOUR)
    await resting()
    expect(await storyOf(here, sent.id)).toEqual(['submission-acceptance own all', 'relay-failure own 1'])
    expect(await decided(sent, 'transport')).toMatchObject({ ours: { hook: 'relay_failed' } })
    expect(await inbox(sent)).toBe(0)
  })

  test('relay acceptance and nothing more: our final stays, whatever comes late', async () => {
    const answers = keeping((octets) => octets.includes('RelayREMMDAcceptanceRejection.xml'))
    roads.back.behaviour = answers.behaviour
    const before = await contradictions()
    const sent = await send()
    await evidenced(here, sent.id, 'relay-acceptance')
    await eventually(async () => (answers.kept.length === 1 ? true : undefined), 'the delivery evidence')
    await resting()
    await pass(24 * HOUR)
    const silent = await evidenced(here, sent.id, 'non-delivery')
    expect(reasonsIn(silent)).toEqual(['S_REMMD_ReceivedNoDeliveryInfoFromR_REMMD'])
    await resting()
    expect(await contradictions()).toBe(before)

    expect(await answers.kept[0]!()).toMatch(/^250 /)
    const late = await evidenced(here, sent.id, 'delivery')
    await resting()
    expect(await storyOf(here, sent.id)).toEqual([
      'submission-acceptance own all',
      `relay-acceptance ${THERE} 1`,
      'non-delivery own 1',
      `delivery ${THERE} 1`,
    ])
    expect(await decided(sent, 'transport')).toMatchObject({ ours: { hook: 'peer_silent' } })
    expect(await contradictions()).toBe(before + 1)
    expect(await here.provider.store.work.get(sent.intake, 1, 'contradicted')).toMatchObject({
      state: 'done',
    })
    const inDeliller = async ({ bytes }: Evidence) =>
      (await holding(here, SENDER, 'Deliller', base64Lines(bytes))).length
    expect(await inDeliller(silent)).toBe(2) // when it was issued, and with the notice
    expect(await inDeliller(late)).toBe(1)
  })
})

describe('a transport that could only be served by changing the message', () => {
  test('takes 7 bits only: relay failure at once, and nothing is converted', async () => {
    roads.forth.offer({ eightBit: false, tls: true })
    const { begun } = roads.forth
    const part = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nŞöyle\r\n'
    const sent = await send(undefined, Buffer.from(part))
    expect(reasonsIn(await evidenced(here, sent.id, 'relay-failure'))).toEqual(['TechnicalMalfunction'])
    await resting()
    expect(await storyOf(here, sent.id)).toEqual(['submission-acceptance own all', 'relay-failure own 1'])
    expect(roads.forth.begun).toBe(begun)
    expect(await inbox(sent)).toBe(0)
  })

  test('offers no TLS: unreachable, and not a word in the clear', async () => {
    roads.forth.offer({ eightBit: true, tls: false })
    const { begun } = roads.forth
    const failures = () => here.metric('openkep_relay_tls_failures_total')
    const before = await failures()
    const sent = await send()
    const error = await eventually(async () => (await sendRow(sent))?.error, 'an attempt')
    expect(error).toMatch(/TLS/)
    expect(await failures()).toBeGreaterThan(before)
    await expire(sent)
    expect(reasonsIn(await evidenced(here, sent.id, 'relay-failure'))).toEqual(['R_REMMD_Unreachable'])
    await pass(31 * MINUTE)
    await resting()
    expect(await storyOf(here, sent.id)).toEqual(['submission-acceptance own all', 'relay-failure own 1'])
    expect(roads.forth.begun).toBe(begun)
    expect(await here.provider.store.work.queues()).toEqual([])
  })
})
