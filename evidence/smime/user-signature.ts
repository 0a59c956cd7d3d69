import { createHash } from 'node:crypto'
import { type HeaderField, readHeader } from '../../mail/header-read.ts'
import type { MimeIndex, MimePart } from '../../mail/mime-part.ts'
import { transferDecoder } from '../../mail/transfer-decoder.ts'
import { type ByteRange, scratchFor } from '../../storage/port.ts'
import { CmsError } from '../cms/failure.ts'
import { OpaqueReader } from '../cms/opaque.ts'
import { type CmsReport, failedReport } from '../cms/verify.ts'
import { deskHere, type TrustDesk } from '../desk/desk.ts'
import type { HashName } from '../ports.ts'

/**
 * The signature that a user put around a message, computed and not yet judged. [RFC 8551 §3.5] Either protocol
 * name is taken, with or without `x-`, and the digest is the one that the CMS names, whatever micalg says.
 */
export type UserSignature =
  /** No S/MIME layer is outermost. */
  | { readonly form: 'none' }
  /** Enveloped data without a signature around it: nobody is bound to it. */
  | { readonly form: 'encrypted' }
  | {
      readonly form: 'detached' | 'opaque'
      readonly report: CmsReport
      /** Header of the signed entity, for protected headers. [RFC 9788 §2] */
      readonly signedHeader: readonly HeaderField[]
    }

export type OpenRange = (range: ByteRange, into?: Uint8Array) => AsyncIterable<Uint8Array>

/** A signature with its certificates, base64: real ones have 3 to 15 KiB; embedded CRLs make the rest. */
const MAX_SIGNATURE_PART = 8 * 1024 * 1024
/** As much of the signed entity's header as anyone needs to see. */
const MAX_SIGNED_HEADER = 1024 * 1024

/**
 * @param known the digest of the signed part taken while the message streamed in
 * @param open reads octets of the message as received
 */
export async function readUserSignature(
  index: MimeIndex,
  known: { name: HashName; digest: Uint8Array } | undefined,
  open: OpenRange,
  desk: TrustDesk = deskHere,
): Promise<UserSignature> {
  const { root } = index
  if (root.type === 'multipart' && root.subtype === 'signed') {
    const [content, signature] = root.children
    if (
      content === undefined ||
      signature === undefined ||
      root.children.length !== 2 ||
      !isSignature(signature)
    )
      return { form: 'none' }
    return detached(content, signature, known, open, desk)
  }
  if (root.type !== 'application' || !/^(?:x-)?pkcs7-mime$/.test(root.subtype)) return { form: 'none' }
  const smimeType = root.params.get('smime-type')?.toLowerCase()
  if (smimeType === 'enveloped-data' || smimeType === 'authenveloped-data') return { form: 'encrypted' }
  return opaque(root, open, desk)
}

const isSignature = (part: MimePart): boolean =>
  part.type === 'application' && /^(?:x-)?pkcs7-signature$/.test(part.subtype)

async function detached(
  content: MimePart,
  signature: MimePart,
  known: { name: HashName; digest: Uint8Array } | undefined,
  open: OpenRange,
  desk: TrustDesk,
): Promise<UserSignature> {
  if (signature.bodyEnd - signature.bodyStart > MAX_SIGNATURE_PART)
    return {
      form: 'detached',
      report: failedReport(new CmsError('MALFORMED', 'the signature part is too large')),
      signedHeader: [],
    }
  const der = await decodeBody(signature, open)
  const range = { start: content.headerStart, end: content.bodyEnd }
  const report = await desk.signature(der, async (name) => {
    if (known?.name === name) return known.digest
    const hash = createHash(name)
    for await (const piece of open(range, scratchFor(range.end - range.start))) hash.update(piece)
    return hash.digest()
  })
  const headerEnd = Math.min(content.bodyStart, content.headerStart + MAX_SIGNED_HEADER)
  const header = await Array.fromAsync(open({ start: content.headerStart, end: headerEnd }))
  return { form: 'detached', report, signedHeader: readHeader(Buffer.concat(header)) }
}

async function opaque(part: MimePart, open: OpenRange, desk: TrustDesk): Promise<UserSignature> {
  const header: Buffer[] = []
  let kept = 0
  const reader = new OpaqueReader((octets) => {
    if (kept >= MAX_SIGNED_HEADER) return
    header.push(Buffer.from(octets.subarray(0, MAX_SIGNED_HEADER - kept)))
    kept += octets.length
  })
  const decoder = transferDecoder(part.encoding)
  const size = part.bodyEnd - part.bodyStart
  for await (const piece of open({ start: part.bodyStart, end: part.bodyEnd }, scratchFor(size)))
    reader.write(decoder.push(piece))
  // By its octets: smime-type is a parameter that writers leave out.
  if (reader.isEncrypted) return { form: 'encrypted' }
  const tail = reader.tail()
  const report = 'report' in tail ? tail.report : await desk.opaque(tail)
  return { form: 'opaque', report, signedHeader: readHeader(Buffer.concat(header)) }
}

async function decodeBody(part: MimePart, open: OpenRange): Promise<Uint8Array> {
  const decoder = transferDecoder(part.encoding)
  const pieces: Uint8Array[] = []
  for await (const piece of open({ start: part.bodyStart, end: part.bodyEnd }))
    pieces.push(Buffer.from(decoder.push(piece)))
  return Buffer.concat(pieces)
}
