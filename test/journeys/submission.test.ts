import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyFile } from '../../evidence/index.ts'
import { eventually } from '../fakes/eventually.ts'
import { opaqueMessage, signedMessage, submit } from '../fakes/mail-client.ts'
import { bodyOf, arrival as mailboxArrival, rowsIn } from '../fakes/mailboxes.ts'
import { mimeShapes } from '../fakes/mime-shapes.ts'
import { pki } from '../fakes/pki.ts'
import { RECIPIENT, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'

let kep: TestProvider
beforeAll(async () => {
  kep = await startProvider()
})
afterAll(() => kep[Symbol.asyncDispose]())

const hand = (message: Buffer, over: object = {}) =>
  submit(message, { port: kep.provider.ports.submissions, ca: kep.ca, ...over })

const arrival = (account: string, name: string, needle: Buffer | string) =>
  mailboxArrival(kep, account, name, needle)

const trust = () => ({
  anchors: [pki().root.certificate],
  intermediates: [],
  crls: [...pki().crls],
  revocation: 'require' as const,
  now: new Date(),
})

describe('a signed message', () => {
  test('3.17, 3.18: is accepted, evidenced, enveloped and delivered; the original inside is byte-equal', async () => {
    const message = await signedMessage(pki().user.signer)
    expect(await hand(message)).toMatch(/^250 2\.6\.0 <rem\./)
    const { row, body } = await arrival(RECIPIENT, 'INBOX', message)
    expect(row).toMatchObject({ origin: 'pipeline', delivery: { recipient: 1 } })
    const report = await verifyFile({ name: 'dispatch.eml', octets: body }, trust())
    expect(report).toMatchObject({ kind: 'dispatch', verdict: 'TOTAL-PASSED' })
    const receipts = await eventually(async () => {
      const { rows } = await rowsIn(kep, SENDER, 'Deliller')
      return rows.length >= 2 ? rows : undefined
    })
    for (const receipt of receipts) {
      const octets = await bodyOf(kep, receipt)
      expect(await verifyFile({ name: 'receipt.eml', octets }, trust())).toMatchObject({
        kind: 'receipt',
        verdict: 'TOTAL-PASSED',
      })
    }
    const sent = await arrival(SENDER, 'Giden Kutusu', message)
    expect(sent.row.flags).toEqual(expect.arrayContaining(['\\Seen', '$KEPType-standart']))
  })

  test.each([...mimeShapes])('shape: %s', async (_, part) => {
    for (const message of [
      await signedMessage(pki().user.signer, part),
      await opaqueMessage(pki().user.signer, part),
    ]) {
      expect(await hand(message)).toMatch(/^250 /)
      const { body } = await arrival(RECIPIENT, 'INBOX', message)
      expect(await verifyFile({ name: 'd.eml', octets: body }, trust())).toMatchObject({
        verdict: 'TOTAL-PASSED',
      })
    }
  })

  test('the same submission again is told the first id and makes nothing new', async () => {
    const message = await signedMessage(pki().user.signer)
    const first = await hand(message)
    const again = await hand(message)
    expect(again).toContain('repeated')
    expect(/<[^>]+>/.exec(again)?.[0]).toBe(/<[^>]+>/.exec(first)?.[0])
    await arrival(RECIPIENT, 'INBOX', message)
    const { rows } = await rowsIn(kep, RECIPIENT, 'INBOX')
    const bodies = await Promise.all(rows.map((row) => bodyOf(kep, row)))
    expect(bodies.filter((body) => body.includes(message))).toHaveLength(1)
  })

  test('an unknown local recipient gets non-delivery evidence, the others their message', async () => {
    const nobody = 'yok.boyle.biri@hs98.kep.tr'
    const message = await signedMessage(pki().user.signer, undefined, {
      to: [RECIPIENT, nobody],
      subject: 'iki alici',
    })
    expect(await hand(message, { to: [RECIPIENT, nobody] })).toMatch(/^250 /)
    await arrival(RECIPIENT, 'INBOX', message)
    await arrival(SENDER, 'Deliller', 'Non delivery')
  })
})

describe('a refusal', () => {
  test('after complete DATA makes signed rejection evidence before the 5xx is told', async () => {
    const message = await signedMessage(pki().user.signer)
    const broken = Buffer.from(message.toString('latin1').replace('Merhaba', 'Merhabe'), 'latin1')
    expect(await hand(broken)).toMatch(/^550 5\.7\.7 SIGNATURE_INVALID/)
    const { body } = await arrival(SENDER, 'Deliller', 'Submission rejection')
    expect(await verifyFile({ name: 'r.eml', octets: body }, trust())).toMatchObject({
      kind: 'receipt',
      verdict: 'TOTAL-PASSED',
    })
  })
})
