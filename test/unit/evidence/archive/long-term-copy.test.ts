import { expect, test } from 'vitest'
import { composeLongTerm } from '../../../../evidence/archive/long-term-copy.ts'
import { verifyFile } from '../../../../evidence/verify/verify-file.ts'
import { signedEvidence, trustOptions } from '../../../fakes/evidence.ts'
import { answer } from '../../../fakes/ocsp-responder.ts'
import { daysFromNow, pki } from '../../../fakes/pki.ts'

test('answers of responders count like lists, and lists of other issuers stand beside them', async () => {
  const { root, intermediate, provider, tsa, crls } = pki()
  const window = { thisUpdate: daysFromNow(0), nextUpdate: daysFromNow(7) }
  const singles = [provider, tsa].map(({ certificate }) => ({ certificate, ...window }))
  const ocsps = singles.map((single) => answer({ issuer: intermediate, singles: [single] }))
  const certificates = [root.certificate.der, intermediate.certificate.der]
  const original = await signedEvidence(Buffer.from('x'))
  const copy = composeLongTerm(original, { certificates, crls: [crls[0]!], ocsps })
  const text = Buffer.from(copy).toString()
  expect(text.match(/<xades:EncapsulatedOCSPValue>/g)).toHaveLength(2)
  expect(text.match(/<xades:EncapsulatedCRLValue>/g)).toHaveLength(1)
  const bare = { ...trustOptions(), crls: [], ocsps: [], intermediates: [], revocation: 'require' } as const
  expect(await verifyFile({ name: 'x', octets: copy }, bare)).toMatchObject({
    verdict: 'TOTAL-PASSED',
    revocation: 'checked',
  })
  expect((await verifyFile({ name: 'x', octets: original }, bare)).verdict).toBe('INDETERMINATE')
})
