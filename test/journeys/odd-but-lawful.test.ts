import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyFile } from '../../evidence/index.ts'
import { EVIDENCE_CHAIN } from '../../server/archive/chain-archive.ts'
import type { ChainEntry } from '../../storage/port.ts'
import { eventually } from '../fakes/eventually.ts'
import { type MessageOptions, signedMessage, submit } from '../fakes/mail-client.ts'
import { arrival, atRest, evidenced, idIn } from '../fakes/mailboxes.ts'
import { pki } from '../fakes/pki.ts'
import { RECIPIENT, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'
import { amount } from '../fakes/thorough.ts'

let kep: TestProvider
beforeAll(async () => {
  kep = await startProvider()
})
afterAll(() => kep[Symbol.asyncDispose]())

const hand = (message: Buffer, over: object = {}) =>
  submit(message, { port: kep.provider.ports.submissions, ca: kep.ca, ...over })
const word = (text: string | Buffer) => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`

const odd: [name: string, options: MessageOptions][] = [
  ['a subject with control characters', { subject: word('a\0b\x01\x08\x0b\x1b[31m\x7f\u0085c') }],
  ['a subject that adds header lines', { subject: word('x\r\nBcc: <eve@hs98.kep.tr>\r\n\r\nbody') }],
  [
    'a subject of broken UTF-8',
    { subject: word(Buffer.from('c3 28 ff fe ed a0 80 f4 90 80 80'.replaceAll(' ', ''), 'hex')) },
  ],
  [
    'a subject of 10 KB',
    { subject: Array.from({ length: 150 }, () => word('ğüşıöç'.repeat(4))).join('\r\n ') },
  ],
  ['a subject without text', { subject: '' }],
  ['a subject that looks like XML', { subject: `<![CDATA[]]> &lt; &#0; <a b='c"d'>]]>` }],
  ['noncharacters', { subject: word('\ufffe\uffff\u{1fffe}') }],
  ['a surrogate by itself', { subject: word(Buffer.from('eda080', 'hex')) }],
  ['bidi overrides', { subject: word('\u202egnp.exe\u2066x\u2069') }],
  ['an XML-hostile display name', { to: [`"<a>&'\\"]]>" <${RECIPIENT}>`] }],
  ['a display name of noncharacters', { to: [`${word('\ufffe\u0000\u202e<b>')} <${RECIPIENT}>`] }],
  [
    'a Turkish display name',
    { to: [`${word('Çağrı Öğüt İŞLETMESİ')} <${RECIPIENT}>`], from: `${word('Ayşe Işık')} <${SENDER}>` },
  ],
  ['an odd Message-ID', { messageId: `<!#$%&'*+-/=?^_\`{|}~.${Date.now()}@[127.0.0.1]>` }],
  ['an unknown charset', { subject: '=?x-nobody-knows?Q?=00=FF?= =?utf-8?X?a?= =?utf-8?Q?=?=' }],
]

async function verified(octets: Uint8Array): Promise<void> {
  const trust = {
    anchors: [pki().root.certificate],
    intermediates: [],
    crls: [...pki().crls],
    revocation: 'if-present' as const,
    now: new Date(),
  }
  expect(await verifyFile({ name: 'e.xml', octets: Buffer.from(octets) }, trust)).toMatchObject({
    verdict: 'TOTAL-PASSED',
  })
}

test.each(odd)('%s: evidence is made and verifies', async (_, options) => {
  const message = await signedMessage(pki().user.signer, undefined, options)
  const id = idIn(await hand(message))
  for (const outcome of ['submission-acceptance', 'delivery']) {
    const { bytes } = await evidenced(kep, id, outcome)
    await verified(bytes)
    // Nothing that XML 1.0 does not know is in it.
    expect(Buffer.from(bytes).toString()).not.toMatch(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/)
  }
  const { body } = await arrival(kep, RECIPIENT, 'INBOX', message)
  expect(body.subarray(0, body.indexOf('\r\n\r\n')).toString('latin1')).not.toMatch(/[^\t\r\n -~]|\nBcc:/i)
})

test.each(['closed', 'pending'])('an account that is %s gets non-delivery evidence', async (state) => {
  const { directory, store } = kep.provider
  const address = `hesap.${state}@hs98.kep.tr`
  const account = { address, kind: 'natural', service: 'send-receive', holder: 'Hesap', quota: 1000 } as const
  await directory.create(account)
  const row = await store.accounts.get(address)
  const document = JSON.stringify({ ...JSON.parse(row?.document ?? ''), state })
  expect(await store.accounts.put(address, document, row?.version ?? 0)).toBe(true)
  const to = [address]
  const id = idIn(await hand(await signedMessage(pki().user.signer, undefined, { to }), { to }))
  const { bytes } = await evidenced(kep, id, 'non-delivery')
  expect(Buffer.from(bytes).toString()).toContain(`the account is ${state}`)
  await verified(bytes)
})

/** Each has its signature and stamp, over a list of them all: the work grows with the square. */
const RECIPIENTS = amount({ whole: 1_000, slice: 200 })
/** On a busy machine too. */
const PATIENCE = 180_000

test(`${RECIPIENTS} recipients: each gets an outcome with evidence, and no row grows`, {
  timeout: 2 * PATIENCE,
}, async () => {
  const to = [RECIPIENT, ...Array.from({ length: RECIPIENTS - 1 }, (_, index) => `yok.${index}@hs98.kep.tr`)]
  const message = await signedMessage(pki().user.signer, undefined, { to })
  const id = idIn(await hand(message, { to }))
  const [intake] = await kep.provider.store.intakesNamed(id)
  // Each lists all recipients: what was read is not read again.
  const entries: ChainEntry[] = []
  const { chain } = kep.provider.store
  const all = async () => {
    entries.push(...(await chain.ofIntake(EVIDENCE_CHAIN, intake?.id ?? '', entries.at(-1)?.seq ?? 0, 2000)))
    return entries.length === RECIPIENTS + 1 ? true : undefined
  }
  await eventually(all, 'all evidence', PATIENCE)
  const outcomes = entries.map((entry) => JSON.parse(entry.meta))
  expect(new Set(outcomes.map(({ recipient }) => recipient)).size).toBe(RECIPIENTS + 1)
  expect(outcomes.filter(({ outcome }) => outcome === 'non-delivery')).toHaveLength(RECIPIENTS - 1)
  const rows = await kep.provider.store.work.of(intake?.id ?? '', { recipient: -1, slot: '' }, 10_000)
  expect(Math.max(...rows.map(({ payload }) => payload.length))).toBeLessThan(1000)
  await verified(entries[0]!.bytes)
  await atRest(kep)
  expect(await chain.ofIntake(EVIDENCE_CHAIN, intake?.id ?? '', entries.at(-1)!.seq, 1)).toEqual([])
})
