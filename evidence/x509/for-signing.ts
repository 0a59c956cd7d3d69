/** Whether a certificate was issued for signing what people and providers say. */
import { OID } from '../asn1/oid.ts'
import type { Certificate } from '../ports.ts'

/** digitalSignature, or nonRepudiation alone as qualified certificates have it. [RFC 8550 §4.4.2] Absent, any use is meant. */
export const mayKeySign = ({ keyUsage }: Pick<Certificate, 'keyUsage'>): boolean =>
  keyUsage === undefined || keyUsage.has('digitalSignature') || keyUsage.has('nonRepudiation')

/** Purposes that say plainly what else a key is for. */
const OTHER_PURPOSES: ReadonlySet<string> = new Set([
  OID.serverAuth,
  OID.clientAuth,
  OID.codeSigning,
  OID.timeStamping,
  OID.ocspSigning,
])

/**
 * The key may sign, and not every purpose of the certificate is another. ESHS name purposes of their own beside or in place of
 * emailProtection, so a purpose that is unknown is not held against it. [RFC 8550 §4.4.4]
 */
export const isForSigning = (certificate: Pick<Certificate, 'keyUsage' | 'extendedKeyUsage'>): boolean =>
  mayKeySign(certificate) &&
  (certificate.extendedKeyUsage === undefined ||
    certificate.extendedKeyUsage.some((purpose) => !OTHER_PURPOSES.has(purpose)))

/** A natural person's certificate, by its own statement: NES, or the type of signatures elsewhere. [EN 319 412-5 §4.2.3] */
export const isOfPerson = ({ qualification }: Pick<Certificate, 'qualification'>): boolean =>
  qualification?.national === 'nes' ||
  (qualification?.types.includes('signature') === true && !qualification.types.includes('seal'))
