import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openImapSession } from '../../scripts/client/imap-session.ts'
import { eventually } from '../fakes/eventually.ts'
import { signedMessage, submit } from '../fakes/mail-client.ts'
import { archived, arrival, holding, idIn, outcomesOf } from '../fakes/mailboxes.ts'
import { HOUR, movedClock } from '../fakes/moved-clock.ts'
import { pki } from '../fakes/pki.ts'
import { PASSWORD, RECIPIENT, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'
import type { TsaFault } from '../fakes/tsa.ts'

const signed = (subject = 'Deneme') => signedMessage(pki().user.signer, undefined, { subject })
const hand = (kep: TestProvider, message: Buffer) =>
  submit(message, { port: kep.provider.ports.submissions, ca: kep.ca })

/** Mail is taken again: the gate looks every two seconds. */
const open = (kep: TestProvider) =>
  eventually(
    async () => ((await hand(kep, await signed())).startsWith('250') ? true : undefined),
    'an open submission',
  )

/** The TSA was asked so often again, so that whoever waits for it has felt its fault. */
const asked = (kep: TestProvider, times: number) => {
  const until = kep.tsa.queries + times
  return eventually(async () => (kep.tsa.queries >= until ? true : undefined), 'a query')
}

/** The message and its evidence are there, each once. */
async function arrivedOnce(kep: TestProvider, message: Buffer, id: string): Promise<void> {
  await arrival(kep, RECIPIENT, 'INBOX', message)
  await arrival(kep, SENDER, 'Giden Kutusu', message)
  await eventually(async () => ((await outcomesOf(kep, id)).length >= 2 ? true : undefined), 'both evidences')
  await eventually(
    async () => ((await holding(kep, SENDER, 'Deliller', id)).length >= 2 ? true : undefined),
    'both receipts',
  )
  expect(await outcomesOf(kep, id)).toEqual(['submission-acceptance', 'delivery'])
  expect(await holding(kep, RECIPIENT, 'INBOX', message)).toHaveLength(1)
  expect(await holding(kep, SENDER, 'Giden Kutusu', message)).toHaveLength(1)
  expect(await holding(kep, SENDER, 'Deliller', id)).toHaveLength(2)
}

describe('I4: nothing unstamped leaves', () => {
  let kep: TestProvider
  beforeAll(async () => {
    kep = await startProvider()
  })
  afterAll(() => kep[Symbol.asyncDispose]())

  test.each<TsaFault>(['down', 'garbage', 'wrong-nonce', 'wrong-imprint', 'huge'])(
    'while the TSA is %s mail is taken and waits; afterwards it goes once',
    async (fault) => {
      const before = (await archived(kep)).length
      kep.tsa.fault = fault
      const message = await signed()
      const id = idIn(await hand(kep, message))
      await asked(kep, 2)
      expect((await archived(kep)).length).toBe(before)
      for (const [account, mailbox] of [
        [RECIPIENT, 'INBOX'],
        [SENDER, 'Deliller'],
      ] as const)
        expect(await holding(kep, account, mailbox, id)).toEqual([])
      kep.tsa.fault = 'none'
      await arrivedOnce(kep, message, id)
    },
  )

  test('I3: an outage that begins after the acceptance, and a restart in the middle of it', async () => {
    const message = await signed()
    const id = idIn(await hand(kep, message))
    await eventually(async () => ((await outcomesOf(kep, id)).length > 0 ? true : undefined), 'acceptance')
    kep.tsa.fault = 'down'
    await kep.restart()
    await kep.restart(undefined, () => {
      kep.tsa.fault = 'none'
    })
    await arrivedOnce(kep, message, id)
  })
})

describe.concurrent('I11: a clock that cannot be believed', () => {
  test.each([
    ['ahead', 2 * HOUR],
    ['behind', -2 * HOUR],
  ])('%s: nothing is issued and no mail is taken until it is right again', async (_, by) => {
    const clock = movedClock()
    await using kep = await startProvider({ given: { clock } })
    kep.tsa.fault = 'down'
    const message = await signed()
    const id = idIn(await hand(kep, message))
    clock.move(by)
    kep.tsa.fault = 'none'
    expect(await hand(kep, await signed())).toMatch(/^451 4\.\d\.\d CLOCK_UNCERTAIN /)
    await asked(kep, 2)
    expect(await archived(kep)).toEqual([])
    clock.move(-by)
    await arrivedOnce(kep, message, id)
    await open(kep)
  })

  test('wrong from the start: not one message is taken', async () => {
    const clock = movedClock()
    clock.move(90_000)
    await using kep = await startProvider({ given: { clock } })
    expect(await hand(kep, await signed())).toMatch(/^451 4\.\d\.\d CLOCK_UNCERTAIN /)
    clock.move(-90_000)
    await open(kep)
  })
})

test.concurrent('a backlog older than allowed closes submission, not reading', async () => {
  await using kep = await startProvider({ tsa: { maxBacklogAge: '1 s' } })
  const first = await signed()
  await hand(kep, first)
  await arrival(kep, RECIPIENT, 'INBOX', first)
  kep.tsa.fault = 'down'
  const waiting = await signed()
  const id = idIn(await hand(kep, waiting))
  const closed = await eventually(async () => {
    const answer = await hand(kep, await signed())
    return answer.startsWith('250') ? undefined : answer
  }, 'a refusal')
  expect(closed).toMatch(/^451 4\.\d\.\d BACKLOG /)
  await using imap = await openImapSession(
    { port: kep.provider.ports.imaps, ca: kep.ca },
    { user: RECIPIENT, password: PASSWORD },
  )
  expect((await imap.command('SELECT INBOX')).status).toBe('OK')
  const read = await imap.command('FETCH 1 BODY[]')
  expect(read.literals[0]?.includes(first)).toBe(true)
  kep.tsa.fault = 'none'
  await arrivedOnce(kep, waiting, id)
  await open(kep)
  const outages = await eventually(async () => {
    const told = (await kep.provider.eventLog.list({}, 0, 100))
      .filter(({ what }) => what.startsWith('submission '))
      .map(({ what, details }) => [what, details?.['because']])
    return told.length >= 2 ? told : undefined
  }, 'the record of the outage')
  expect(outages).toEqual([
    ['submission closed', 'BACKLOG'],
    ['submission opened', 'BACKLOG'],
  ])
})

test.concurrent('a step that always fails is held after its attempts, with its metric; others are served', async () => {
  const clock = movedClock()
  await using kep = await startProvider({ given: { clock }, tsaClock: clock })
  const work = () => kep.provider.store.work
  const broken = {
    intake: 'there-is-no-such-intake',
    recipient: 1,
    slot: 'deliver',
    kind: 'deliver' as const,
  }
  await work().insert([{ ...broken, due: clock.now().getTime(), payload: '{}' }])
  const row = () => work().get(broken.intake, broken.recipient, broken.slot)
  const ATTEMPTS = 12
  for (let attempt = 1; attempt < ATTEMPTS; attempt++) {
    await eventually(async () => ((await row())?.attempts === attempt ? true : undefined), 'an attempt')
    expect((await row())?.state).toBe('pending')
    // Longer than any wait between attempts; a start finds what has become due meanwhile.
    await kep.restart(undefined, () => clock.move(10 * 60_000))
  }
  await eventually(async () => ((await row())?.state === 'held' ? true : undefined), 'the hold')
  expect((await row())?.error).toContain('there-is-no-such-intake')
  await eventually(async () => ((await kep.metric('openkep_work_total')) > 0 ? true : undefined), 'the alarm')
  const message = await signed()
  await arrivedOnce(kep, message, idIn(await hand(kep, message)))
})

test.concurrent('an outage of the TSA is no attempt: the first fault of our own after it holds nothing', async () => {
  await using kep = await startProvider()
  kep.tsa.fault = 'down'
  const message = await signed()
  const id = idIn(await hand(kep, message))
  await asked(kep, 3)
  const [intake] = await kep.provider.store.intakesNamed(id)
  const row = await kep.provider.store.work.get(intake?.id ?? '', 0, 'submission')
  expect(row).toMatchObject({ state: 'pending', attempts: 0, error: expect.stringContaining('Timestamp') })
})
