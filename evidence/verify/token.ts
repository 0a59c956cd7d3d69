/** Judges one signature time-stamp: it has a verdict of its own, whether it holds or not. */
import { TimestampError, type TimestampFailure } from '../tsa/error.ts'
import { claimedToken, type VerifiedToken } from '../tsa/token.ts'
import { timestampEntry } from './entries.ts'
import { type Finding, findingOf, type Reason } from './reasons.ts'
import type { TimestampEntry } from './report.ts'
import { certificateReason, checkToken, tokenSince, type VerifyOptions } from './trust.ts'

export interface JudgedToken {
  /** Where it holds as of its own time; it proves that time only where there are no findings. */
  readonly token: VerifiedToken | undefined
  readonly findings: readonly Finding[]
  readonly entry: TimestampEntry
}

/** Never throws for what the token is. */
export function judgeToken(
  role: TimestampEntry['role'],
  der: Uint8Array,
  stamped: Uint8Array,
  options: VerifyOptions,
): JudgedToken {
  try {
    const token = checkToken(der, stamped, options)
    const { finding, hasRunOut } = tokenSince(token, options)
    const findings = finding === undefined ? [] : [finding]
    return { token, findings, entry: timestampEntry(role, findings, token, token.revocation, hasRunOut) }
  } catch (error) {
    if (!(error instanceof TimestampError)) throw error
    const findings = [findingOf(reasonOf(error), error.message)]
    return { token: undefined, findings, entry: timestampEntry(role, findings, claimed(der), 'not-checked') }
  }
}

function claimed(der: Uint8Array): ReturnType<typeof claimedToken> | undefined {
  try {
    return claimedToken(der)
  } catch {
    return undefined // nothing in it can be read, which its finding says
  }
}

const REASON_OF: Readonly<Partial<Record<TimestampFailure, Reason>>> = {
  IMPRINT_MISMATCH: 'TOKEN_IMPRINT_MISMATCH',
  BAD_SIGNATURE: 'TOKEN_BAD_SIGNATURE',
  NOT_A_TSA: 'TOKEN_NOT_A_TSA',
}

/** Its own time proves nothing about the certificate that vouches for it. */
function reasonOf({ code, path }: TimestampError): Reason {
  if (code !== 'UNTRUSTED') return REASON_OF[code] ?? 'TOKEN_MALFORMED'
  return path === undefined ? 'CERTIFICATE_STRAY' : certificateReason(path, undefined)
}
