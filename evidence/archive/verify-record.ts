/**
 * Verifies an evidence record: from the objects through every renewal to a time-stamp that can be believed today. Each token
 * must have been believable when the next one was made, the last one now. [RFC 4998 §4.3] [RFC 4998 §5.3]
 */
import { hash as digestOf } from 'node:crypto'
import type { HashName, PathResult } from '../ports.ts'
import { TimestampError } from '../tsa/error.ts'
import type { VerifiedToken } from '../tsa/token.ts'
import {
  type ArchiveTimeStamp,
  type EvidenceRecord,
  EvidenceRecordError,
  readEvidenceRecord,
  writeChains,
} from './evidence-record.ts'
import { rootOfReduced } from './hash-tree.ts'

export type RecordFailure =
  | 'MALFORMED'
  /** The objects are not the ones that were sealed. */
  | 'OTHER_OBJECTS'
  /** A list of digests does not lead to what its token is about. */
  | 'ROOT_MISMATCH'
  /** A renewal is not about what it renews. */
  | 'RENEWAL_MISMATCH'
  /** Tokens do not follow each other in time. */
  | 'ORDER'
  /** Its digest algorithm could not be relied on any more when the next token was made. */
  | 'OUTDATED_ALGORITHM'
  | 'TOKEN_INVALID'
  /** Whether the authority could be believed then cannot be told from what is at hand. */
  | 'TOKEN_UNTRUSTED'

export type RecordReport =
  | {
      readonly ok: true
      /** When the objects are proved to have existed. */
      readonly provedAt: Date
      readonly tokens: readonly (VerifiedToken & { readonly hash: HashName })[]
    }
  | {
      readonly ok: false
      readonly failure: RecordFailure
      readonly detail: string
      /** Where an authority is not believed: why its certificate is not. */
      readonly path?: NoPath | undefined
    }

type NoPath = Extract<PathResult, { ok: false }>

/** Throws TimestampError; `at`: when the authority must have been believable. */
export type RecordTokenCheck = (
  token: Uint8Array,
  imprint: Uint8Array,
  hash: HashName,
  at: Date,
) => VerifiedToken

export interface RecordOptions {
  readonly checkToken: RecordTokenCheck
  readonly now: Date
  /** From when on a digest algorithm proves nothing any more; those that are absent still do. */
  readonly outdated?: Readonly<Partial<Record<HashName, Date>>> | undefined
}

/** The clocks of two authorities, or of who verifies; what counts here are years. */
const CLOCK_TOLERANCE_MS = 60_000

class Refusal extends Error {
  readonly failure: RecordFailure
  readonly path: NoPath | undefined
  constructor(failure: RecordFailure, detail: string, path?: NoPath) {
    super(detail)
    this.failure = failure
    this.path = path
  }
}

/** @param objects all that were sealed together in one leaf, and nothing else */
export function verifyRecord(
  der: Uint8Array,
  objects: readonly Uint8Array[],
  options: RecordOptions,
): RecordReport {
  try {
    return verify(readEvidenceRecord(der), objects, options)
  } catch (error) {
    if (error instanceof EvidenceRecordError)
      return { ok: false, failure: 'MALFORMED', detail: error.message }
    if (error instanceof Refusal)
      return { ok: false, failure: error.failure, detail: error.message, path: error.path }
    throw error
  }
}

function verify(
  { chains }: EvidenceRecord,
  objects: readonly Uint8Array[],
  { checkToken, now, outdated = {} }: RecordOptions,
): RecordReport {
  const stamps = chains.flatMap((chain, position) =>
    chain.map((stamp, index) => {
      const previous = chain[index - 1]
      const covered =
        previous === undefined
          ? beginsWith(stamp, objects, chains.slice(0, position))
          : continues(stamp, previous)
      return { ...stamp, imprint: rootOfReduced(stamp.hash, stamp.tree ?? [covered]) }
    }),
  )
  const tokens: (VerifiedToken & { readonly hash: HashName })[] = []
  let until = now
  for (const stamp of stamps.reverse()) {
    const end = outdated[stamp.hash]
    if (end !== undefined && until >= end)
      throw new Refusal('OUTDATED_ALGORITHM', `${stamp.hash} proves nothing since ${end.toISOString()}`)
    const token = believed(stamp, until, checkToken)
    if (token.time.getTime() > until.getTime() + CLOCK_TOLERANCE_MS)
      throw new Refusal('ORDER', `${token.time.toISOString()} comes after ${until.toISOString()}`)
    tokens.unshift({ ...token, hash: stamp.hash })
    until = token.time
  }
  return { ok: true, provedAt: until, tokens }
}

/** The first of a chain is over the objects, each digest joined with that of all chains before. */
function beginsWith(
  stamp: ArchiveTimeStamp,
  objects: readonly Uint8Array[],
  before: EvidenceRecord['chains'],
): readonly Uint8Array[] {
  const wanted = objectDigests(stamp.hash, objects, before).toSorted(Buffer.compare)
  const [first] = stamp.tree ?? [wanted]
  const found = (first ?? []).toSorted(Buffer.compare)
  const [only] = wanted
  // One object shares its list with what stands beside it in the tree; several have a list of their own.
  const isThere =
    only !== undefined && wanted.length === 1
      ? found.some((digest) => Buffer.compare(digest, only) === 0)
      : found.length === wanted.length &&
        wanted.every((digest, index) => Buffer.compare(digest, found[index]!) === 0)
  if (!isThere) throw new Refusal('OTHER_OBJECTS', 'the record is about other octets')
  return wanted
}

/** What an archive time-stamp that begins a chain holds of the objects. [RFC 4998 §5.2] */
export function objectDigests(
  hash: HashName,
  objects: readonly Uint8Array[],
  before: EvidenceRecord['chains'],
): Uint8Array[] {
  const own = objects.map((octets) => digestOf(hash, octets, 'buffer'))
  if (before.length === 0) return own
  const past = digestOf(hash, writeChains(before), 'buffer')
  return own.map((digest) => digestOf(hash, Buffer.concat([digest, past]), 'buffer'))
}

/** A renewal within a chain is over the token before it, by the same algorithm. [RFC 4998 §5.2] */
function continues(stamp: ArchiveTimeStamp, previous: ArchiveTimeStamp): readonly Uint8Array[] {
  if (stamp.hash !== previous.hash)
    throw new Refusal('RENEWAL_MISMATCH', 'another digest algorithm in the middle of a chain')
  const renewed = digestOf(stamp.hash, previous.token, 'buffer')
  const [first] = stamp.tree ?? [[renewed]]
  if (!(first ?? []).some((digest) => Buffer.compare(digest, renewed) === 0))
    throw new Refusal('RENEWAL_MISMATCH', 'a renewal is not about the time-stamp before it')
  return [renewed]
}

function believed(
  { hash, imprint, token }: ArchiveTimeStamp & { readonly imprint: Uint8Array },
  at: Date,
  checkToken: RecordTokenCheck,
): VerifiedToken {
  try {
    return checkToken(token, imprint, hash, at)
  } catch (error) {
    if (!(error instanceof TimestampError)) throw error
    if (error.code === 'IMPRINT_MISMATCH')
      throw new Refusal('ROOT_MISMATCH', 'the digests do not lead to what the token is about')
    const failure = error.code === 'UNTRUSTED' ? 'TOKEN_UNTRUSTED' : 'TOKEN_INVALID'
    throw new Refusal(failure, error.message, error.path)
  }
}
