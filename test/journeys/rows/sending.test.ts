/** Rules of handing in: section 3 of docs/rules.md, with a tariff, so that what is refused is seen to cost nothing. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSmtpSession } from '../../../scripts/client/smtp-session.ts'
import { entryOf, THERE } from '../../fakes/exchange.ts'
import { signedMessage, submit } from '../../fakes/mail-client.ts'
import { arrival, atRest, evidenced, holding, idIn, outcomesOf } from '../../fakes/mailboxes.ts'
import { operate } from '../../fakes/operator.ts'
import { openPeerSession } from '../../fakes/peer-client.ts'
import { pki } from '../../fakes/pki.ts'
import { PASSWORD, RECIPIENT, SENDER, startProvider, type TestProvider } from '../../fakes/provider.ts'
import { TARIFF } from '../../fakes/tariff.ts'

const NOBODY = 'yok.boyle.biri@hs98.kep.tr'
/** MB here are 1,000,000 octets, as sizes in the configuration are. */
const MB = 1_000_000

let kep: TestProvider
beforeAll(async () => {
  kep = await startProvider({ config: { tariff: TARIFF } })
  await operate(kep, 'credit add', { address: SENDER, package: 'kep', units: 50 })
  await kep.provider.peers.put({ ...entryOf(kep), provider: THERE })
})
afterAll(() => kep[Symbol.asyncDispose]())

const where = () => ({ port: kep.provider.ports.submissions, ca: kep.ca })
const send = async (to: readonly string[], cc?: readonly string[]) => {
  const message = await signedMessage(pki().user.signer, undefined, { to, ...(cc && { cc }) })
  return { message, reply: await submit(message, { ...where(), to: [...to, ...(cc ?? [])] }) }
}
const purse = () => operate(kep, 'credit show', { address: SENDER })
/** Recipients for whom something was paid. */
const settled = async (): Promise<number> =>
  (await operate(kep, 'credit list', { address: SENDER })).entries.filter(({ kind }) => kind === 'settle')
    .length
const session = () => openSmtpSession(where(), { user: SENDER, password: PASSWORD })

test('3.5: one signed message goes to everybody it names', async () => {
  const { message, reply } = await send([RECIPIENT], [SENDER])
  expect(reply).toMatch(/^250 /)
  await arrival(kep, RECIPIENT, 'INBOX', message)
  await arrival(kep, SENDER, 'INBOX', message)
  await arrival(kep, SENDER, 'Giden Kutusu', message)
})

test('3.8: an address that is no KEP address is told before anything is sent or paid', async () => {
  await atRest(kep)
  const before = await purse()
  for (const address of ['ayse@example.com', 'ayse@hs98.kep.tr.example', 'ay se@hs98.kep.tr', 'ayse@kep.tr'])
    expect((await send([RECIPIENT], [address])).reply).toMatch(/^(550 5\.1\.3 NOT_A_KEP_ADDRESS|501 )/)
  expect(await purse()).toEqual(before)
})

test('3.10: from KEP to KEP alone: nothing to an ordinary mailbox, nothing from an ordinary server', async () => {
  expect((await send(['ayse@example.com'])).reply).toMatch(/^550 5\.1\.3 NOT_A_KEP_ADDRESS/)
  expect((await send(['ayse@hs97.kep.tr'])).reply).toMatch(/^550 5\.1\.2 UNKNOWN_PROVIDER/)
  await using stranger = await openPeerSession({ port: kep.provider.ports.peer, ca: kep.ca })
  expect(await stranger.command('MAIL FROM:<ayse@example.com>')).toMatch(/^550 5\.7\.1 NOT_A_PEER/)
})

test.each([
  ['100 MB to our own accounts', 100 * MB, [RECIPIENT], /^550 .*HEADER_MISSING/],
  ['one octet more', 100 * MB + 1, [RECIPIENT], /^552 5\.3\.4 /],
  ['25 MB where any recipient is elsewhere', 25 * MB, [RECIPIENT, `a.b@${THERE}`], /^550 .*HEADER_MISSING/],
  ['one octet more', 25 * MB + 1, [RECIPIENT, `a.b@${THERE}`], /^552 5\.3\.4 MESSAGE_TOO_BIG/],
])('3.11: %s (%i)', async (_, size, to, expected) => {
  await using smtp = await session()
  let answer = await smtp.command(`MAIL FROM:<${SENDER}> SIZE=${size}`)
  for (const address of to) if (answer.startsWith('250')) answer = await smtp.command(`RCPT TO:<${address}>`)
  if (answer.startsWith('250')) answer = await smtp.command('DATA')
  // The size that was declared decides: what follows is short, and no message.
  if (answer.startsWith('354')) answer = await smtp.command('x: y\r\n\r\nz\r\n.')
  expect(answer).toMatch(expected)
})

test('3.16: sent is what has delivery evidence, recipient by recipient; the other is not paid', async () => {
  await atRest(kep)
  const before = await settled()
  const id = idIn((await send([RECIPIENT, NOBODY])).reply)
  await evidenced(kep, id, 'delivery')
  await evidenced(kep, id, 'non-delivery')
  await atRest(kep)
  const { messages } = await operate(kep, 'trace', { id })
  expect(messages[0]?.recipients.map(({ address, transport }) => [address, transport])).toEqual([
    [RECIPIENT, 'delivery'],
    [NOBODY, 'non-delivery'],
  ])
  expect((await settled()) - before).toBe(1)
})

test('3.6: the answer waits for no evidence; what was taken is found in Giden Kutusu and Deliller later', async () => {
  kep.tsa.fault = 'slow'
  const { message, reply } = await send([RECIPIENT])
  const id = idIn(reply)
  expect(await outcomesOf(kep, id)).toEqual([])
  expect(await holding(kep, RECIPIENT, 'INBOX', message)).toEqual([])
  kep.tsa.fault = 'none'
  await kep.restart()
  await arrival(kep, SENDER, 'Giden Kutusu', message)
  await arrival(kep, SENDER, 'Deliller', id)
})
