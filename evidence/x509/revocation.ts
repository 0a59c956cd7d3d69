/** Is a certificate revoked? Responders and lists are both heard. [RFC 5280 §6.3] [RFC 6960 §3.2] */
import { type ListQuestion, listStatus } from './crl-status.ts'
import { type OcspQuestion, ocspStatus } from './ocsp-status.ts'
import { gravest, type Status } from './status.ts'

export type RevocationStatus =
  | {
      readonly status: 'good'
      readonly crls: readonly Uint8Array[]
      readonly ocsps: readonly Uint8Array[]
    }
  | Exclude<Status, { status: 'good' }>

/** Whichever says revoked outweighs the other; "good" of either is enough. */
export function revocationStatus(question: ListQuestion & OcspQuestion): RevocationStatus {
  const answered = ocspStatus(question)
  const listed = listStatus(question)
  if (answered.status === 'revoked' || listed.status === 'revoked')
    return gravest([answered, listed].filter((one) => one.status === 'revoked'))!
  if (answered.status === 'good') return { status: 'good', crls: [], ocsps: answered.used }
  if (listed.status === 'good') return { status: 'good', crls: listed.used, ocsps: [] }
  const { ocsps = [] } = question
  if (ocsps.length === 0) return listed
  const detail = `${answered.detail}; ${listed.code} ${listed.detail}`
  return { status: 'unknown', code: answered.code, detail }
}
