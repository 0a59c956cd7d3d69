/**
 * Opaque S/MIME as a stream: the content is hashed and handed on while it passes, and only the frame around it is
 * kept. A message of 100 MB needs the memory of its signatures. [RFC 8551 §3.5.2] [RFC 5652 §5.1]
 *
 * Push: write() takes the decoded octets in any pieces, end() gives the report. BER is accepted: indefinite lengths
 * and OCTET STRINGs in (nested) segments, as programs that stream write them.
 * Failure: never throws for bad octets; the report then holds one failed signer, and no further content is handed on.
 * Content that was handed on before a failure was seen is unverified: nothing may be done with it until end().
 */
import { createHash, type Hash } from 'node:crypto'
import { Asn1Error } from '../asn1/error.ts'
import { OID } from '../asn1/oid.ts'
import { MAX_DEPTH, Reader } from '../asn1/reader.ts'
import { CONSTRUCTED, contextConstructed, TAG } from '../asn1/tag.ts'
import { readOid, readSmallInteger } from '../asn1/values.ts'
import type { HashName } from '../ports.ts'
import { readDigestAlgorithm } from '../x509/algorithm.ts'
import { CmsError } from './failure.ts'
import { type End, HeadCursor, MAX_HEAD_OCTETS } from './opaque-head.ts'
import { asCms, readTail, type SignedData } from './signed-data.ts'
import { type CmsReport, checkSigners, failedReport, type KnownDigest } from './verify.ts'

/** Certificates, lists and signers after the content. Large CRLs come in messages; 8 MiB holds 200 000 entries. */
export const MAX_TAIL_OCTETS = 8 * 1024 * 1024

/** Identifier and length octets of one segment: 1 + 1 + 6 (a content of up to 2^48 octets). */
const MAX_SEGMENT_HEADER = 8

/** What comes after the content: certificates, lists, signers. */
export interface OpaqueTail {
  /** Without the ends of what is open around it. */
  readonly octets: Uint8Array
  readonly contentType: string
  /** Of the content. */
  readonly digests: ReadonlyMap<HashName, Uint8Array>
}

const ALL: readonly HashName[] = ['sha256', 'sha384', 'sha512']

/** Signed data around a content or without one, what only its reader can open, or nothing that can be read. */
export type OpaqueFrame = 'content' | 'empty' | 'encrypted' | 'broken'

/** [RFC 5652 §6] [RFC 5652 §8] [RFC 5083 §2.1] */
const ENCRYPTED: ReadonlySet<string> = new Set([OID.envelopedData, OID.encryptedData, OID.authEnvelopedData])

/** With `check`, at once or in turns; what cannot be read is a report of its own. */
export function judgeTail<Report extends CmsReport | Promise<CmsReport>>(
  { octets, contentType, digests }: OpaqueTail,
  check: (data: Omit<SignedData, 'content'>, digestOf: KnownDigest) => Report,
): Report | CmsReport {
  let data: Omit<SignedData, 'content'>
  try {
    data = asCms(() => ({ contentType, ...readTail(new Reader(octets, 'ber')) }))
  } catch (error) {
    return failedReport(error)
  }
  return check(data, (name) => digests.get(name))
}

export class OpaqueReader {
  readonly #onContent: (octets: Uint8Array) => void
  readonly #hashes = new Map<HashName, Hash>()
  /** Open elements, outermost first: ContentInfo, [0], SignedData, encapContentInfo, [0], OCTET STRINGs. */
  readonly #open: End[] = []
  #state: 'head' | 'segment' | 'octets' | 'tail' | 'failed' = 'head'
  /** Octets of the frame that wait for more, or for the end; grows by doubling. */
  #kept = Buffer.alloc(256)
  #keptLength = 0
  #sawString = false
  /** Absolute offset of the first octet that is not consumed. */
  #offset = 0
  #segmentEnd = 0
  #infoType: string | undefined
  #contentType = ''
  #hasContent = false
  #failure: unknown

  constructor(onContent: (octets: Uint8Array) => void) {
    this.#onContent = onContent
  }

  /** Takes the next octets; hands content on as slices of `chunk`, so the callback must copy what it keeps. */
  write(chunk: Uint8Array): void {
    if (this.#state === 'failed') return
    let rest = chunk
    try {
      asCms(() => {
        while (rest.length > 0) rest = this.#take(rest)
      })
    } catch (error) {
      this.#state = 'failed'
      this.#failure = error
      this.#kept = Buffer.alloc(0)
    }
  }

  end(): CmsReport {
    const tail = this.tail()
    return 'report' in tail ? tail.report : judgeTail(tail, checkSigners)
  }

  /** What the signers are checked with, or a report that says why nothing can be checked. */
  tail(): OpaqueTail | { readonly report: CmsReport } {
    try {
      if (this.#state === 'failed') throw this.#failure
      return asCms(() => this.#tail())
    } catch (error) {
      return { report: failedReport(error) }
    }
  }

  /** What the ContentInfo says that it holds, as soon as that has come; undefined also where there is no ContentInfo. */
  get infoType(): string | undefined {
    return this.#infoType
  }

  /** What only its reader can open; nobody is bound to it. */
  get isEncrypted(): boolean {
    return this.#infoType !== undefined && ENCRYPTED.has(this.#infoType)
  }

  /** Dotted OID of what is enclosed; '' where that was not reached. */
  get contentType(): string {
    return this.#contentType
  }

  /** Instead of end(), where nobody asks who signed: what the frame is, once all of it was written. */
  endOfFrame(): OpaqueFrame {
    if (this.isEncrypted) return 'encrypted'
    if (this.#state !== 'tail') return 'broken'
    try {
      asCms(() => readTail(new Reader(this.#tailOctets(), 'ber')))
      return this.#hasContent ? 'content' : 'empty'
    } catch {
      return 'broken'
    }
  }

  /** Consumes from the front of `chunk` what the state can use, and gives back the rest. */
  #take(chunk: Uint8Array): Uint8Array {
    switch (this.#state) {
      case 'head':
        return this.#takeHead(chunk)
      case 'segment':
        return this.#takeSegmentHeader(chunk)
      case 'octets':
        return this.#takeOctets(chunk)
      default:
        this.#keep(chunk, MAX_TAIL_OCTETS)
        return chunk.subarray(chunk.length)
    }
  }

  /** Keeps a copy; answers with all that is kept. */
  #keep(octets: Uint8Array, limit: number): Buffer {
    const length = this.#keptLength + octets.length
    if (length > limit) throw new CmsError('TOO_LARGE', `over ${limit} octets around the content`)
    if (length > this.#kept.length) {
      const larger = Buffer.alloc(Math.max(length, this.#kept.length * 2))
      larger.set(this.#kept.subarray(0, this.#keptLength))
      this.#kept = larger
    }
    this.#kept.set(octets, this.#keptLength)
    this.#keptLength = length
    return this.#kept.subarray(0, length)
  }

  /** Tries again with each chunk until the whole head is there: it is short and its length is bounded. */
  #takeHead(chunk: Uint8Array): Uint8Array {
    const before = this.#keptLength
    const taken = chunk.subarray(0, MAX_HEAD_OCTETS - before)
    const head = this.#keep(taken, MAX_HEAD_OCTETS)
    const used = this.#readHead(head)
    if (used === undefined) {
      if (head.length === MAX_HEAD_OCTETS) throw new CmsError('MALFORMED', 'no content near the beginning')
      return chunk.subarray(taken.length)
    }
    this.#keptLength = 0
    this.#offset = used
    return chunk.subarray(used - before)
  }

  /** Octets used, or undefined where more are needed. Fills the list of open elements. */
  #readHead(head: Uint8Array): number | undefined {
    this.#open.length = 0
    const cursor = new HeadCursor(head, this.#open)
    const done = cursor.enter(TAG.sequence)
    if (!done) return undefined
    const type = cursor.whole(TAG.oid)
    if (type === undefined) return undefined
    this.#infoType = readOid(type.next())
    if (this.#infoType !== OID.signedData) throw new CmsError('MALFORMED', 'not signed-data')
    if (!cursor.enter(contextConstructed(0)) || !cursor.enter(TAG.sequence)) return undefined
    const version = cursor.whole(TAG.integer)
    if (version === undefined) return undefined
    readSmallInteger(version.next())
    const digests = cursor.whole(TAG.set)
    if (digests === undefined || !cursor.enter(TAG.sequence)) return undefined
    const contentType = cursor.whole(TAG.oid)
    if (contentType === undefined) return undefined
    const next = cursor.peekContent()
    if (next === undefined) return undefined
    this.#contentType = readOid(contentType.next())
    if (next === 'none') {
      this.#state = 'segment'
      return cursor.at
    }
    if (!cursor.enter(contextConstructed(0))) return undefined
    this.#hasContent = true
    this.#startHashes(digests)
    this.#state = 'segment'
    return cursor.at
  }

  /** Hashes what the sender announces; all three where nothing of that is known. */
  #startHashes(digests: Reader): void {
    const announced = [...digests.next().open()].flatMap(
      (identifier) => readDigestAlgorithm(identifier) ?? [],
    )
    for (const name of announced.length === 0 ? ALL : announced) this.#hashes.set(name, createHash(name))
  }

  /** Between octets of content: the header of the next segment, or the ends of what is open. */
  #takeSegmentHeader(chunk: Uint8Array): Uint8Array {
    this.#closeDefinite()
    if (this.#open.length <= FRAME_DEPTH) {
      this.#state = 'tail'
      return chunk
    }
    const before = this.#keptLength
    const header = this.#keep(chunk.subarray(0, MAX_SEGMENT_HEADER - before), MAX_SEGMENT_HEADER)
    const used = this.#readSegmentHeader(header)
    if (used === undefined) return chunk.subarray(header.length - before)
    this.#keptLength = 0
    this.#offset += used
    return chunk.subarray(used - before)
  }

  #readSegmentHeader(header: Uint8Array): number | undefined {
    const parent = this.#open.at(-1) ?? 0
    if (header.length < 2) return undefined
    if (header[0] === 0 && header[1] === 0) {
      if (parent !== 'indefinite') throw new Asn1Error('BAD_TAG', 'an end inside a definite length')
      this.#open.pop()
      return 2
    }
    const tag = header[0]!
    // After encapContentInfo or its [0] only ends may follow, and one OCTET STRING.
    const mayHold =
      this.#open.length > CONTENT_DEPTH || (this.#open.length === CONTENT_DEPTH && !this.#sawString)
    if ((tag & ~CONSTRUCTED) !== TAG.octetString || !mayHold)
      throw new CmsError('MALFORMED', 'content is no OCTET STRING')
    const first = header[1]!
    const size = first > 0x80 ? 2 + (first & 0x7f) : 2
    if (size > MAX_SEGMENT_HEADER) throw new Asn1Error('BAD_LENGTH', 'segment')
    if (header.length < size) return undefined
    this.#sawString = true
    const start = this.#offset + size
    if (first === 0x80) {
      if ((tag & CONSTRUCTED) === 0) throw new Asn1Error('BAD_LENGTH', 'segment')
      this.#push('indefinite')
      return size
    }
    let length = first < 0x80 ? first : 0
    for (let i = 2; i < size; i++) length = length * 256 + header[i]!
    const end = start + length
    if (end > this.#limit()) throw new Asn1Error('TRUNCATED', 'a segment reaches past its parent')
    if ((tag & CONSTRUCTED) !== 0) this.#push(end)
    else if (length > 0) {
      this.#segmentEnd = end
      this.#state = 'octets'
    }
    return size
  }

  #push(end: End): void {
    if (this.#open.length >= MAX_DEPTH) throw new Asn1Error('TOO_DEEP', 'segments')
    this.#open.push(end)
  }

  #limit(): number {
    return this.#open.reduce<number>(
      (least, end) => (end === 'indefinite' ? least : Math.min(least, end)),
      Infinity,
    )
  }

  /** Leaves elements of definite length that end here. */
  #closeDefinite(): void {
    while (this.#open.length > FRAME_DEPTH && this.#open.at(-1) === this.#offset) this.#open.pop()
  }

  #takeOctets(chunk: Uint8Array): Uint8Array {
    const octets = chunk.subarray(0, this.#segmentEnd - this.#offset)
    for (const hash of this.#hashes.values()) hash.update(octets)
    this.#onContent(octets)
    this.#offset += octets.length
    if (this.#offset === this.#segmentEnd) this.#state = 'segment'
    return chunk.subarray(octets.length)
  }

  #tail(): OpaqueTail {
    if (this.#state !== 'tail') throw new CmsError('MALFORMED', 'cut off before the signatures')
    if (!this.#hasContent) throw new CmsError('CONTENT_MISSING', 'no content is enclosed')
    const octets = this.#tailOctets()
    const digests = new Map([...this.#hashes].map(([name, hash]) => [name, hash.digest()]))
    return { octets, contentType: this.#contentType, digests }
  }

  #tailOctets(): Uint8Array {
    const kept = Uint8Array.from(this.#kept.subarray(0, this.#keptLength))
    return kept.subarray(0, this.#endOfSignedData(kept))
  }

  /** The tail is closed by what is open around it, in order and with nothing after. */
  #endOfSignedData(tail: Uint8Array): number {
    const [contentInfo, wrapper, signedData] = this.#open
    let at = tail.length
    for (const end of [contentInfo, wrapper, signedData]) {
      if (end === 'indefinite') {
        if (at < 2 || tail[at - 1] !== 0 || tail[at - 2] !== 0)
          throw new Asn1Error('TRUNCATED', 'end of signed-data')
        at -= 2
      } else if (end !== this.#offset + at) throw new Asn1Error('BAD_LENGTH', 'end of signed-data')
    }
    return at
  }
}

/** ContentInfo, [0], SignedData: what is open around the tail. */
const FRAME_DEPTH = 3
/** … and encapContentInfo with its [0]: what is open around the OCTET STRING. */
const CONTENT_DEPTH = 5
