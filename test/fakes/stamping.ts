/** Authorities that stamp at a time that the test sets, and what they were certified by. */

import { keySigner } from '../../evidence/keys/key-signer.ts'
import type { Certificate, HashName, Signer, Timestamper } from '../../evidence/ports.ts'
import { buildTimestampRequest } from '../../evidence/tsa/request.ts'
import { answerTimestampQuery } from '../../evidence/tsa/responder.ts'
import { tokenOfResponse } from '../../evidence/tsa/response.ts'
import { verifyToken } from '../../evidence/tsa/token.ts'
import { type Issuer, issueCertificate, issueCrl } from '../../evidence/x509/issue.ts'
import type { Clock } from '../../mail/clock.ts'
import { makeKey } from './pki.ts'

const DAY = 86_400_000
const whole = (time: number): Date => new Date(Math.floor(time / 1000) * 1000)

/** A root that is good for as long as is said, and tells its status at any time. */
export class Authority {
  readonly issuer: Issuer
  readonly #revoked: { serial: Uint8Array; date: Date; reason: number | undefined }[] = []
  #listed: { at: number; der: Uint8Array } | undefined

  constructor(commonName: string, from: Date, years: number) {
    const { publicKey, privateKey } = makeKey('p256')
    const certificate = issueCertificate({
      subject: { commonName, organization: 'OpenKEP Deneme', country: 'TR' },
      publicKey,
      profile: { kind: 'root' },
      issuer: { self: privateKey },
      notBefore: whole(from.getTime() - DAY),
      notAfter: whole(from.getTime() + years * 365.25 * DAY),
    })
    this.issuer = { certificate, key: privateKey }
  }

  get root(): Certificate {
    return this.issuer.certificate
  }

  /** `other`: a provider of another name. */
  signer(kind: 'tsa' | 'provider' | 'other', from: Date, years: number, hash: HashName = 'sha256'): Signer {
    const pair = makeKey('p256')
    const certificate = issueCertificate({
      subject: {
        commonName: kind === 'tsa' ? `Deneme damga ${from.getUTCFullYear()}` : `Deneme ${kind}`,
        country: 'TR',
      },
      publicKey: pair.publicKey,
      profile: kind === 'tsa' ? { kind } : { kind: 'provider', email: 'kep@hs98.kep.tr' },
      issuer: this.issuer,
      notBefore: whole(from.getTime() - DAY),
      notAfter: whole(from.getTime() + years * 365.25 * DAY),
      crlUrl: undefined,
    })
    return keySigner({ key: pair.privateKey, certificate, chain: [], hash })
  }

  /** @param reason CRLReason; none where it is not said */
  revoke({ serialBytes }: Certificate, date: Date, reason?: number): void {
    this.#revoked.push({ serial: serialBytes, date: whole(date.getTime()), reason })
  }

  /** Its list as of now, good for a week; one and the same at one time. */
  list(now: Date): Uint8Array {
    if (this.#listed?.at !== now.getTime()) this.#listed = { at: now.getTime(), der: this.#issue(now) }
    return this.#listed.der
  }

  #issue(now: Date): Uint8Array {
    return issueCrl({
      issuer: this.issuer,
      number: Math.floor(now.getTime() / 1000),
      thisUpdate: whole(now.getTime()),
      nextUpdate: whole(now.getTime() + 7 * DAY),
      revoked: this.#revoked.filter(({ date }) => date <= now),
    })
  }
}

let serial = 1n

/** Stamps in this process, by the clock. */
export const stampingWith = (signer: () => Signer, root: () => Certificate, clock: Clock): Timestamper => ({
  async stamp(imprint: Uint8Array, hash: HashName) {
    const query = buildTimestampRequest({ imprint, hash, certificate: true })
    const authority = { signer: signer(), policy: '1.3.6.1.4.1.99999.1.1', serial: () => serial++, clock }
    const der = tokenOfResponse(await answerTimestampQuery(query, authority))
    const trust = { anchors: [root()], intermediates: [], crls: [], revocation: 'if-present' } as const
    return verifyToken(der, { imprint, hash, trust })
  },
})
