/**
 * The parts of a SignedData that no signature covers (versions, the list of digests, certificates, unsigned attributes)
 * have one right form each. Readers overlook them; here a change of any of their octets is a refusal.
 * [RFC 5652 §5.1] [RFC 5652 §5.3]
 */
import { OID } from '../asn1/oid.ts'
import { type Element, type Reader, readWhole } from '../asn1/reader.ts'
import { contextConstructed, contextPrimitive, TAG } from '../asn1/tag.ts'
import { readOid, readSmallInteger } from '../asn1/values.ts'
import { parseCertificate } from '../x509/certificate.ts'

/** @returns why the octets are not the strict form; undefined where they are */
export function strictSignedData(der: Uint8Array): string | undefined {
  try {
    readContentInfo(der)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : 'unreadable'
  }
}

function readContentInfo(der: Uint8Array): void {
  const outer = readWhole(der, 'der', TAG.sequence).open()
  demand(readOid(outer.expect(TAG.oid)) === OID.signedData, 'not signed-data')
  const wrapper = outer.expect(contextConstructed(0)).open()
  outer.finish()
  const parts = wrapper.expect(TAG.sequence).open()
  wrapper.finish()
  const version = readSmallInteger(parts.expect(TAG.integer))
  // One of each is demanded below; the second is enough to refuse.
  const digests = parts.expect(TAG.set).open().rest(1)
  const encapsulated = parts.expect(TAG.sequence).open()
  const contentType = readOid(encapsulated.expect(TAG.oid))
  const certificates = parts.optional(contextConstructed(0))
  const lists = parts.optional(contextConstructed(1))
  const signers = parts.expect(TAG.set).open().rest(1).map(readSigner)
  parts.finish()
  demand(signers.length === 1, 'one signer was expected')
  const [signer] = signers
  // 3 where anything but data is signed, or the signer is named by key identifier. [RFC 5652 §5.1]
  const expected = contentType !== OID.data || signer?.version === 3 ? 3 : 1
  demand(version === expected, 'the version of SignedData')
  demand(digests.length === 1 && sameAlgorithm(digests[0]!, signer!.digest), 'the list of digest algorithms')
  for (const certificate of certificates?.open() ?? []) parseCertificate(certificate.octets)
  for (const list of lists?.open() ?? []) demand(list.tag === TAG.sequence, 'an unknown revocation format')
}

function readSigner(element: Element): { version: number; digest: Element } {
  demand(element.tag === TAG.sequence, 'the tag of SignerInfo')
  const parts = element.open()
  const version = readSmallInteger(parts.expect(TAG.integer))
  const byKey = parts.peek() === contextPrimitive(0)
  demand(version === (byKey ? 3 : 1), 'the version of SignerInfo')
  parts.next()
  const digest = parts.expect(TAG.sequence)
  parts.expect(contextConstructed(0))
  parts.expect(TAG.sequence)
  parts.expect(TAG.octetString)
  const unsigned = parts.optional(contextConstructed(1))
  parts.finish()
  if (unsigned) readUnsigned(unsigned.open())
  return { version, digest }
}

/** The signature time-stamp and nothing else: an attribute that nobody reads is a place to hide things. */
function readUnsigned(attributes: Reader): void {
  const attribute = attributes.expect(TAG.sequence).open()
  attributes.finish()
  demand(readOid(attribute.expect(TAG.oid)) === OID.signatureTimeStampToken, 'an unknown unsigned attribute')
  const values = attribute.expect(TAG.set).open()
  attribute.finish()
  readContentInfo(values.expect(TAG.sequence).octets)
  values.finish()
}

/** Equal octets, or equal but for NULL against absent parameters, which programs mix. [RFC 5754 §2] */
function sameAlgorithm(a: Element, b: Element): boolean {
  const read = (element: Element): string => {
    demand(element.tag === TAG.sequence, 'the tag of a digest algorithm')
    const parts = element.open()
    const name = readOid(parts.expect(TAG.oid))
    const parameters = parts.optional(TAG.null)
    parts.finish()
    demand(parameters === undefined || parameters.content.length === 0, 'NULL with content')
    return name
  }
  return read(a) === read(b)
}

function demand(holds: boolean, why: string): asserts holds {
  if (!holds) throw new RangeError(why)
}
