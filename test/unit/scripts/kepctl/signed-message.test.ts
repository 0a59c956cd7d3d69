import { describe, expect, test } from 'vitest'
import { verifyFile } from '../../../../evidence/index.ts'
import { type MessageToSign, signedMessage } from '../../../../scripts/kepctl/signed-message.ts'
import { trustOptions } from '../../../fakes/evidence.ts'
import { pki } from '../../../fakes/pki.ts'

const base: MessageToSign = {
  from: { address: 'deneme.gonderen@hs98.kep.tr' },
  to: [{ address: 'deneme.alici@hs98.kep.tr' }],
  cc: [],
  subject: 'İhtar: sözleşme',
  body: 'Sayın ilgili,\nçğışöü\r\n.\nFrom here\n',
  attachments: [],
  date: new Date(),
  messageId: '<1@hs98.kep.tr>',
}

const attachments = [
  { name: 'dilekçe "son".pdf', octets: Buffer.alloc(100_000, 0x41) },
  { name: 'boş.txt', octets: new Uint8Array(0) },
  { name: 'a\r\nX-Injected: 1', octets: Buffer.from('x') },
]

describe('a message that we build', () => {
  test.each([
    ['text alone', {}],
    ['attachments', { attachments }],
    ['an empty body', { body: '' }],
    ['a copy', { cc: [{ address: 'b@hs98.kep.tr' }] }],
  ])('%s: verifies, 7bit, short lines, no bare line ends', async (_, changes) => {
    const octets = await signedMessage({ ...base, ...changes }, pki().user.signer)
    const report = await verifyFile({ name: 'ileti.eml', octets }, trustOptions())
    expect(report).toMatchObject({ kind: 'message', verdict: 'TOTAL-PASSED' })
    const text = octets.toString('latin1')
    expect(text).toMatch(/^[\r\n\t\x20-\x7e]*$/)
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    expect(Math.max(...text.split('\r\n').map((line) => line.length))).toBeLessThan(998)
    expect(text).not.toMatch(/^X-Injected/m)
    expect(report.fields.konu).toBe('İhtar: sözleşme')
  })

  test('a Subject cannot end its field', async () => {
    const octets = await signedMessage({ ...base, subject: 'a\r\nBcc: x@hs98.kep.tr' }, pki().user.signer)
    expect(octets.toString('latin1')).not.toMatch(/^Bcc/m)
  })
})
