/** What evidence says, and for how long: section 5 of docs/rules.md. One message to a reader and to nobody. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyFile } from '../../../evidence/index.ts'
import { base64Lines } from '../../../mail/base64-lines.ts'
import { openImapSession } from '../../../scripts/client/imap-session.ts'
import { signedMessage, submit } from '../../fakes/mail-client.ts'
import {
  archived,
  atRest,
  type Evidence,
  evidenced,
  holding,
  idIn,
  reasonsIn,
} from '../../fakes/mailboxes.ts'
import { operate } from '../../fakes/operator.ts'
import { pki } from '../../fakes/pki.ts'
import {
  DOMAIN,
  PASSWORD,
  RECIPIENT,
  SENDER,
  startProvider,
  type TestProvider,
} from '../../fakes/provider.ts'

const NOBODY = 'yok.boyle.biri@hs98.kep.tr'

let kep: TestProvider
let id: string
const evidence = new Map<string, Evidence>()
beforeAll(async () => {
  kep = await startProvider()
  const to = [RECIPIENT, NOBODY]
  const message = await signedMessage(pki().user.signer, undefined, { to })
  id = idIn(await submit(message, { port: kep.provider.ports.submissions, ca: kep.ca, to }))
  await evidenced(kep, id, 'delivery')
  await using imap = await openImapSession(
    { port: kep.provider.ports.imaps, ca: kep.ca },
    { user: RECIPIENT, password: PASSWORD },
  )
  await imap.command('SELECT INBOX')
  await imap.command('FETCH 1 (BODY[])')
  await evidenced(kep, id, 'retrieval')
  await evidenced(kep, id, 'non-delivery')
  await atRest(kep)
  for (const one of await archived(kep)) evidence.set(one.told.outcome, one)
})
afterAll(() => kep[Symbol.asyncDispose]())

const textOf = (outcome: string): string => Buffer.from(evidence.get(outcome)?.bytes ?? []).toString()
const field = (outcome: string, name: string): string =>
  new RegExp(`<${name}>([^<]*)<`).exec(textOf(outcome))?.[1] ?? ''

test('5.1: evidence tells when, by whom, through which provider, to whose box, and read by whom', () => {
  const submission = textOf('submission-acceptance')
  for (const told of [
    SENDER,
    'Ayşe Işık',
    RECIPIENT,
    NOBODY,
    `Deneme KEPHS ${DOMAIN}`,
    `&lt;${id.slice(1, -1)}`,
  ])
    expect(submission, told).toContain(told)
  for (const outcome of ['delivery', 'retrieval']) {
    const text = textOf(outcome)
    for (const told of [RECIPIENT, `Deneme KEPHS ${DOMAIN}`, `&lt;${id.slice(1, -1)}`])
      expect(text, `${outcome}: ${told}`).toContain(told)
  }
  expect(textOf('retrieval')).toContain('Çağrı Öğüt')
})

test('5.3, 5.5: delivery and non-delivery are evidence of one recipient each, the latter with its reason', () => {
  expect(field('delivery', 'EvidenceRefersToRecipient')).toBe('1')
  expect(field('non-delivery', 'EvidenceRefersToRecipient')).toBe('2')
  expect(reasonsIn(evidence.get('non-delivery')!)).toEqual(['UnknownRecipient'])
})

test('5.6: the sender has the times of acceptance, delivery and reading, each in a delil of its own', async () => {
  const times = ['submission-acceptance', 'delivery', 'retrieval'].map((one) => field(one, 'EventTime'))
  for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT/)
  expect(times).toEqual(times.toSorted())
  for (const { bytes } of evidence.values())
    expect(await holding(kep, SENDER, 'Deliller', base64Lines(bytes))).toHaveLength(1)
})

test('5.12: each is kept for twenty years at least', () => {
  expect(evidence.size).toBe(4)
  for (const { at, keepUntil } of evidence.values()) {
    const until = new Date(at)
    until.setUTCFullYear(until.getUTCFullYear() + 20)
    expect(keepUntil).toBeGreaterThanOrEqual(until.getTime())
  }
})

test('5.13: each is presented on demand, and verifies with nothing but the anchors', async () => {
  const { evidence: listed } = await operate(kep, 'evidence list', { party: SENDER })
  expect(listed.map(({ outcome }) => outcome).toSorted()).toEqual([...evidence.keys()].toSorted())
  for (const { bytes } of evidence.values())
    expect(
      await verifyFile(
        { name: 'delil.xml', octets: Buffer.from(bytes) },
        {
          anchors: [pki().root.certificate],
          intermediates: [],
          crls: [],
          revocation: 'if-present',
          now: new Date(),
        },
      ),
    ).toMatchObject({ verdict: 'TOTAL-PASSED' })
  expect(await operate(kep, 'archive check', {})).toMatchObject({ ok: true })
})
