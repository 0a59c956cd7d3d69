/** Signatures as other programs write them: other canonicalisations, the older certificate property, XPath Filter 2. */
import { hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { DEFAULT_PROFILE } from '../../../../evidence/model/profile.ts'
import { writeEvidence } from '../../../../evidence/model/write.ts'
import type { Timestamper } from '../../../../evidence/ports.ts'
import { verifyFile } from '../../../../evidence/verify/verify-file.ts'
import { DS, EXCLUSIVE_C14N, INCLUSIVE_C14N } from '../../../../evidence/xades/algorithms.ts'
import { verifyXades } from '../../../../evidence/xades/verify.ts'
import { afterEvent, checkedDraft, localTimestamper, trustOptions } from '../../../fakes/evidence.ts'
import {
  certificateDigest,
  type ForeignShape,
  filter2,
  foreign,
  V1,
  V2,
} from '../../../fakes/foreign-signature.ts'

const verify = (text: string) =>
  verifyXades(Buffer.from(text), () => {
    throw new Error('there is no time-stamp')
  })

describe('accepted', () => {
  test.each<[string, ForeignShape]>([
    ['exclusive c14n', {}],
    ['inclusive c14n', { c14n: INCLUSIVE_C14N }],
    ['SigningCertificate of version 1', { certificateProperty: V1 }],
    ['XPath Filter 2, as in EN 319 532-4', { envelopedTransform: filter2('/descendant::ds:Signature') }],
    ['a reference to the root by Id', { rootUri: '#root' }],
  ])('%s', async (_name, shape) => {
    const text = await foreign(shape)
    expect(verify(text)).toMatchObject({
      ok: true,
      timestamp: undefined,
      signingTime: new Date('2026-01-01T10:00:00Z'),
    })
    expect(verify(text.replace('Şğ', 'Şg'))).toMatchObject({ ok: false, failure: 'HASH_FAILURE' })
    expect(verify(text.replace('13:00:00+03:00', '13:00:01+03:00'))).toMatchObject({
      ok: false,
      failure: 'HASH_FAILURE',
    })
  })
})

describe('refused', () => {
  test.each<[string, ForeignShape, string]>([
    [
      'XPath Filter 2 that subtracts more',
      { envelopedTransform: filter2('/descendant::r:Text') },
      'TRANSFORMS',
    ],
    [
      'XPath Filter 2 that intersects',
      { envelopedTransform: filter2('/descendant::ds:Signature', 'intersect') },
      'TRANSFORMS',
    ],
    [
      'a prefix that is not the signature',
      { envelopedTransform: filter2('/descendant::r:Signature') },
      'TRANSFORMS',
    ],
    ['no enveloped transform', { envelopedTransform: '' }, 'REFERENCES'],
    ['c14n with comments', { c14n: `${EXCLUSIVE_C14N}WithComments` }, 'TRANSFORMS'],
    [
      'a digest of another certificate',
      { certificateProperty: V2.replace(certificateDigest, hash('sha256', 'x', 'base64')) },
      'SIGNING_CERTIFICATE',
    ],
    [
      'version 1 with the serial number of another certificate',
      { certificateProperty: V1.replace(/(<ds:X509SerialNumber>)\d+/, '$11') },
      'SIGNING_CERTIFICATE',
    ],
    [
      'version 1 with no number',
      { certificateProperty: V1.replace(/(<ds:X509SerialNumber>)\d+/, '$10x1') },
      'SIGNING_CERTIFICATE',
    ],
  ])('%s', async (_name, shape, failure) => {
    expect(verify(await foreign(shape))).toMatchObject({ ok: false, failure })
  })
})

/** Evidence of another program; its facts are those of ours. */
const foreignEvidence = (shape: ForeignShape, eventCode: string, timestamper?: Timestamper) => {
  const { head, tail } = writeEvidence(checkedDraft(Buffer.from('x'), { eventCode }))
  const open = head.replace(/^<(\w+:)?\w+/, `$& xmlns:ds="${DS}"`)
  const signingTime = afterEvent(3 * 3_600_000).replace('.000Z', '+03:00')
  return foreign({ ...shape, signingTime, open, close: tail, ...(timestamper && { timestamper }) })
}

describe('evidence of others passes, with its facts', () => {
  test.each<[string, ForeignShape, string]>([
    [
      'V1, XPath Filter 2, http:',
      { certificateProperty: V1, envelopedTransform: filter2('/descendant::ds:Signature') },
      'http:uri.etsi.org/',
    ],
    [
      'V2, XPath Filter 2, http://',
      { envelopedTransform: filter2('/descendant::ds:Signature') },
      'http://uri.etsi.org/',
    ],
    [
      'V1, inclusive c14n, http://',
      { certificateProperty: V1, c14n: INCLUSIVE_C14N },
      'http://uri.etsi.org/',
    ],
  ])('%s', async (_name, shape, prefix) => {
    const code = DEFAULT_PROFILE.eventCodes['submission-acceptance'].replace('http:uri.etsi.org/', prefix)
    const text = await foreignEvidence(shape, code, localTimestamper())
    const report = await verifyFile({ name: 'delil.xml', octets: Buffer.from(text) }, trustOptions())
    expect(report).toMatchObject({
      kind: 'evidence',
      verdict: 'TOTAL-PASSED',
      signatures: [{ format: 'XAdES B-T' }],
      fields: { remmdId: '<rem.1@hs98.kep.tr>', detayMesaji: expect.stringMatching(/^Gönderi kabul edildi/) },
    })
    const bare = await foreignEvidence(shape, code)
    expect(await verifyFile({ name: 'delil.xml', octets: Buffer.from(bare) }, trustOptions())).toMatchObject({
      verdict: 'INDETERMINATE',
      reason: 'TIMESTAMP_MISSING',
    })
  })

  test('a signed document that is no evidence of TS 102 640 is not said to be broken', async () => {
    const text = await foreign({ timestamper: localTimestamper() })
    expect(await verifyFile({ name: 'x.xml', octets: Buffer.from(text) }, trustOptions())).toMatchObject({
      verdict: 'INDETERMINATE',
      subIndication: 'CUSTOM',
      reason: 'EVIDENCE_UNREADABLE',
      timestamps: [{ verdict: 'TOTAL-PASSED' }],
    })
  })
})
