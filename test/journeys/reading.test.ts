import { expect, test } from 'vitest'
import { verifyFile } from '../../evidence/index.ts'
import { type ImapSession, openImapSession } from '../../scripts/client/imap-session.ts'
import { eventually } from '../fakes/eventually.ts'
import { signedMessage, submit } from '../fakes/mail-client.ts'
import { arrival, atRest, type Evidence, evidenced, holding, idIn, outcomesOf } from '../fakes/mailboxes.ts'
import { DAY, HOUR, type MovedClock, movedClock } from '../fakes/moved-clock.ts'
import { pki } from '../fakes/pki.ts'
import { PASSWORD, RECIPIENT, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'

const READ = 'retrieval'
const EXPIRED = 'retrieval-expiration'

/** A provider whose time, and whose TSA's time, the test moves. */
async function provider(): Promise<{ kep: TestProvider; clock: MovedClock }> {
  const clock = movedClock()
  return { kep: await startProvider({ given: { clock }, tsaClock: clock }), clock }
}

/** One message that lies in the recipient's INBOX, with its delivery evidence. */
async function delivered(kep: TestProvider): Promise<{ message: Buffer; id: string }> {
  const message = await signedMessage(pki().user.signer)
  const id = idIn(await submit(message, { port: kep.provider.ports.submissions, ca: kep.ca }))
  await arrival(kep, RECIPIENT, 'INBOX', message)
  await evidenced(kep, id, 'delivery')
  return { message, id }
}

const reader = (kep: TestProvider): Promise<ImapSession> =>
  openImapSession({ port: kep.provider.ports.imaps, ca: kep.ca }, { user: RECIPIENT, password: PASSWORD })

const outcomes = async (kep: TestProvider, id: string): Promise<string[]> =>
  (await outcomesOf(kep, id)).filter((outcome) => outcome === READ || outcome === EXPIRED)

async function verifies(kep: TestProvider, evidence: Evidence, clock: MovedClock): Promise<void> {
  const report = await verifyFile(
    { name: 'e.xml', octets: Buffer.from(evidence.bytes) },
    {
      anchors: [pki().root.certificate],
      intermediates: [],
      crls: [...pki().crls],
      revocation: 'if-present',
      now: clock.now(),
    },
  )
  expect(report).toMatchObject({ verdict: 'TOTAL-PASSED' })
  const { body } = await arrival(
    kep,
    SENDER,
    'Deliller',
    Buffer.from(evidence.bytes).toString('base64').slice(0, 60),
  )
  expect(body.length).toBeGreaterThan(0)
}

test('4.2, 5.4: headers, structure and the introduction are no reading; the first octet of content is, once', async () => {
  const { kep, clock } = await provider()
  await using _ = kep
  const { message, id } = await delivered(kep)
  await using imap = await reader(kep)
  await imap.command('SELECT INBOX')
  for (const items of [
    'ENVELOPE',
    'BODYSTRUCTURE',
    'BODY.PEEK[HEADER]',
    'BODY[HEADER.FIELDS (SUBJECT FROM)]',
    'BODY[1.1]',
    'BODY[1.1.MIME]',
    'RFC822.HEADER',
    'RFC822.SIZE',
    'BODY[]<0.100>',
  ])
    expect((await imap.command(`FETCH 1 (${items})`)).status, items).toBe('OK')
  await imap.command('SEARCH BODY "Merhaba"')
  expect(await kep.metric('openkep_retrievals_total')).toBe(0)
  expect((await imap.command('COPY 1 "Taslaklar"')).status).toBe('OK')
  expect((await imap.command('MOVE 1 "Ar&AV8-iv"')).status).toBe('OK')
  expect(await kep.metric('openkep_retrievals_total')).toBe(0)

  await imap.command('SELECT "Ar&AV8-iv"')
  const read = await imap.command('FETCH 1 (BODY.PEEK[])')
  expect(read.literals[0]?.includes(message)).toBe(true)
  await imap.command('SELECT "Taslaklar"')
  await imap.command('FETCH 1 (BODY[])')
  await imap.command('FETCH 1 (BODY[])')
  expect(await kep.metric('openkep_retrievals_total')).toBe(1)
  const evidence = await evidenced(kep, id, READ)
  const text = Buffer.from(evidence.bytes).toString()
  expect(text).toContain('127.0.0.1')
  expect(text).toContain('Çağrı Öğüt')
  expect(text).toMatch(/FETCH/)
  expect(text).toMatch(/AuthMethod#/)
  await verifies(kep, evidence, clock)
  expect(await outcomes(kep, id)).toEqual([READ])
})

test('5.8: unread by the deadline: one expiration; a later reading stands beside it; both verify', async () => {
  const { kep, clock } = await provider()
  await using _ = kep
  const { id } = await delivered(kep)
  clock.move(23 * HOUR)
  await kep.restart()
  expect(await outcomes(kep, id)).toEqual([])
  clock.move(2 * HOUR)
  const expiration = await evidenced(kep, id, EXPIRED)
  expect(expiration.at).toBeGreaterThanOrEqual(clock.now().getTime() - HOUR)
  {
    await using imap = await reader(kep)
    await imap.command('SELECT INBOX')
    await imap.command('FETCH 1 (BODY[])')
    await imap.command('FETCH 1 (BODY[])')
  }
  const late = await evidenced(kep, id, READ)
  await verifies(kep, expiration, clock)
  await verifies(kep, late, clock)
  await kep.restart()
  expect(await outcomes(kep, id)).toEqual([EXPIRED, READ])
  // The outcome is what came first: the later reading has a row of its own (I5).
  const [intake] = await kep.provider.store.intakesNamed(id)
  for (const [slot, hook] of [
    ['reading', 'retrieval_expired'],
    ['late-reading', 'retrieved'],
  ] as const) {
    const row = await kep.provider.store.work.get(intake?.id ?? '', 1, slot)
    expect(JSON.parse(row?.payload ?? '{}')).toMatchObject({ facts: { hook } })
  }
})

test('I5: read in time, the deadline changes nothing', async () => {
  const { kep, clock } = await provider()
  await using _ = kep
  const { id } = await delivered(kep)
  {
    await using imap = await reader(kep)
    await imap.command('SELECT INBOX')
    await imap.command('FETCH 1 (BODY[])')
  }
  await evidenced(kep, id, READ)
  await kep.restart(undefined, () => clock.move(25 * HOUR))
  const [intake] = await kep.provider.store.intakesNamed(id)
  await eventually(async () => {
    const timer = await kep.provider.store.work.get(intake?.id ?? '', 1, 'expiry')
    return timer?.state === 'done' ? true : undefined
  }, 'the deadline')
  await atRest(kep)
  expect(await outcomes(kep, id)).toEqual([READ])
})

test('I12: down for a month over the deadline, and the message expunged unread before: the expiration is made, once', async () => {
  const { kep, clock } = await provider()
  await using _ = kep
  const { message, id } = await delivered(kep)
  {
    await using imap = await reader(kep)
    await imap.command('SELECT INBOX')
    await imap.command('STORE 1 +FLAGS (\\Deleted)')
    expect((await imap.command('EXPUNGE')).status).toBe('OK')
  }
  expect(await holding(kep, RECIPIENT, 'INBOX', message)).toEqual([])
  await kep.restart(undefined, () => clock.move(29 * DAY))
  await verifies(kep, await evidenced(kep, id, EXPIRED), clock)
  await kep.restart()
  expect(await outcomes(kep, id)).toEqual([EXPIRED])
})

test('a TSA that is away delays no reader, and the evidence tells the time of reading', async () => {
  const { kep, clock } = await provider()
  await using _ = kep
  const { message, id } = await delivered(kep)
  kep.tsa.fault = 'slow'
  const before = clock.now().getTime()
  await using imap = await reader(kep)
  await imap.command('SELECT INBOX')
  const read = await imap.command('FETCH 1 (BODY[])')
  const after = clock.now().getTime()
  expect(read.literals[0]?.includes(message)).toBe(true)
  expect(await outcomes(kep, id)).toEqual([])
  kep.tsa.fault = 'none'
  await kep.restart()
  const evidence = await evidenced(kep, id, READ)
  expect(evidence.at).toBeGreaterThanOrEqual(before)
  expect(evidence.at).toBeLessThanOrEqual(after)
})
