import { OID } from '../../../evidence/asn1/oid.ts'
import { oid, sequence, tagged, taggedPrimitive } from '../../../evidence/asn1/writer.ts'
import { parseCertificate } from '../../../evidence/x509/certificate.ts'
import { X509Error } from '../../../evidence/x509/error.ts'
import { extension } from '../../../evidence/x509/extensions.ts'
import { issueCertificate } from '../../../evidence/x509/issue.ts'
import { validatePath } from '../../../evidence/x509/path.ts'
import { authorityInfoAccess, crlDistributionPoints, uriName } from '../../../test/fakes/crl-parts.ts'
import { daysFromNow, pki } from '../../../test/fakes/pki.ts'
import { policyExtensions } from '../../../test/fakes/policy-pki.ts'
import { Broken, codeOf, filled, type Growth, shapeOf, type Target } from '../target.ts'

const at = new Date()

const issued = (...extensions: readonly Uint8Array[]): Uint8Array =>
  issueCertificate({
    subject: { commonName: 'Ayşe Işık', organization: 'Deneme', country: 'TR', serialNumber: '10000000146' },
    publicKey: pki().user.certificate.publicKey,
    profile: { kind: 'qualified' },
    issuer: pki().intermediate,
    notBefore: daysFromNow(-1),
    notAfter: daysFromNow(30),
    extensions,
  }).der

/** What our keys signed; a signature may be spelt in two ways, what it covers may not. */
const signed = new Set<string>()
const covered = (tbs: Uint8Array): string => Buffer.from(tbs).toString('base64')

const GROWTH: readonly Growth[] = [
  {
    name: 'names',
    make: (octets) =>
      issued(
        extension(
          OID.subjectAltName,
          false,
          sequence(filled(octets, taggedPrimitive(1, Buffer.from('a@b.tr')))),
        ),
      ),
  },
  {
    name: 'purposes',
    make: (octets) =>
      issued(extension(OID.extendedKeyUsage, false, sequence(filled(octets, oid(OID.timeStamping))))),
  },
  {
    name: 'one long name',
    make: (octets) => issued(crlDistributionPoints({ names: [uriName(`http://${'a'.repeat(octets)}`)] })),
  },
]

/** What was read once is known by all of its octets. */
const bendSignature = (input: Uint8Array, run: number): void =>
  new DataView(input.buffer, input.byteOffset).setUint32(input.length - 4, run)

export const certificate: Target = {
  name: 'certificate',
  kind: 'der',
  weight: 2,
  seeds: async () => {
    const { root, intermediate, provider, tsa, user, qualifiedUser, tls } = pki()
    const all = [
      ...[root, intermediate, provider, tsa, user, qualifiedUser, tls].map((one) => one.certificate.der),
      issued(
        crlDistributionPoints({ names: [uriName('http://a.example/b')], reasons: [1, 2] }),
        authorityInfoAccess({ ocsp: 'http://a.example', issuers: 'http://b.example' }),
      ),
      issued(
        ...policyExtensions({
          policies: ['a', '*'],
          mappings: ['a>b'],
          requireExplicit: 1,
          inhibitMapping: 0,
          inhibitAny: 1,
        }),
      ),
      issued(
        extension(
          OID.nameConstraints,
          true,
          sequence(tagged(0, sequence(taggedPrimitive(1, Buffer.from('kep.tr'))))),
        ),
        extension(OID.extendedKeyUsage, true, sequence(oid(OID.timeStamping))),
      ),
    ]
    for (const one of all) signed.add(covered(parseCertificate(one).tbs))
    return all
  },
  run: (input) =>
    codeOf([X509Error], () => {
      try {
        const read = parseCertificate(input)
        const path = validatePath(read, { ...pki().trust, at, revocation: 'if-present' })
        if (path.ok && !signed.has(covered(read.tbs)))
          throw new Broken('a certificate that nobody issued is valid')
        // As an issuer and anchor of others its constraints are read too.
        const below = validatePath(pki().user.certificate, {
          ...pki().trust,
          at,
          anchors: [read],
          intermediates: [read],
        })
        return `${path.ok ? 'valid' : path.failure} ${below.ok ? 'anchor' : below.failure}`
      } catch (error) {
        if (error instanceof X509Error) return shapeOf(error.message)
        throw error
      }
    }),
  growth: GROWTH.map((growth) => ({ ...growth, octets: 5000, anew: bendSignature })),
}
