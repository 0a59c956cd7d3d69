/**
 * Reads what a peer sent: a dispatch, an evidence message, or something else. Everything in it is judged as of now:
 * the envelope, each delil, and that the original is the one which the evidence is about. [TS 102 640-2 §5]
 *
 * Never rejects because of what the message holds, unless reading it takes more than the desk gives. What we could not learn now (a revocation list that cannot be had)
 * is told apart from what is wrong for good: the one is tried again, the other is rejected with evidence.
 */
import type { MimeIndex, MimePart } from '../../mail/mime-part.ts'
import type { EvidenceFields } from '../model/read.ts'
import type { HashName } from '../ports.ts'
import type { OpenRange } from '../smime/user-signature.ts'
import { hashOfDigestUri } from '../xades/algorithms.ts'
import { failure, type PeerFailure, type Refusal } from './failure.ts'
import { envelopeRefusal } from './judge-envelope.ts'
import { judgeEvidence, type PeerEvidence } from './judge-evidence.ts'
import { type PeerOriginal, readOriginal, userSignatureLine } from './original.ts'
import { evidenceOctets, MAX_EVIDENCE_OCTETS, MAX_EVIDENCE_PARTS, type PeerShape, shapeOf } from './shape.ts'
import type { PeerTrust } from './trust.ts'

export type PeerMail = { readonly kind: 'other' } | PeerEnvelope

export interface PeerEnvelope {
  readonly kind: 'dispatch' | 'evidence'
  /** What is wrong for good, the first first; empty where everything holds that could be learned. */
  readonly failures: readonly PeerFailure[]
  /** What could not be learned now; counts only where nothing is wrong for good. */
  readonly temporary: string | undefined
  /** Those against which nothing speaks, in the order of the message. */
  readonly evidence: readonly PeerEvidence[]
  /** Of the first delil that can be read, whether it holds or not: to name a message that is rejected. */
  readonly claimed: EvidenceFields | undefined
  /** Dispatches; undefined where no octets can be pointed at. */
  readonly original: PeerOriginal | undefined
  /** Dispatches: what was found of the user's signature, in a line. */
  readonly userSignature: string
}

/**
 * @param known the digest of the signed part taken while the message streamed in
 * @param open reads octets of the message as stored; the index is about the same octets
 */
export async function readPeerMail(
  index: MimeIndex,
  known: { name: HashName; digest: Uint8Array } | undefined,
  open: OpenRange,
  trust: PeerTrust,
): Promise<PeerMail> {
  const shape = await shapeOf(index, open)
  if (shape.kind === 'other') return shape
  const refusals: Refusal[] = []
  const [fault] = index.faults
  if (fault !== undefined) refusals.push(failure('MIME_TOO_COMPLEX', fault))
  const signature = await envelopeRefusal(index, known, open, trust)
  if (signature !== undefined) refusals.push(signature)
  const read = await readEvidenceParts(shape, open, trust)
  refusals.push(...read.refusals)
  const { original, userSignature } =
    shape.kind === 'dispatch'
      ? await judgeOriginal(shape.originals, read, refusals, open, trust)
      : { original: undefined, userSignature: '' }
  const { evidence, claimed } = read
  return {
    kind: shape.kind,
    failures: refusals.filter((refusal) => 'code' in refusal),
    temporary: refusals.find((refusal) => 'temporary' in refusal)?.temporary,
    evidence,
    claimed,
    original,
    userSignature,
  }
}

type Envelope = Exclude<PeerShape, { kind: 'other' }>

interface ReadParts {
  readonly evidence: PeerEvidence[]
  readonly refusals: Refusal[]
  claimed: EvidenceFields | undefined
}

async function readEvidenceParts(shape: Envelope, open: OpenRange, trust: PeerTrust): Promise<ReadParts> {
  const read: ReadParts = { evidence: [], refusals: [], claimed: undefined }
  if (shape.cut) read.refusals.push(failure('EVIDENCE_TOO_MANY', ''))
  let octetsLeft = MAX_EVIDENCE_OCTETS
  for (const part of shape.evidence.slice(0, MAX_EVIDENCE_PARTS)) {
    const octets = await evidenceOctets(part, open)
    octetsLeft -= octets?.length ?? 0
    if (octets === undefined || octetsLeft < 0) {
      read.refusals.push(failure('EVIDENCE_TOO_LARGE', 'or in no encoding that can be read'))
      continue
    }
    const judged = await judgeEvidence(octets, trust)
    if (judged.evidence !== undefined) read.evidence.push(judged.evidence)
    if (judged.refusal !== undefined) read.refusals.push(judged.refusal)
    read.claimed ??= judged.claimed
  }
  return read
}

async function judgeOriginal(
  originals: readonly MimePart[],
  { evidence }: ReadParts,
  refusals: Refusal[],
  open: OpenRange,
  trust: PeerTrust,
): Promise<{ original: PeerOriginal | undefined; userSignature: string }> {
  if (!evidence.some(({ outcome }) => outcome === 'submission-acceptance'))
    refusals.push(failure('NO_ACCEPTANCE', ''))
  const messages = evidence.map(({ fields }) => fields.message)
  if (new Set(messages.map((message) => message?.remmdMessageId)).size > 1)
    refusals.push(failure('EVIDENCE_DIFFERS', ''))
  const [part] = originals
  const [nested] = part?.children ?? []
  if (originals.length > 1) refusals.push(failure('ORIGINAL_FORM', `${originals.length} originals`))
  if (part === undefined || nested === undefined) {
    refusals.push(failure('ORIGINAL_FORM', 'its octets cannot be told'))
    return { original: undefined, userSignature: 'none' }
  }
  const names = messages.map((message) => hashOfDigestUri(message?.digestMethod ?? ''))
  const original = await readOriginal(
    part,
    nested,
    names.filter((name) => name !== undefined),
    open,
  )
  for (const [index, name] of names.entries())
    if (name === undefined || original.digests.get(name) !== messages[index]?.digestValue)
      refusals.push(failure('DIGEST_MISMATCH', name === undefined ? 'no digest that counts' : ''))
  return { original, userSignature: await userSignatureLine(nested, open, trust) }
}
