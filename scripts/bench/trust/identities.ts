import { generateKey, type KeyKind } from '../../../evidence/keys/generate.ts'
import { keySigner } from '../../../evidence/keys/key-signer.ts'
import type { HashName, Signer, Timestamper, TrustContext } from '../../../evidence/ports.ts'
import { buildTimestampRequest } from '../../../evidence/tsa/request.ts'
import { answerTimestampQuery } from '../../../evidence/tsa/responder.ts'
import { tokenOfResponse } from '../../../evidence/tsa/response.ts'
import { verifyToken } from '../../../evidence/tsa/token.ts'
import { type Issuer, issueCertificate, issueCrl, type Profile } from '../../../evidence/x509/issue.ts'
import { systemClock } from '../../../mail/clock.ts'

const DAY_MS = 24 * 3_600_000

/** One authority with its list, and everybody whom a message needs, all with one kind of key. */
export interface Identities {
  readonly issuer: Issuer
  readonly user: Signer
  readonly provider: Signer
  readonly timestamper: Timestamper
  /** What a relying party has at hand: the anchor and a list in force. */
  readonly trust: Omit<TrustContext, 'at'>
  issue(profile: Profile, kind?: KeyKind): Signer
}

export function makeIdentities(kind: KeyKind): Identities {
  const now = Date.now()
  const times = { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + 30 * DAY_MS) }
  const { privateKey, publicKey } = generateKey(kind)
  const root = issueCertificate({
    subject: { commonName: `Bench ${kind}` },
    publicKey,
    profile: { kind: 'root' },
    issuer: { self: privateKey },
    ...times,
  })
  const issuer: Issuer = { certificate: root, key: privateKey }
  const issue = (profile: Profile, own: KeyKind = kind): Signer => {
    const pair = generateKey(own)
    const subject = { commonName: `Bench ${profile.kind}` }
    const certificate = issueCertificate({ subject, publicKey: pair.publicKey, profile, issuer, ...times })
    return keySigner({ key: pair.privateKey, certificate, chain: [], hash: 'sha256' })
  }
  const list = issueCrl({
    issuer,
    number: 1,
    thisUpdate: times.notBefore,
    nextUpdate: times.notAfter,
    revoked: [],
  })
  const trust = { anchors: [root], intermediates: [], crls: [list], revocation: 'require' } as const
  return {
    issuer,
    user: issue({ kind: 'user', email: 'bench@hs98.kep.tr' }),
    provider: issue({ kind: 'provider', email: 'kep@hs98.kep.tr' }),
    timestamper: localTimestamper(issue({ kind: 'tsa' }), trust),
    trust,
    issue,
  }
}

/** The development TSA in this process: it makes the token, and the client's check believes it. */
function localTimestamper(signer: Signer, trust: Omit<TrustContext, 'at'>): Timestamper {
  let serial = 1n
  const authority = { signer, policy: '1.3.6.1.4.1.99999.1.1', serial: () => serial++, clock: systemClock }
  return {
    stamp: async (imprint: Uint8Array, hash: HashName) => {
      const query = buildTimestampRequest({ imprint, hash, certificate: true })
      const der = tokenOfResponse(await answerTimestampQuery(query, authority))
      return verifyToken(der, { imprint, hash, trust })
    },
  }
}
