import { type BlockFigures, measureBlocks } from './trust/blocks.ts'
import { type EvidenceCheck, measureEvidenceCheck } from './trust/evidence-check.ts'
import { type MessageSetFigures, measureMessageSets } from './trust/message-sets.ts'
import { measureOcspCheck, type OcspCheck } from './trust/ocsp-check.ts'
import { type OpensslSpeed, opensslSpeed } from './trust/openssl-speed.ts'

/** Of the CPU of a set with RSA-2048: its bare key operations. */
const LEAST_SHARE = 0.6
/** With P-256, a CPU second. */
const LEAST_SETS = 600
/** One delil, warm. */
const MOST_MS = 2
/** Of the loop without a turn. */
const LONGEST_BLOCK_MS = 10

export interface TrustFigures {
  readonly openssl: OpensslSpeed | undefined
  readonly messageSets: readonly MessageSetFigures[]
  readonly evidence: readonly EvidenceCheck[]
  readonly ocsp: readonly OcspCheck[]
  readonly blocks: readonly BlockFigures[]
  readonly bounds: {
    readonly rsaShare: number
    readonly p256Sets: number
    readonly evidenceMs: number
    readonly blockMs: number
  }
}

/** What the trust core costs, beside the bare key operations of this process and of openssl. */
export async function measureTrust(note: (text: string) => void): Promise<TrustFigures> {
  note('openssl speed')
  const openssl = await opensslSpeed()
  note('message sets')
  const messageSets = [await measureMessageSets('rsa-2048'), await measureMessageSets('p-256')]
  note('evidence')
  const evidence = [await measureEvidenceCheck('rsa-2048'), await measureEvidenceCheck('p-256')]
  const ocsp = [measureOcspCheck('rsa-2048'), measureOcspCheck('p-256')]
  note('blocks')
  const blocks = await measureBlocks()
  const bounds = {
    rsaShare: LEAST_SHARE,
    p256Sets: LEAST_SETS,
    evidenceMs: MOST_MS,
    blockMs: LONGEST_BLOCK_MS,
  }
  return { openssl, messageSets, evidence, ocsp, blocks, bounds }
}

export function missedInTrust({ messageSets, evidence, blocks }: TrustFigures): string[] {
  const missed = messageSets.flatMap(({ key, share, setsPerCpuSecond }) =>
    key === 'p-256' ? (setsPerCpuSecond < LEAST_SETS ? [key] : []) : share < LEAST_SHARE ? [key] : [],
  )
  const slow = evidence.filter(({ medianMs }) => medianMs > MOST_MS).map(({ key }) => `evidence ${key}`)
  const long = blocks.filter(({ deskMs }) => deskMs > LONGEST_BLOCK_MS).map(({ work }) => `block by ${work}`)
  return [...missed.map((key) => `message sets ${key}`), ...slow, ...long]
}
