/**
 * Why something does not pass: stable codes of our own, each with the verdict and the sub-indication that the standard has for
 * it, and a sentence for people: what is wrong and what can be done. [EN 319 102-1 §5.1.3]
 *
 * The verdict is the standard's: a failure is proved by the file itself, a doubt could end with more information or under
 * other rules.
 */

import { CERTIFICATES } from './reasons/certificates.ts'
import { CMS } from './reasons/cms.ts'
import { FILE } from './reasons/file.ts'
import { PACKS } from './reasons/packs.ts'
import { TIMESTAMPS } from './reasons/timestamps.ts'
import { XADES } from './reasons/xades.ts'
import type { FailedSubIndication, IndeterminateSubIndication } from './report.ts'

export const REASONS = { ...FILE, ...CMS, ...XADES, ...CERTIFICATES, ...TIMESTAMPS, ...PACKS } as const

export type Reason = keyof typeof REASONS

/** One thing that speaks against the file. */
export interface Finding {
  readonly verdict: 'INDETERMINATE' | 'TOTAL-FAILED'
  readonly subIndication: FailedSubIndication | IndeterminateSubIndication
  readonly reason: Reason
  /** For who looks closer: which file, which certificate; in English, and may quote names of certificates. */
  readonly detail: string
}

export const findingOf = (reason: Reason, detail = ''): Finding => {
  const { verdict, subIndication } = REASONS[reason]
  return { verdict, subIndication, reason, detail }
}

/** A failure outweighs a doubt, and the first of equals is told. */
export const worst = (findings: readonly Finding[]): Finding | undefined =>
  findings.find(({ verdict }) => verdict === 'TOTAL-FAILED') ?? findings[0]

/** Each once, failures before doubts. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const each = new Map(findings.map((one) => [`${one.reason} ${one.detail}`, one]))
  const isFailure = ({ verdict }: Finding): boolean => verdict === 'TOTAL-FAILED'
  const all = [...each.values()]
  return [...all.filter(isFailure), ...all.filter((one) => !isFailure(one))]
}
