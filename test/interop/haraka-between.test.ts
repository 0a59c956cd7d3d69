/**
 * Two providers, and between them in both directions a mail system that writes anew what it passes on. What arrives is
 * what was sent, octet for octet, or it is refused with evidence: there is nothing in between.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { environment } from '../../config/environment.ts'
import { openImapSession } from '../../scripts/client/imap-session.ts'
import { CONTRADICTED } from '../../server/issue/steps.ts'
import { eventually } from '../fakes/eventually.ts'
import { type Exchange, introduce, RECIPIENT_THERE, startExchange } from '../fakes/exchange.ts'
import { type MessageOptions, opaqueMessage, signedMessage, submit } from '../fakes/mail-client.ts'
import { archived, atRest, evidenced, holding, idIn, outcomesOf, rowsIn } from '../fakes/mailboxes.ts'
import { pemOf } from '../fakes/peer-entry.ts'
import { pki } from '../fakes/pki.ts'
import { PASSWORD, SENDER } from '../fakes/provider.ts'
import { type Haraka, harakaIsHere, startHaraka } from './haraka.ts'

interface Case {
  readonly name: string
  readonly part?: string | Buffer
  readonly options?: MessageOptions
  readonly opaque?: boolean
  /** Haraka leaves the signed octets alone, or it does not. */
  readonly ends: 'arrives' | 'is refused'
}

const TEXT = 'Content-Type: text/plain; charset=utf-8\r\n\r\n'
const EIGHT_BIT = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'

const cases: readonly Case[] = [
  { name: 'plain ASCII', ends: 'arrives' },
  {
    name: '8-bit text, also such that is no UTF-8',
    part: Buffer.concat([
      Buffer.from(`${EIGHT_BIT}Sayın ilgili, çağrı `),
      Buffer.from('ff fe c3 28 0d 0a'.replaceAll(' ', ''), 'hex'),
    ]),
    ends: 'arrives',
  },
  { name: 'opaque signed', opaque: true, ends: 'arrives' },
  { name: 'a line of 990 octets', part: `${TEXT}${'x'.repeat(990)}\r\n`, ends: 'arrives' },
  // Its limit counts CRLF and is that of Sendmail: longer lines are cut in two.
  { name: 'a line of 998 octets', part: `${TEXT}${'x'.repeat(998)}\r\n`, ends: 'is refused' },
  {
    name: 'dots and blanks at the ends of lines, empty lines at the end',
    part: `${TEXT}.\r\n..\r\n.bir\r\n \t\r\niki  \t\r\n\r\n\r\n\r\n`,
    ends: 'arrives',
  },
  {
    name: 'an odd but lawful header',
    options: {
      extra:
        `X-Bos:\r\nX-Katlanmis: a\r\n\t \t b  \r\n  c\r\nx-KUCUK-Buyuk : bir\r\nX-Uzun: ${'y'.repeat(900)}\r\n` +
        'Authentication-Results: biri; spf=pass\r\nReceived: from a by b; Sat, 21 Nov 2026 12:00:00 +0300\r\n',
      subject: '=?utf-8?B?xJ/DvMWfacO2w6c=?=\r\n =?utf-8?Q?_=C4=B0?=',
    },
    ends: 'arrives',
  },
  {
    name: 'a header line of 993 octets',
    options: { extra: `X-Uzun: ${'y'.repeat(985)}\r\n` },
    ends: 'is refused',
  },
]

const ARRIVED = ['submission-acceptance', 'relay-acceptance', 'delivery', 'retrieval']
const REFUSED = ['submission-acceptance', 'relay-rejection']

const open = new AsyncDisposableStack()
let exchange: Exchange
let haraka: Haraka

describe.skipIf(!harakaIsHere() && !environment.continuous)(
  'Haraka in between (scripts/install-test-tools brings it)',
  () => {
    beforeAll(async () => {
      exchange = open.use(await startExchange())
      const { here, there } = exchange
      const holder = pki().issue({ kind: 'tls', dns: ['haraka.test'], ip: ['127.0.0.1'] })
      const ports = [here, there].map(({ domain, provider }) => [domain, provider.ports.peer])
      haraka = open.use(await startHaraka(Object.fromEntries(ports), holder))
      const certificates = [pemOf(holder.certificate)]
      const by = {
        route: { host: '127.0.0.1', port: haraka.port, tls: 'starttls' as const },
        tls: { ca: [], certificates },
        client: { ca: [], certificates, addresses: [] },
      }
      await introduce(here, there, by)
      await introduce(there, here, by)
    })
    afterAll(() => open.disposeAsync())

    test.each(cases)('$name: $ends', async ({ part, options, opaque, ends }) => {
      const { here, there } = exchange
      const compose = opaque ? opaqueMessage : signedMessage
      const octets = typeof part === 'string' ? Buffer.from(part) : part
      const message = await compose(pki().user.signer, octets, { ...options, to: [RECIPIENT_THERE] })
      const before = (await rowsIn(there, RECIPIENT_THERE, 'INBOX')).rows.length
      const id = idIn(
        await submit(message, { port: here.provider.ports.submissions, ca: here.ca, to: [RECIPIENT_THERE] }),
      )
      await evidenced(here, id, ends === 'arrives' ? 'delivery' : 'relay-rejection')
      if (ends === 'arrives') {
        const [found, ...more] = await holding(there, RECIPIENT_THERE, 'INBOX', message)
        expect(more).toEqual([])
        await read(found!.row.uid)
        await evidenced(here, id, 'retrieval')
      }
      await atRest(here)
      await atRest(there)
      expect((await rowsIn(there, RECIPIENT_THERE, 'INBOX')).rows).toHaveLength(
        before + (ends === 'arrives' ? 1 : 0),
      )
      expect(await outcomesOf(here, id)).toEqual(ends === 'arrives' ? ARRIVED : REFUSED)
      // The peer's evidence came through the same hands, and is the peer's own, octet for octet.
      const mine = await archived(here)
      for (const { eventId, bytes } of (await archived(there)).filter(({ told }) => told.messageId === id))
        expect(
          Buffer.compare(mine.find((entry) => entry.eventId.endsWith(`/${eventId}`))!.bytes, bytes),
        ).toBe(0)
      const intake = (await here.provider.store.intakesNamed(id))[0]!.id
      expect(await here.provider.store.work.get(intake, 1, CONTRADICTED)).toBeUndefined()
    })

    test('everything went through it, and nobody contradicts anybody', async () => {
      const { here, there } = exchange
      const sent = cases.length
      const answers = cases.reduce((sum, { ends }) => sum + (ends === 'arrives' ? 3 : 1), 0)
      expect(haraka.log().match(/smtp_forward\] C: MAIL FROM:<bounce\+/g)).toHaveLength(sent)
      expect(haraka.log().match(/smtp_forward\] C: MAIL FROM:<>/g)).toHaveLength(answers)
      expect(await here.metric('openkep_contradictions_total')).toBe(0)
      expect(await there.metric('openkep_contradictions_total')).toBe(0)
      expect((await rowsIn(here, SENDER, 'Deliller')).rows).toHaveLength(sent + answers)
    })
  },
)

async function read(uid: number): Promise<void> {
  const { provider, ca } = exchange.there
  await using imap = await openImapSession(
    { port: provider.ports.imaps, ca },
    { user: RECIPIENT_THERE, password: PASSWORD },
  )
  await imap.command('SELECT INBOX')
  await eventually(async () => {
    await imap.command('NOOP')
    return (await imap.command(`UID FETCH ${uid} (BODY[])`)).literals[0]
  }, 'the content')
}
