/**
 * The validation data that a signature carries beside itself: certificates, revocation lists and answers, of the signer and of
 * the time-stamping authority alike. [EN 319 132-1 §5.4.1] [EN 319 132-1 §5.4.2] [EN 319 132-1 §5.5.1] Unsigned, so
 * that each counts only by its own signature.
 */
import { decodeBase64 } from '../xml/base64.ts'
import { attributeOf, childNamed, childrenNamed, textOf, type XmlElement } from '../xml/tree.ts'
import { XADES, XADES141 } from './algorithms.ts'
import { XadesRefusal } from './report.ts'

/** DER, in the order of the document. */
export interface EncapsulatedValues {
  readonly certificates: readonly Uint8Array[]
  readonly crls: readonly Uint8Array[]
  readonly ocsps: readonly Uint8Array[]
}

/** Of one kind: two paths of four have a list or an answer each, in several issues at most. Each is parsed. */
const MAX_VALUES = 64

/** DER, said by its name or by silence; other encodings nobody here reads. */
const DER = 'http://uri.etsi.org/01903/v1.2.2#DER'

/** @param list UnsignedSignatureProperties @throws XadesRefusal, XmlError */
export function encapsulatedValues(list: XmlElement | undefined): EncapsulatedValues {
  const stamps = list === undefined ? [] : childrenNamed(list, XADES141, 'TimeStampValidationData')
  const holders = list === undefined ? [] : [list, ...stamps]
  const certificates = holders.flatMap((holder) => childOf(holder, 'CertificateValues'))
  const revocations = holders.flatMap((holder) => childOf(holder, 'RevocationValues'))
  return {
    certificates: decoded(certificates, 'EncapsulatedX509Certificate'),
    crls: decoded(
      revocations.flatMap((values) => childOf(values, 'CRLValues')),
      'EncapsulatedCRLValue',
    ),
    ocsps: decoded(
      revocations.flatMap((values) => childOf(values, 'OCSPValues')),
      'EncapsulatedOCSPValue',
    ),
  }
}

const childOf = (element: XmlElement, local: string): XmlElement[] => {
  const found = childNamed(element, XADES, local)
  return found === undefined ? [] : [found]
}

function decoded(holders: readonly XmlElement[], local: string): Uint8Array[] {
  const found = holders.flatMap((holder) => childrenNamed(holder, XADES, local))
  if (found.length > MAX_VALUES)
    throw new XadesRefusal('SIGNATURE_FORMAT', `over ${MAX_VALUES} of ${local} stand beside the signature`)
  return found
    .filter((one) => (attributeOf(one, 'Encoding') ?? DER) === DER)
    .map((one) => decodeBase64(textOf(one)))
}
