/**
 * A row of what can speak against a file: its verdict and sub-indication, and a sentence for people in both languages.
 * A failure is proved by the file itself, a doubt could end with more information or under other rules. [EN 319 102-1 §5.1.3]
 */
import type { FailedSubIndication, IndeterminateSubIndication } from '../report.ts'

type Row =
  | { verdict: 'TOTAL-FAILED'; subIndication: FailedSubIndication; tr: string; en: string }
  | { verdict: 'INDETERMINATE'; subIndication: IndeterminateSubIndication; tr: string; en: string }

export const failure = (subIndication: FailedSubIndication, tr: string, en: string) =>
  ({ verdict: 'TOTAL-FAILED', subIndication, tr, en }) satisfies Row

export const doubt = (subIndication: IndeterminateSubIndication, tr: string, en: string) =>
  ({ verdict: 'INDETERMINATE', subIndication, tr, en }) satisfies Row
