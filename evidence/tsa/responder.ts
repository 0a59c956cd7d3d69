/**
 * Answers time-stamp queries: the TSA of a development installation and of the tests. [RFC 3161 §2.4.2] Its time is
 * the clock of this machine, so its tokens prove nothing to anybody else; production refuses its certificate.
 */
import type { Clock } from '../../mail/clock.ts'
import { OID } from '../asn1/oid.ts'
import { TAG } from '../asn1/tag.ts'
import { encode, generalizedTime, integer, oid, sequence } from '../asn1/writer.ts'
import { signEnclosed } from '../cms/sign.ts'
import type { HashName, Signer } from '../ports.ts'
import { parseTimestampRequest, writeImprint } from './request.ts'
import { grantedResponse, rejectedResponse } from './response.ts'

export interface TimestampAuthority {
  /** Its certificate has the sole, critical timeStamping purpose. */
  readonly signer: Signer
  /** Dotted OID of the policy under which it stamps. */
  readonly policy: string
  /** Unique for each token of this TSA, positive. */
  readonly serial: () => bigint
  readonly clock: Clock
  /** False: its tokens do not say how exact they are. Else they vouch for a second. */
  readonly tellsAccuracy?: boolean
}

/** A query is a digest and a few numbers. */
export const MAX_QUERY_OCTETS = 4096

/** Always an answer in DER: refusals are answers too. Rejects only where the signer does. */
export async function answerTimestampQuery(der: Uint8Array, tsa: TimestampAuthority): Promise<Uint8Array> {
  const query = readQuery(der)
  if (query === undefined) return rejectedResponse('badDataFormat', 'the query cannot be read')
  if (query.hash === undefined) return rejectedResponse('badAlg', 'only SHA-256, SHA-384 and SHA-512')
  if (query.extended) return rejectedResponse('unacceptedExtension', 'no extensions are known')
  if (query.policy !== undefined && query.policy !== tsa.policy)
    return rejectedResponse('unacceptedPolicy', `only ${tsa.policy}`)
  const time = tsa.clock.now()
  const info = tokenInfo(tsa, { ...query, hash: query.hash }, time)
  const certificates = query.certificate ? 'all' : 'none'
  const request = { contentType: OID.tstInfo, signer: tsa.signer, signingTime: time, certificates } as const
  return grantedResponse(await signEnclosed(info, request))
}

function tokenInfo(
  tsa: TimestampAuthority,
  query: { hash: HashName; imprint: Uint8Array; nonce?: Uint8Array | undefined },
  time: Date,
): Uint8Array {
  return sequence(
    integer(1),
    oid(tsa.policy),
    writeImprint(query.hash, query.imprint),
    integer(tsa.serial()),
    generalizedTime(time, true),
    ...(tsa.tellsAccuracy === false ? [] : [encode(TAG.sequence, integer(1))]),
    ...(query.nonce === undefined ? [] : [integer(query.nonce)]),
  )
}

function readQuery(der: Uint8Array): ReturnType<typeof parseTimestampRequest> | undefined {
  if (der.length > MAX_QUERY_OCTETS) return undefined
  try {
    return parseTimestampRequest(der)
  } catch {
    return undefined
  }
}
