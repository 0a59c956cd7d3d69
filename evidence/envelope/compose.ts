/**
 * Writes a signed envelope as a stream: the original passes once, untouched and hashed on the way, so its size does not
 * matter to memory. [RFC 1847 §2.1] [TS 102 640-5 §5]
 */
import { createHash, randomBytes } from 'node:crypto'
import { base64Lines } from '../../mail/base64-lines.ts'
import { parameterField, textField } from '../../mail/header-write.ts'
import { signDetached } from '../cms/sign.ts'
import type { EvidenceRoot } from '../model/roots.ts'
import type { HashName, Signer, Timestamper } from '../ports.ts'
import { type Introduction, introductionBody } from './introduction.ts'
import { LAYOUT, LAYOUT_FIELD, outerMime, signaturePart, transferEncoding } from './layout.ts'

export interface Envelope {
  /** Complete header fields, each with its CRLF; they stand outside and, as a copy, inside the signature. */
  readonly header: string
  readonly introduction: Introduction
  /** The name of the header field that tells parts apart. */
  readonly sectionHeader: string
  /** Dispatches only. */
  readonly original?: Original | undefined
  readonly evidence: readonly EvidencePart[]
  readonly signer: Signer
  readonly signingTime: Date
  /** Absent: the CMS carries no signature time-stamp (the evidence inside has its own). */
  readonly timestamper?: Timestamper | undefined
}

export interface Original {
  /** Octets. */
  readonly size: number
  /** True where any octet is over 127. */
  readonly eightBit: boolean
  /** What the evidence says of these octets; the stream is measured against it. */
  readonly digest: { readonly hash: HashName; readonly value: Uint8Array }
  open(): AsyncIterable<Uint8Array>
}

export interface EvidencePart {
  readonly root: EvidenceRoot
  /** As read back from the archive. */
  readonly octets: Uint8Array
}

export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError'
  readonly code: 'ORIGINAL_CHANGED'

  constructor(code: EnvelopeError['code'], detail: string) {
    super(`${code}: ${detail}`)
    this.code = code
  }
}

/**
 * Yields the octets in order. A consumer that meets an error must throw away what it wrote.
 * @throws EnvelopeError where the original is not what the evidence says; what signer and time-stamper throw
 */
export async function* composeEnvelope(envelope: Envelope): AsyncGenerator<Uint8Array> {
  const { signer, original } = envelope
  const [outer, mixed, alternative] = [boundary(), boundary(), boundary()]
  const eightBit = original?.eightBit ?? false
  const digest = createHash(signer.hash)
  const signed = (piece: string | Uint8Array): Uint8Array => {
    const octets = typeof piece === 'string' ? Buffer.from(piece) : piece
    digest.update(octets)
    return octets
  }
  yield Buffer.from(envelope.header + outerMime(signer.hash, outer, eightBit))
  yield signed(signedHead(envelope, mixed, alternative, eightBit))
  if (original) {
    yield signed(originalHead(envelope.sectionHeader, mixed, original.eightBit))
    for await (const piece of measured(original)) yield signed(piece)
    yield signed('\r\n')
  }
  for (const part of envelope.evidence) yield signed(evidencePart(envelope.sectionHeader, mixed, part))
  yield signed(`--${mixed}--\r\n`)
  const cms = await signDetached({
    digest: digest.digest(),
    signer,
    signingTime: envelope.signingTime,
    timestamper: envelope.timestamper,
  })
  yield Buffer.from(signaturePart(cms, outer))
}

/** 128 random bits: nobody can write a message that holds the boundary of its own envelope. [RFC 2046 §5.1.1] */
const boundary = (): string => `=_kep_${randomBytes(16).toString('hex')}`

function signedHead(envelope: Envelope, mixed: string, alternative: string, eightBit: boolean): string {
  return (
    envelope.header +
    textField(LAYOUT_FIELD, LAYOUT) +
    // hp tells mail programs that the fields above are the protected ones. [RFC 9788 §2.1.1]
    parameterField('Content-Type', 'multipart/mixed', { boundary: mixed, hp: 'clear' }) +
    transferEncoding(eightBit) +
    `\r\n--${mixed}\r\n` +
    parameterField('Content-Type', 'multipart/alternative', { boundary: alternative }) +
    textField(envelope.sectionHeader, 'rem_message/introduction') +
    `\r\n${introductionBody(envelope.introduction, alternative)}\r\n`
  )
}

const originalHead = (sectionHeader: string, mixed: string, eightBit: boolean): string =>
  `--${mixed}\r\n` +
  'Content-Type: message/rfc822; name=AttachedMimeMessage.eml\r\n' +
  transferEncoding(eightBit) +
  'Content-Disposition: attachment; filename=AttachedMimeMessage.eml\r\n' +
  textField(sectionHeader, 'rem_message/original') +
  '\r\n'

const evidencePart = (sectionHeader: string, mixed: string, { root, octets }: EvidencePart): string =>
  `--${mixed}\r\n` +
  parameterField('Content-Type', 'application/xml', { charset: 'UTF-8', name: `${root}.xml` }) +
  'Content-Transfer-Encoding: base64\r\n' +
  parameterField('Content-Disposition', 'attachment', { filename: `${root}.xml` }) +
  textField(sectionHeader, 'rem_message/xml_evidence') +
  `\r\n${base64Lines(octets)}\r\n`

/** Passes the original on and proves at its end that it is the one that was evidenced. */
async function* measured(original: Original): AsyncGenerator<Uint8Array> {
  const digest = createHash(original.digest.hash)
  let size = 0
  for await (const piece of original.open()) {
    digest.update(piece)
    size += piece.length
    yield piece
  }
  if (size !== original.size) throw new EnvelopeError('ORIGINAL_CHANGED', 'the original has another size')
  if (!digest.digest().equals(original.digest.value))
    throw new EnvelopeError('ORIGINAL_CHANGED', 'the original has another digest')
}
