/**
 * Where the work of a judgement is done that may take long: paths with large lists, lists themselves, signatures and
 * evidence that strangers wrote. Here, in the caller's thread; or elsewhere (remote-desk.ts), by the same functions.
 */
import { evidenceRestsOn, type RestsOn } from '../archive/rests-on.ts'
import { judgeTail, type OpaqueTail } from '../cms/opaque.ts'
import { type CmsReport, checkSignersInTurns, verifyDetached } from '../cms/verify.ts'
import { type EvidenceFields, readEvidence } from '../model/read.ts'
import type { Certificate, HashName, PathResult, TrustContext } from '../ports.ts'
import { type JudgedEvidence, verifyEvidence } from '../verify/evidence.ts'
import type { VerifyOptions } from '../verify/trust.ts'
import { isSignedBy, readCrl } from '../x509/crl.ts'
import { sameName } from '../x509/name.ts'
import { validatePath } from '../x509/path.ts'
import { parseXml } from '../xml/parse.ts'
import { XmlError } from '../xml/tree.ts'

/** What a list says of itself. */
export interface ListFacts {
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  readonly number: bigint | undefined
  readonly freshestUrls: readonly string[]
  /** Of the asked issuer's name. */
  readonly named: boolean
  /** And signed with its key. */
  readonly genuine: boolean
}

export interface ReadDelil {
  readonly judged: JudgedEvidence
  /** What it says, whether or not anybody vouches for that: only good to name a message that is rejected. */
  readonly claimed: EvidenceFields | undefined
}

/** Every function rejects where its work is not done within bounds; callers then answer "later", never "yes". */
export interface TrustDesk {
  path(leaf: Certificate, context: TrustContext): Promise<PathResult>
  /** Rejects for octets that are no list. */
  list(der: Uint8Array, issuer?: Certificate): Promise<ListFacts>
  /** The octets of a list that will be asked again, as they are best held. */
  hold(list: Uint8Array): Uint8Array
  /** As `verifyDetached`. */
  signature(der: Uint8Array, digestOf: DigestOf): Promise<CmsReport>
  /** The signers after a content that is enclosed. */
  opaque(tail: OpaqueTail): Promise<CmsReport>
  evidence(octets: Uint8Array, options: VerifyOptions): Promise<ReadDelil>
  /** Rejects for octets that are no evidence. */
  restsOn(octets: Uint8Array, signal?: AbortSignal): Promise<readonly RestsOn[]>
}

export type DigestOf = (name: HashName) => Promise<Uint8Array> | Uint8Array

/** In this thread, at once. */
export const deskHere: TrustDesk = {
  path: async (leaf, context) => validatePath(leaf, context),
  list: async (der, issuer) => listFacts(der, issuer),
  hold: (list) => list,
  signature: (der, digestOf) => verifyDetached(der, digestOf),
  opaque: async (tail) => judgeTail(tail, checkSignersInTurns),
  evidence: async (octets, options) => readDelil(octets, options),
  restsOn: async (octets) => evidenceRestsOn(octets),
}

/** Whoever sits on the line may write a list; what else it says counts only under the issuer's signature. Throws X509Error. */
function listFacts(der: Uint8Array, issuer: Certificate | undefined): ListFacts {
  const crl = readCrl(der)
  const { thisUpdate, nextUpdate, number, freshestUrls } = crl
  const named = issuer !== undefined && sameName(crl.issuer, issuer.subject)
  const genuine = named && isSignedBy(crl, issuer.publicKey, issuer.spki)
  return { thisUpdate, nextUpdate, number, freshestUrls, named, genuine }
}

function readDelil(octets: Uint8Array, options: VerifyOptions): ReadDelil {
  const judged = verifyEvidence(octets, options)
  return { judged, claimed: judged.fields ?? claimedFields(octets) }
}

function claimedFields(octets: Uint8Array): EvidenceFields | undefined {
  try {
    return readEvidence(parseXml(octets))
  } catch (error) {
    if (error instanceof XmlError) return undefined
    throw error
  }
}
