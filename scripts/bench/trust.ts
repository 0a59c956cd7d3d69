import { type EvidenceCheck, measureEvidenceCheck } from './trust/evidence-check.ts'
import { type MessageSetFigures, measureMessageSets } from './trust/message-sets.ts'
import { type OpensslSpeed, opensslSpeed } from './trust/openssl-speed.ts'

/** Of the CPU of a set with RSA-2048: its bare key operations. */
const LEAST_SHARE = 0.6
/** With P-256, a CPU second. */
const LEAST_SETS = 600
/** One delil, warm. */
const MOST_MS = 2

export interface TrustFigures {
  readonly openssl: OpensslSpeed | undefined
  readonly messageSets: readonly MessageSetFigures[]
  readonly evidence: readonly EvidenceCheck[]
  readonly bounds: { readonly rsaShare: number; readonly p256Sets: number; readonly evidenceMs: number }
}

/** What the trust core costs, beside the bare key operations of this process and of openssl. */
export async function measureTrust(note: (text: string) => void): Promise<TrustFigures> {
  note('openssl speed')
  const openssl = await opensslSpeed()
  note('message sets')
  const messageSets = [await measureMessageSets('rsa-2048'), await measureMessageSets('p-256')]
  note('evidence')
  const evidence = [await measureEvidenceCheck('rsa-2048'), await measureEvidenceCheck('p-256')]
  const bounds = { rsaShare: LEAST_SHARE, p256Sets: LEAST_SETS, evidenceMs: MOST_MS }
  return { openssl, messageSets, evidence, bounds }
}

export function missedInTrust({ messageSets, evidence }: TrustFigures): string[] {
  const missed = messageSets.flatMap(({ key, share, setsPerCpuSecond }) =>
    key === 'p-256' ? (setsPerCpuSecond < LEAST_SETS ? [key] : []) : share < LEAST_SHARE ? [key] : [],
  )
  const slow = evidence.filter(({ medianMs }) => medianMs > MOST_MS).map(({ key }) => `evidence ${key}`)
  return [...missed.map((key) => `message sets ${key}`), ...slow]
}
