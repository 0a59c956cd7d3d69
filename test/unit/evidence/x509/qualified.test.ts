import { describe, expect, test } from 'vitest'
import { OID } from '../../../../evidence/asn1/oid.ts'
import { integer, oid, sequence } from '../../../../evidence/asn1/writer.ts'
import { X509Error } from '../../../../evidence/x509/error.ts'
import { extension } from '../../../../evidence/x509/extensions.ts'
import { validatePath } from '../../../../evidence/x509/path.ts'
import { pki } from '../../../fakes/pki.ts'

const statement = (id: string, ...info: Uint8Array[]) => sequence(oid(id), ...info)
const stating = (statements: readonly Uint8Array[], critical = false) =>
  pki().issue(
    { kind: 'user', email: 'a@hs98.kep.tr' },
    { extensions: [extension(OID.qcStatements, critical, sequence(...statements))] },
  ).certificate

const types = (...ids: string[]) => statement(OID.qcType, sequence(...ids.map(oid)))
const compliance = statement(OID.qcCompliance)

describe('EN 319 412-5 §4.2: statements of qualified certificates', () => {
  test.each([
    ['none', [], { isQualified: false, onDevice: false, national: undefined, types: [] }],
    ['compliance', [compliance], { isQualified: true }],
    ['a NES', [compliance, statement(OID.trPersonal)], { isQualified: true, national: 'nes' }],
    ['an e-seal', [compliance, statement(OID.trSeal)], { isQualified: true, national: 'e-seal' }],
    ['the national one alone', [statement(OID.trPersonal)], { isQualified: false, national: 'nes' }],
    ['a device', [compliance, statement(OID.qcDevice)], { onDevice: true }],
    ['types', [compliance, types(OID.qcTypeSeal, '0.4.0.1862.1.6.9')], { types: ['seal'] }],
    [
      'an amount, and what nobody knows',
      [compliance, statement('1.2.3.4', integer(5))],
      { isQualified: true },
    ],
  ])('%s', (_, statements, expected) => expect(stating(statements).qualification).toMatchObject(expected))

  test('a certificate without the extension states nothing', () =>
    expect(pki().user.certificate.qualification).toBeUndefined())

  test('they may be critical', () => {
    const context = { ...pki().trust, at: new Date() }
    expect(validatePath(stating([compliance], true), context).ok).toBe(true)
  })

  test.each([
    ['a statement of three parts', [statement(OID.qcCompliance, integer(1), integer(2))]],
    ['types that are no list', [statement(OID.qcType, integer(1))]],
    ['more than anybody makes', Array.from({ length: 33 }, (_, i) => statement(`1.2.3.${i}`))],
  ])('%s: malformed', (_, statements) => expect(() => stating(statements)).toThrow(X509Error))
})
