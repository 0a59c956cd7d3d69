/** Is a certificate revoked? Responders and lists are both heard. [RFC 5280 §6.3] [RFC 6960 §3.2] */
import { type ListQuestion, listStatus } from './crl-status.ts'
import { type OcspQuestion, ocspStatus } from './ocsp-status.ts'
import type { Status } from './status.ts'

export type RevocationStatus =
  | {
      readonly status: 'good'
      readonly crls: readonly Uint8Array[]
      readonly ocsps: readonly Uint8Array[]
    }
  | Exclude<Status, { status: 'good' }>

/** affiliationChanged, superseded, cessationOfOperation: the key was not the reason. [RFC 5280 §5.3.1] */
export const isRetirement = (reason: number | undefined): boolean =>
  reason === 3 || reason === 4 || reason === 5

/** Whichever says revoked outweighs the other; "good" of either is enough. */
export function revocationStatus(question: ListQuestion & OcspQuestion): RevocationStatus {
  const answered = ocspStatus(question)
  const listed = listStatus(question)
  // Where both tell it, the graver reason counts.
  if (answered.status === 'revoked')
    return listed.status === 'revoked' && isRetirement(answered.reason) ? listed : answered
  if (listed.status === 'revoked') return listed
  if (answered.status === 'good') return { status: 'good', crls: [], ocsps: answered.used }
  if (listed.status === 'good') return { status: 'good', crls: listed.used, ocsps: [] }
  const { ocsps = [] } = question
  if (ocsps.length === 0) return listed
  const detail = `${answered.detail}; ${listed.code} ${listed.detail}`
  return { status: 'unknown', code: answered.code, detail }
}
