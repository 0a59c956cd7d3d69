import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { base64Lines } from '../../../mail/base64-lines.ts'
import { servedBy } from '../../../mail/served-at.ts'
import { eventually } from '../../fakes/eventually.ts'
import { type Exchange, RECIPIENT_THERE, startExchange } from '../../fakes/exchange.ts'
import { type MessageOptions, PLAIN_PART, signedMessage, submit } from '../../fakes/mail-client.ts'
import { archived, arrival, type Evidence, evidenced, idIn } from '../../fakes/mailboxes.ts'
import { operate } from '../../fakes/operator.ts'
import { pki } from '../../fakes/pki.ts'
import { RECIPIENT, SENDER } from '../../fakes/provider.ts'
import { eyp } from '../../fakes/zip.ts'

let pair: Exchange
beforeAll(async () => {
  pair = await startExchange()
})
afterAll(() => pair[Symbol.asyncDispose]())

async function send(type: string, part = PLAIN_PART, options: MessageOptions = {}): Promise<string> {
  const to = options.to ?? [RECIPIENT]
  const message = await signedMessage(pki().user.signer, part, {
    ...options,
    to,
    extra: `X-TR-REM-iletiTip: ${type}\r\n`,
  })
  return await submit(message, { port: pair.here.provider.ports.submissions, ca: pair.here.ca, to })
}

async function authorise(mayServe: boolean): Promise<void> {
  const { accounts } = pair.here.provider.store
  const row = await accounts.get(SENDER)
  const document = JSON.stringify({ ...JSON.parse(row?.document ?? ''), mayServe })
  expect(await accounts.put(SENDER, document, row?.version ?? 0)).toBe(true)
}

const fieldIn = ({ bytes }: Evidence, name: string): string | undefined =>
  new RegExp(`<(?:\\w+:)?${name}(?: [^>]*)?>([^<]*)<`).exec(Buffer.from(bytes).toString())?.[1]

describe('eTebligat', () => {
  test('12.1: is not taken from who may not serve; the refusal is evidenced', async () => {
    expect(await send('eTebligat')).toMatch(/^550 5\.7\.1 MAY_NOT_SERVE/)
    const refusal = await eventually(async () => (await archived(pair.here))[0], 'the refusal')
    expect(refusal.told).toMatchObject({ outcome: 'submission-rejection', reason: 'PolicyViolation' })
  })

  test('12.2: is served at the end of the fifth day: in the delil of either provider, on the receipt, in the trace', async () => {
    await authorise(true)
    const id = idIn(await send('eTebligat', PLAIN_PART, { to: [RECIPIENT, RECIPIENT_THERE] }))
    const delivery = async (kep: Exchange['here'], recipient: number) => {
      await evidenced(kep, id, 'delivery')
      const found = (await archived(kep)).filter(
        ({ told }) => told.messageId === id && told.outcome === 'delivery' && told.provider === undefined,
      )
      expect(found.map(({ told }) => told.recipient)).toEqual([recipient])
      return found[0]!
    }
    const ours = await delivery(pair.here, 1)
    expect(yearsKept(ours)).toBe(30) // longer than other mail, as the rules of service ask
    for (const evidence of [ours, await delivery(pair.there, 2)]) {
      const rule = { days: 5, zone: 'Europe/Istanbul' }
      const { at } = servedBy(new Date(fieldIn(evidence, 'EventTime') ?? ''), rule)
      expect(fieldIn(evidence, 'ServedAt')).toBe(at.toISOString())
      expect(fieldIn(evidence, 'Days')).toBe('5')
      expect(fieldIn(evidence, 'Zone')).toBe('Europe/Istanbul')
    }
    const { body } = await arrival(pair.here, SENDER, 'Deliller', base64Lines(ours.bytes).slice(0, 70))
    expect(body.toString()).toMatch(/Tebli=C4=9F edilmi=C5=9F say=C4=B1lma: \d/)
    const { messages } = await operate(pair.here, 'trace', { id })
    const served = messages[0]?.timeline.flatMap(({ served: told, provider }) =>
      told ? [[told.day, provider]] : [],
    )
    expect(served).toEqual([[fieldIn(ours, 'ServedAtEndOf'), undefined]])
  })

  test('an ordinary letter of the same account is not served', async () => {
    const id = idIn(await send('standart'))
    expect(fieldIn(await evidenced(pair.here, id, 'delivery'), 'ServedAt')).toBeUndefined()
    expect(yearsKept(await evidenced(pair.here, id, 'delivery'))).toBe(20)
  })
})

describe('eYazisma', () => {
  const withPackage = (octets: Buffer) =>
    Buffer.from(
      `Content-Type: application/octet-stream; name=yazi.eyp\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64Lines(octets)}\r\n`,
    )

  test('3.3, 12.7: needs a package; what is wrong inside it is told to the operator', async () => {
    expect(await send('eYazisma')).toMatch(/^550 5\.6\.0 EYP_ATTACHMENT/)
    expect(await send('eYazisma', withPackage(eyp()))).toMatch(/^250/)
    expect(await pair.here.metric('openkep_plugin_notices_total')).toBe(0)
    expect(await send('eYazisma', withPackage(Buffer.from('no package')))).toMatch(/^250/)
    expect(
      await pair.here.metric('openkep_plugin_notices_total', {
        plugin: 'e-yazisma-package',
        code: 'NOT_A_ZIP',
      }),
    ).toBe(1)
  })

  test('what is signed and what is shown are one type', async () => {
    const part = Buffer.from(`X-TR-REM-iletiTip: eTebligat\r\n${PLAIN_PART}`)
    expect(await send('standart', part)).toMatch(/^550 5\.6\.0 PROTECTED_HEADER_DIFFERS/)
  })
})

test('a type that nobody knows', async () => {
  expect(await send('ilan')).toMatch(/^550 5\.6\.0 MESSAGE_TYPE_UNKNOWN/)
})

const yearsKept = ({ at, keepUntil }: { at: number; keepUntil: number }): number =>
  new Date(keepUntil).getUTCFullYear() - new Date(at).getUTCFullYear()
