import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { base64Lines } from '../../mail/base64-lines.ts'
import { RECIPIENT_THERE, startExchange, THERE } from '../fakes/exchange.ts'
import { type MessageOptions, PLAIN_PART, signedMessage, submit } from '../fakes/mail-client.ts'
import { archived, atRest } from '../fakes/mailboxes.ts'
import { operate } from '../fakes/operator.ts'
import { pki } from '../fakes/pki.ts'
import { RECIPIENT, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'
import { TARIFF } from '../fakes/tariff.ts'
import { eyp } from '../fakes/zip.ts'

const NOBODY = 'yok.boyle.biri@hs98.kep.tr'

/** What happened in the sender's purse: kind, positions, and what came into each book. */
const movements = async (kep: TestProvider): Promise<string[]> => {
  const { entries } = await operate(kep, 'credit list', { address: SENDER })
  return entries.map(({ kind, recipients, lines }) =>
    [
      kind,
      ...(recipients === undefined ? [] : [recipients]),
      ...lines
        .filter(({ amount }) => amount > 0)
        .map(({ book, unit, amount }) => `${book}+${amount} ${unit}`),
    ].join(' '),
  )
}
const isSound = async (kep: TestProvider): Promise<void> =>
  expect(await operate(kep, 'credit check', {})).toMatchObject({ ok: true, accounts: 1, open: 0 })

const message = (options: MessageOptions = {}, part = PLAIN_PART) =>
  signedMessage(pki().user.signer, part, options)

describe('a provider with a tariff', () => {
  let kep: TestProvider
  beforeEach(async () => {
    kep = await startProvider({ config: { tariff: TARIFF } })
  })
  afterEach(() => kep[Symbol.asyncDispose]())

  const hand = (octets: Buffer, to: readonly string[] = [RECIPIENT]) =>
    submit(octets, { port: kep.provider.ports.submissions, ca: kep.ca, to })
  const buy = (units: number, kind: 'kep' | 'eYazisma' = 'kep') =>
    operate(kep, 'credit add', { address: SENDER, package: kind, units })

  test('refuses who has nothing, without evidence and without a trace in the books', async () => {
    expect(await hand(await message())).toMatch(/^552 5\.2\.2 NOT_AFFORDABLE Bakiyeniz ilgili islem/)
    const { reservations, purses } = kep.provider.store
    expect([await reservations.list('', 9), await purses.list('', 9)]).toEqual([[], []])
    expect(await archived(kep)).toEqual([])
    expect(await kep.metric('openkep_purse_total', { what: 'insufficient' })).toBe(1)
  })

  test('of two submissions that race for the last unit takes exactly one', async () => {
    await buy(1)
    const replies = await Promise.all([hand(await message()), hand(await message())])
    expect(replies.map((reply) => reply.slice(0, 3)).sort()).toEqual(['250', '552'])
    await atRest(kep)
    expect(await movements(kep)).toEqual([
      'package-bought packages+1 kep',
      'reserve reserved+1 kep',
      'settle 1 used+1 kep',
    ])
    await isSound(kep)
  })

  test('9.2: charges for whom it reached, and gives back for whom it did not', async () => {
    await buy(1)
    await operate(kep, 'credit add', { address: SENDER, deposit: 400, note: 'havale' })
    const to = [RECIPIENT, NOBODY]
    expect(await hand(await message({ to }), to)).toMatch(/^250 /)
    await atRest(kep)
    expect((await movements(kep)).slice(0, 3)).toEqual([
      'package-bought packages+1 kep',
      'deposit balance+400 kurus',
      'reserve reserved+1 kep reserved+150 kurus',
    ])
    expect((await movements(kep)).slice(3).sort()).toEqual([
      'give-back 2 balance+150 kurus',
      'settle 1 used+1 kep',
    ])
    const { entries } = await operate(kep, 'credit list', { address: SENDER })
    expect(entries.find(({ kind }) => kind === 'settle')).toMatchObject({
      by: 'system',
      to: RECIPIENT,
      type: 'standart',
    })
    expect(entries.find(({ kind }) => kind === 'reserve')).toMatchObject({ by: 'person/deneme.gonderen' })
    expect(await operate(kep, 'credit show', { address: SENDER })).toMatchObject({
      balance: 400,
      reserved: 0,
      packages: [],
    })
    await isSound(kep)
  })

  test('takes nothing for a duplicate, nor for what a rule refuses', async () => {
    await buy(3)
    const octets = await message()
    expect(await hand(octets)).toMatch(/^250 /)
    expect(await hand(octets)).toMatch(/^250 .*repeated/)
    const broken = Buffer.from((await message()).toString('latin1').replace('Merhaba', 'Merhabe'), 'latin1')
    expect(await hand(broken)).toMatch(/^550 5\.7\.7/)
    await atRest(kep)
    const told = await movements(kep)
    expect(told.filter((line) => line.startsWith('reserve'))).toHaveLength(2)
    expect(told.filter((line) => line.startsWith('settle'))).toEqual(['settle 1 used+1 kep'])
    expect(told.filter((line) => line.startsWith('give-back'))).toEqual(['give-back 1 packages+1 kep'])
    await isSound(kep)
  })

  test('says 250 again to who missed it, also where nothing is left to pay another with', async () => {
    await buy(1)
    const octets = await message()
    const reply = await hand(octets)
    await atRest(kep)
    const before = await movements(kep)
    expect(await hand(octets)).toBe(`${reply} (tekrar / repeated)`)
    expect(await hand(await message())).toMatch(/^552 /)
    expect(await movements(kep)).toEqual(before)
  })

  test('prices by type and by size', async () => {
    await buy(1, 'eYazisma')
    await buy(2)
    const part = Buffer.from(
      `Content-Type: application/octet-stream; name=yazi.eyp\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64Lines(eyp())}\r\n`,
    )
    expect(await hand(await message({ extra: 'X-TR-REM-iletiTip: eYazisma\r\n' }, part))).toMatch(/^250 /)
    const large = Buffer.concat([PLAIN_PART, Buffer.alloc(12_000, 'Merhaba dunya.\r\n')])
    expect(await hand(await message({}, large))).toMatch(/^250 /)
    expect(await hand(await message())).toMatch(/^552 /)
    await atRest(kep)
    const told = await movements(kep)
    expect(told.filter((line) => line.startsWith('settle')).sort()).toEqual([
      'settle 1 used+1 eYazisma',
      'settle 1 used+2 kep',
    ])
    await isSound(kep)
  })
})

test('a message to a peer is settled by what the peer says of each recipient', async () => {
  await using exchange = await startExchange({ here: { config: { tariff: TARIFF } } })
  const { here, there } = exchange
  await operate(here, 'credit add', { address: SENDER, package: 'kep', units: 2 })
  const to = [RECIPIENT_THERE, `yok.boyle.biri@${THERE}`]
  const where = { port: here.provider.ports.submissions, ca: here.ca, to }
  expect(await submit(await message({ to }), where)).toMatch(/^250 /)
  await atRest(here)
  await atRest(there)
  await atRest(here)
  const told = async () => (await movements(here)).slice(2).sort()
  await expect.poll(told, { timeout: 20_000 }).toEqual(['give-back 2 packages+1 kep', 'settle 1 used+1 kep'])
  await isSound(here)
  expect(await there.provider.store.purses.list('', 9)).toEqual([])
})

test('without a tariff no message has anything to do with a purse', async () => {
  await using kep = await startProvider()
  const where = { port: kep.provider.ports.submissions, ca: kep.ca }
  expect(await submit(await message(), where)).toMatch(/^250 /)
  await atRest(kep)
  const { purses, reservations, ledger, work } = kep.provider.store
  for (const documents of [purses, reservations, ledger]) expect(await documents.list('', 9)).toEqual([])
  const [{ intake } = {}] = await archived(kep)
  const rows = await work.of(intake!, { recipient: 0, slot: '' }, 100)
  expect(rows.map(({ slot }) => slot)).toContain('transport')
  expect(rows.map(({ slot }) => slot)).not.toContain('charge')
})

describe('whoever fills a purse', () => {
  test('needs the right to, and stands in the journal and in the event log', async () => {
    await using kep = await startProvider()
    const [person] = (await kep.provider.directory.get(SENDER))!.persons
    const by = person!.handle
    const deposit = { address: SENDER, deposit: 100, by }
    const buy = { address: SENDER, package: 'kep', units: 1, by } as const
    await operate(kep, 'credit add', deposit)
    await operate(kep, 'credit add', { ...buy, price: 40 })
    await expect(operate(kep, 'credit add', { ...buy, price: 61 })).rejects.toMatchObject({
      code: 'NOT_AFFORDABLE',
    })
    await expect(operate(kep, 'credit add', { ...buy, by: 'yok' })).rejects.toMatchObject({
      code: 'NO_SUCH_PERSON',
    })
    await kep.provider.directory.change(SENDER, (account) => ({
      ...account,
      persons: account.persons.map((one) => ({ ...one, permissions: ['read', 'write'] })),
    }))
    for (const asked of [deposit, buy])
      await expect(operate(kep, 'credit add', asked)).rejects.toMatchObject({ code: 'MAY_NOT_GRANT' })
    const { entries } = await operate(kep, 'credit list', { address: SENDER })
    expect(entries.map((entry) => [entry.kind, entry.by])).toEqual([
      ['deposit', `operator/test person/${by}`],
      ['package-bought', `operator/test person/${by}`],
    ])
    const { events } = await operate(kep, 'log list', { account: SENDER })
    expect(events.map(({ what }) => what).filter((what) => what.startsWith('credit'))).toEqual([
      'credit add',
      'credit add',
      'credit add',
      'credit add refused',
      'credit add',
      'credit add refused',
      'credit add',
      'credit add refused',
      'credit add',
      'credit add refused',
    ])
    expect(await operate(kep, 'credit show', { address: SENDER })).toMatchObject({ balance: 60 })
    await isSound(kep)
  })
})
