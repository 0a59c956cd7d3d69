/**
 * Files with a key, behind their MAC: the input is what the MAC covers, and a MAC that fits is put around it, or else no
 * changed octet would be read. Rounds are few, since a file may ask for a second's work by design.
 */
import { OID } from '../../../evidence/asn1/oid.ts'
import { readWhole } from '../../../evidence/asn1/reader.ts'
import { contextConstructed, TAG } from '../../../evidence/asn1/tag.ts'
import { integer, nullValue, octetString, oid, sequence, tagged } from '../../../evidence/asn1/writer.ts'
import { KeyError } from '../../../evidence/keys/error.ts'
import { fileMac } from '../../../evidence/keys/password.ts'
import { makePkcs12, readPkcs12 } from '../../../evidence/keys/pkcs12.ts'
import { pki } from '../../../test/fakes/pki.ts'
import { codeOf, filled, shapeOf, type Target } from '../target.ts'

const PASSWORD = 'deneme'
const SALT = new Uint8Array(8)
/** INTEGER of three octets that may ask for over a million rounds would be no hang, and the fuzzer's whole time. */
const MANY_ROUNDS = Buffer.from('0203', 'hex')

const plain = (...bags: readonly Uint8Array[]): Uint8Array =>
  sequence(sequence(oid(OID.data), tagged(0, octetString(sequence(...bags)))))
const certBag = (der: Uint8Array): Uint8Array =>
  sequence(oid(OID.certBag), tagged(0, sequence(oid(OID.x509Certificate), tagged(0, octetString(der)))))

function framed(safe: Uint8Array): Uint8Array {
  const mac = fileMac(safe, { hash: 'sha256', password: PASSWORD, salt: SALT, iterations: 1 })
  const info = sequence(sequence(oid(OID.sha256), nullValue()), octetString(mac))
  return sequence(
    integer(3),
    sequence(oid(OID.data), tagged(0, octetString(safe))),
    sequence(info, octetString(SALT), integer(1)),
  )
}

export const pkcs12: Target = {
  name: 'pkcs12',
  kind: 'der',
  weight: 1,
  async seeds() {
    const { key, certificate } = pki().user
    const pkcs8 = key.export({ format: 'der', type: 'pkcs8' })
    const file = makePkcs12({ key, certificates: [certificate], password: PASSWORD, friendlyName: 'İmza' })
    const parts = readWhole(file, 'der', TAG.sequence).open()
    parts.expect(TAG.integer)
    const info = parts.expect(TAG.sequence).open()
    info.expect(TAG.oid)
    const safe = info.expect(contextConstructed(0)).open().expect(TAG.octetString).content
    return [
      plain(sequence(oid(OID.keyBag), tagged(0, pkcs8)), certBag(certificate.der)),
      plain(certBag(certificate.der), certBag(pki().root.certificate.der)),
      safe,
      file,
    ]
  },
  run: (input) =>
    [framed(input), input]
      .map((file) =>
        codeOf([KeyError], () => {
          // Encrypted seeds ask for a hundred thousand rounds: their frames are bent, their rounds are not run.
          if (Buffer.from(file).includes(MANY_ROUNDS)) return 'rounds'
          try {
            return String(readPkcs12(file, PASSWORD).certificates.length)
          } catch (error) {
            if (error instanceof KeyError) return shapeOf(error.message)
            throw error
          }
        }),
      )
      .join(' '),
  growth: [
    { name: 'bags of nothing', make: (octets) => plain(Buffer.alloc(octets - (octets % 2), '3000', 'hex')) },
    {
      name: 'bags of an unknown kind',
      make: (octets) => plain(filled(octets, sequence(oid('1.2.3'), tagged(0)))),
    },
  ],
}
