import type { KeyKind } from '../../../evidence/keys/generate.ts'
import { verifyFile } from '../../../evidence/verify/verify-file.ts'
import { signEvidence } from '../../../evidence/xades/sign.ts'
import { draftOf } from './draft.ts'
import { makeIdentities } from './identities.ts'

const DELILS = 50
const WARM_UP = 100
const COUNTED = 400

export interface EvidenceCheck {
  readonly key: KeyKind
  readonly medianMs: number
  readonly p99Ms: number
}

/** One delil after another, each with its time-stamp, both chains and their status by a list at hand, ms. */
export async function measureEvidenceCheck(key: KeyKind): Promise<EvidenceCheck> {
  const who = makeIdentities(key)
  const delils: Uint8Array[] = []
  for (let at = 0; at < DELILS; at++)
    delils.push(await signEvidence(draftOf(Buffer.from('x'), at), who.provider, who.timestamper, new Date()))
  const options = { ...who.trust, now: new Date() }
  const times: number[] = []
  for (let turn = 0; turn < WARM_UP + COUNTED; turn++) {
    const began = performance.now()
    const { verdict } = await verifyFile({ name: 'delil.xml', octets: delils[turn % DELILS]! }, options)
    if (turn >= WARM_UP) times.push(performance.now() - began)
    if (verdict !== 'TOTAL-PASSED') throw new Error(`the evidence is ${verdict}`)
  }
  const sorted = times.toSorted((a, b) => a - b)
  return { key, medianMs: sorted[sorted.length >> 1]!, p99Ms: sorted[Math.floor(sorted.length * 0.99)]! }
}
