import type { FailureCode } from '../../mail/errors.ts'

/** One rule of the service that KEP users know, in our own words. */
export interface Rule {
  readonly tr: string
  readonly en: string
  /** Where it is from; `unverified` where only guides say so and no law could be read. */
  readonly source: string
  /** What enforces or provides it. */
  readonly files: readonly string[]
  /** Files with a test whose title begins with the rule's number. */
  readonly tests: readonly string[]
  /** What a client is told that breaks it: codes of `mail/errors.ts`, or an IMAP answer as it is. */
  readonly told?: readonly (FailureCode | `NO ${string}` | `OK ${string}`)[]
}
