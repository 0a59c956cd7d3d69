/** Rules of logging in, of accounts, their persons and their addresses: sections 1, 2, 8 and 10 of docs/rules.md. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ImapSession, openImapSession } from '../../../scripts/client/imap-session.ts'
import { openSmtpSession } from '../../../scripts/client/smtp-session.ts'
import { headerOf, PLAIN_PART, signedMessage, submit } from '../../fakes/mail-client.ts'
import { arrival, atRest, evidenced, idIn, reasonsIn } from '../../fakes/mailboxes.ts'
import { DAY, type MovedClock, movedClock } from '../../fakes/moved-clock.ts'
import { operate } from '../../fakes/operator.ts'
import { pki } from '../../fakes/pki.ts'
import { PASSWORD, RECIPIENT, SENDER, startProvider, type TestProvider } from '../../fakes/provider.ts'

let kep: TestProvider
let clock: MovedClock
beforeAll(async () => {
  clock = movedClock()
  kep = await startProvider({ given: { clock }, tsaClock: clock })
})
afterAll(() => kep[Symbol.asyncDispose]())

const OWNER = { type: 'tckn', number: '10000000078' } as const
const where = () => ({ port: kep.provider.ports.submissions, ca: kep.ca })
const read = (user: string, password = PASSWORD): Promise<ImapSession> =>
  openImapSession({ port: kep.provider.ports.imaps, ca: kep.ca }, { user, password })
const signed = (to: string) => signedMessage(pki().user.signer, PLAIN_PART, { to: [to] })
const send = async (to: string) => submit(await signed(to), { ...where(), to: [to] })
/** What MAIL is answered. */
const mailFrom = async (user: string): Promise<string> => {
  await using session = await openSmtpSession(where(), { user, password: PASSWORD })
  return await session.command(`MAIL FROM:<${user}>`)
}

interface Opening {
  readonly address: string
  readonly holder: string
  readonly kind: 'natural' | 'legal' | 'public'
  readonly identity: { readonly type: 'tckn' | 'mersis' | 'detsis'; readonly number: string }
  readonly service?: 'receive-only'
}
/** As an operator opens accounts where addresses are checked; not yet activated. */
async function open(account: Opening): Promise<void> {
  const { address } = account
  await operate(kep, 'account create', account, { addressForms: 'check' })
  const person = { handle: 'yetkili', name: 'Veli Deneme', identityNumber: '10000000146' }
  await operate(kep, 'person add', { address, ...person })
  await operate(kep, 'password set', { address, password: PASSWORD })
}
const natural = (address: string, holder: string): Opening => ({
  address,
  holder,
  kind: 'natural',
  identity: { type: 'tckn', number: '10000000146' },
})

test('1.18: of a password only an argon2id hash is kept, and no operator is shown it', async () => {
  await using _imap = await read(SENDER)
  const document = (await kep.provider.store.accounts.get(SENDER))?.document ?? ''
  expect(document).toContain('$argon2id$v=19$')
  expect(document).not.toContain(PASSWORD)
  const shown = JSON.stringify(await operate(kep, 'account show', { address: SENDER }))
  expect(shown).not.toContain('argon2')
  expect(await submit(Buffer.from('x'), { ...where(), password: 'yanlış' })).toMatch(/^535 5\.7\.8 /)
  await expect(read(SENDER, 'yanlış')).rejects.toThrow('AUTHENTICATIONFAILED')
})

test('1.20, 3.13: a password is enough to read; to send, a signature is needed', async () => {
  await using imap = await read(SENDER)
  expect((await imap.command('SELECT INBOX')).status).toBe('OK')
  const unsigned = Buffer.from(`${headerOf()}MIME-Version: 1.0\r\n${PLAIN_PART.toString()}`)
  expect(await submit(unsigned, where())).toMatch(/^550 5\.7\.1 NOT_SIGNED/)
  expect(await send(RECIPIENT)).toMatch(/^250 /)
})

test('10.1: a receive-only account takes mail and cannot send', async () => {
  const address = 'veli.deneme@hs98.kep.tr'
  await open({ ...natural(address, 'Veli Deneme'), service: 'receive-only' })
  await operate(kep, 'account activate', { address })
  await evidenced(kep, idIn(await send(address)), 'delivery')
  expect(await mailFrom(address)).toMatch(/^550 5\.7\.1 MAY_NOT_SEND/)
})

test('2.2, 5.16: pending, active and closed differ in what one may do, and in what arrives', async () => {
  const address = 'v.deneme@hs98.kep.tr'
  const outcome = async (name: string) => await evidenced(kep, idIn(await send(address)), name)
  await open(natural(address, 'Veli Deneme'))
  await expect(read(address)).rejects.toThrow('AUTHENTICATIONFAILED')
  expect(reasonsIn(await outcome('non-delivery'))).toEqual(['PolicyViolation'])
  await operate(kep, 'account activate', { address })
  expect(await mailFrom(address)).toMatch(/^250 /)
  await outcome('delivery')
  await operate(kep, 'account close', { address, reason: 'başvuru' })
  expect(await mailFrom(address)).toMatch(/^550 5\.7\.1 ACCOUNT_NOT_ACTIVE/)
  await outcome('non-delivery')
})

test('10.3: a natural person’s address is made of the name, with a number where it is taken', async () => {
  await expect(open(natural('celik.mehmet@hs98.kep.tr', 'Mehmet Ali Çelik'))).rejects.toMatchObject({
    code: 'ADDRESS_FORM',
  })
  await open(natural('mali.celik@hs98.kep.tr', 'Mehmet Ali Çelik'))
  await expect(open(natural('mali.celik@hs98.kep.tr', 'Mehmet Ali Çelik'))).rejects.toMatchObject({
    code: 'ADDRESS_TAKEN',
  })
  const address = 'mali.celik.7@hs98.kep.tr'
  await open(natural(address, 'Mehmet Ali Çelik'))
  await operate(kep, 'account activate', { address })
  await evidenced(kep, idIn(await send(address)), 'delivery')
})

test('10.4: a legal person’s address is its MERSİS number or its name, with one free part', async () => {
  const holder = 'Örnek Yazılım'
  const legal = (local: string): Opening => ({
    address: `${local}@hs98.kep.tr`,
    holder,
    kind: 'legal',
    identity: { type: 'mersis', number: '0123456789012345' },
  })
  await expect(open(legal('baskasi'))).rejects.toMatchObject({ code: 'ADDRESS_FORM' })
  for (const local of ['0123456789012345', '0123456789012345.satis', 'ornekyazilim', 'ornekyazilim.hukuk']) {
    const account = legal(local)
    await open(account)
    await operate(kep, 'account activate', { address: account.address })
    await evidenced(kep, idIn(await send(account.address)), 'delivery')
  }
})

test('10.5: an institution has addresses in a sub-domain of its own, and mail reaches them', async () => {
  const address = 'kurum.hukuk@kurum.hs98.kep.tr'
  await open({ address, holder: 'Kurum', kind: 'public', identity: { type: 'detsis', number: '12345678' } })
  await operate(kep, 'account activate', { address })
  const message = await signed(address)
  expect(await submit(message, { ...where(), to: [address] })).toMatch(/^250 /)
  await arrival(kep, address, 'INBOX', message)
})

test('8.3: the last active person cannot be made passive, and still logs in', async () => {
  const handle = 'deneme.gonderen'
  await expect(operate(kep, 'person revoke', { address: SENDER, handle })).rejects.toMatchObject({
    code: 'LAST_PERSON',
  })
  expect(await mailFrom(SENDER)).toMatch(/^250 /)
})

test('2.4, 3.14: a closed account is read-only, and sends nothing', async () => {
  await operate(kep, 'account close', { address: RECIPIENT, reason: 'kendi isteği' })
  await using imap = await read(RECIPIENT)
  expect((await imap.command('SELECT INBOX')).text).toMatch(/^\[READ-ONLY\]/)
  expect(await mailFrom(RECIPIENT)).toMatch(/^550 5\.7\.1 ACCOUNT_NOT_ACTIVE/)
})

test('10.8, 10.10: for three months after closing nothing is sent or received, and what is there is read', async () => {
  expect(reasonsIn(await evidenced(kep, idIn(await send(RECIPIENT)), 'non-delivery'))).toEqual([
    'PolicyViolation',
  ])
  await atRest(kep)
  const until = Date.parse((await kep.provider.directory.get(RECIPIENT))?.closing?.readableUntil ?? '')
  expect(until - clock.now().getTime()).toBeGreaterThan(88 * DAY)
  clock.elapse(until - clock.now().getTime() - 60_000)
  await using imap = await read(RECIPIENT)
  expect((await imap.command('SELECT INBOX')).status).toBe('OK')
  clock.elapse(60_000)
  await expect(read(RECIPIENT)).rejects.toThrow('AUTHENTICATIONFAILED')
  expect(await submit(Buffer.from('x'), { ...where(), user: RECIPIENT })).toMatch(/^535 5\.7\.8 /)
})

test('10.11: a closed address goes to nobody else, and comes back to its holder with its mail', async () => {
  const taken = { address: RECIPIENT, holder: 'Başka Biri' }
  await expect(operate(kep, 'account create', taken)).rejects.toMatchObject({ code: 'ADDRESS_TAKEN' })
  const other = { type: 'tckn', number: '10000000146' } as const
  await expect(
    operate(kep, 'account reopen', { address: RECIPIENT, identity: other, reason: 'başvuru' }),
  ).rejects.toMatchObject({ code: 'OTHER_HOLDER' })
  await operate(kep, 'account reopen', { address: RECIPIENT, identity: OWNER, reason: 'başvuru' })
  await using imap = await read(RECIPIENT)
  const inbox = await imap.command('SELECT INBOX')
  expect(inbox.lines).toContain('* 1 EXISTS')
})
