import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { PackMaterial } from '../../../../evidence/verify/pack-material.ts'
import { issueCrl } from '../../../../evidence/x509/issue.ts'
import { sourceOf } from '../../../fakes/audit-pack.ts'
import { trustOptions } from '../../../fakes/evidence.ts'
import { answer, type CertStatus } from '../../../fakes/ocsp-responder.ts'
import { daysFromNow, pki } from '../../../fakes/pki.ts'

const { intermediate, provider, tsa } = pki()
const said = (status: CertStatus, days: number): Uint8Array =>
  answer({
    issuer: intermediate,
    producedAt: daysFromNow(days),
    singles: [{ certificate: tsa.certificate, status, thisUpdate: daysFromNow(days), nextUpdate: undefined }],
  })
const list = (serial: Uint8Array, days: number): Uint8Array =>
  issueCrl({
    issuer: intermediate,
    number: 1,
    thisUpdate: daysFromNow(days),
    nextUpdate: daysFromNow(days + 1),
    revoked: [{ serial, date: daysFromNow(days), reason: 1 }],
  })

test('what tells of a revocation is at hand for every time, the rest around its own', async () => {
  const revoked = { revoked: daysFromNow(-400), reason: 1 }
  const [lost, good] = [said(revoked, -400), said('good', -400)]
  const [ours, theirs] = [list(tsa.certificate.serialBytes, -400), list(Uint8Array.of(9), -400)]
  const files = new Map<string, Uint8Array>()
  for (const der of [lost, good]) files.set(`material/${hash('sha256', der)}.ocsp`, der)
  for (const der of [ours, theirs]) files.set(`material/${hash('sha256', der)}.crl`, der)
  for (const { der } of [provider.certificate, tsa.certificate])
    files.set(`material/${hash('sha256', der)}.cer`, der)
  const given = { ...trustOptions(), crls: [] }
  const material = await PackMaterial.read(sourceOf(files), new Set(files.keys()), given)
  expect(material.around(daysFromNow(0))).toMatchObject({ crls: [ours], ocsps: [lost] })
  const then = material.around(daysFromNow(-400))
  expect(new Set(then.crls)).toEqual(new Set([ours, theirs]))
  expect(new Set(then.ocsps)).toEqual(new Set([lost, good]))
})
