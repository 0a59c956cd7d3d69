/**
 * Evidence records: what proves that an object existed at a time, for as long as somebody renews it. [RFC 4998 §3.1] Read
 * strictly as DER; what of it is optional and not made here (policies, encryption, attributes) is refused rather than passed
 * over, because nobody would judge it.
 */
import { type Element, readWhole } from '../asn1/reader.ts'
import { contextConstructed, TAG } from '../asn1/tag.ts'
import { readSmallInteger } from '../asn1/values.ts'
import { integer, octetString, retag, sequence, tagged } from '../asn1/writer.ts'
import type { HashName } from '../ports.ts'
import { digestIdentifier, HASH_LENGTH, readDigestAlgorithm } from '../x509/algorithm.ts'
import type { HashPath } from './hash-tree.ts'

export interface ArchiveTimeStamp {
  readonly hash: HashName
  /** undefined: the token is about the object's digest itself. */
  readonly tree: HashPath | undefined
  /** ContentInfo in DER. */
  readonly token: Uint8Array
}

/** Time-stamps that follow each other under one digest algorithm. */
export type ArchiveTimeStampChain = readonly ArchiveTimeStamp[]

/** Chains in the order of their times; each is over the object and all chains before it. */
export interface EvidenceRecord {
  readonly chains: readonly ArchiveTimeStampChain[]
}

/** Twenty years of renewals are a handful; lists grow with the logarithm of what was sealed at once. */
const MAX_CHAINS = 32
/** The allowed ones are three. */
const MAX_ALGORITHMS = 8
const MAX_TIME_STAMPS = 128
const MAX_LISTS = 64
const MAX_DIGESTS = 64

export class EvidenceRecordError extends Error {
  override readonly name = 'EvidenceRecordError'
}

export function writeEvidenceRecord({ chains }: EvidenceRecord): Uint8Array {
  const hashes = [...new Set(chains.flatMap((chain) => chain.map(({ hash }) => hash)))]
  return sequence(integer(1), sequence(...hashes.map(digestIdentifier)), writeChains(chains))
}

/** ArchiveTimeStampSequence in DER: what the first time-stamp of a further chain covers. [RFC 4998 §5.2] */
export const writeChains = (chains: EvidenceRecord['chains']): Uint8Array =>
  sequence(...chains.map((chain) => sequence(...chain.map(writeTimeStamp))))

const writeTimeStamp = ({ hash, tree, token }: ArchiveTimeStamp): Uint8Array =>
  sequence(
    retag(contextConstructed(0), digestIdentifier(hash)),
    ...(tree === undefined ? [] : [tagged(2, ...tree.map((list) => sequence(...list.map(octetString))))]),
    token,
  )

/** Throws EvidenceRecordError. */
export function readEvidenceRecord(der: Uint8Array): EvidenceRecord {
  try {
    const parts = readWhole(der, 'der', TAG.sequence).open()
    if (readSmallInteger(parts.expect(TAG.integer)) !== 1) throw new EvidenceRecordError('version')
    const named = parts.expect(TAG.sequence).open().rest(MAX_ALGORITHMS).map(readHash)
    const chains = several(parts.expect(TAG.sequence), MAX_CHAINS, 'chains').map((chain) =>
      several(chain, MAX_TIME_STAMPS, 'time-stamps').map(readTimeStamp),
    )
    parts.finish()
    if (chains.flat().some(({ hash }) => !named.includes(hash)))
      throw new EvidenceRecordError('a digest algorithm that the record does not name')
    return { chains }
  } catch (error) {
    if (error instanceof EvidenceRecordError) throw error
    throw new EvidenceRecordError(error instanceof Error ? error.message : 'unreadable', { cause: error })
  }
}

function readTimeStamp(element: Element): ArchiveTimeStamp {
  const parts = element.open()
  const hash = readHash(parts.expect(contextConstructed(0)))
  const lists = parts.optional(contextConstructed(2))
  const token = parts.expect(TAG.sequence).octets
  parts.finish()
  const tree =
    lists &&
    several(lists, MAX_LISTS, 'lists').map((list) =>
      several(list, MAX_DIGESTS, 'digests', TAG.octetString).map(({ content }) => {
        if (content.length !== HASH_LENGTH[hash])
          throw new EvidenceRecordError(`what is no digest by ${hash}`)
        return content
      }),
    )
  return { hash, tree, token }
}

function readHash(identifier: Element): HashName {
  const hash = readDigestAlgorithm(identifier)
  if (hash === undefined) throw new EvidenceRecordError('a digest algorithm that is not allowed')
  return hash
}

function several(element: Element, most: number, what: string, tag: number = TAG.sequence): Element[] {
  const found = element.open().rest(most)
  if (found.length === 0) throw new EvidenceRecordError(`no ${what}`)
  if (found.some((one) => one.tag !== tag)) throw new EvidenceRecordError(`other things among ${what}`)
  return found
}
