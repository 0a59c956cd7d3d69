import { errors, type JWTPayload, jwtVerify } from 'jose'
import type { OauthSettings } from '../../config/login.ts'
import type { Clock } from '../../mail/clock.ts'
import type { KeySet } from './key-set.ts'

/** Tokens with many groups in them have some thousand characters. */
export const MAX_TOKEN = 16_384

export type TokenVerdict =
  /** `name` as who logs in is named here; `until` is when it ends, ms since 1970. */
  | { readonly ok: true; readonly name: string; readonly until: number }
  /** In the words of the standard. [RFC 6750 §3.1] */
  | { readonly ok: false; readonly status: 'invalid_token' | 'insufficient_scope' }

const INVALID = { ok: false, status: 'invalid_token' } as const

/**
 * Judges access tokens that are JWTs: signed by a key of the issuer, with an algorithm that is allowed, from it, for us, for now.
 * [RFC 7519 §7.2] [RFC 8725 §3]
 */
export class TokenJudge {
  readonly #settings: OauthSettings
  readonly #keys: Pick<KeySet, 'keyFor'>
  readonly #clock: Clock

  constructor(settings: OauthSettings, keys: Pick<KeySet, 'keyFor'>, clock: Clock) {
    this.#settings = settings
    this.#keys = keys
    this.#clock = clock
  }

  /** What a client is told that has no good token. [RFC 7628 §3.2.2] */
  get hints(): { readonly scope?: string; readonly 'openid-configuration': string } {
    const { issuer, scope } = this.#settings
    return {
      ...(scope !== undefined && { scope }),
      'openid-configuration': `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    }
  }

  async judge(token: string): Promise<TokenVerdict> {
    if (token.length > MAX_TOKEN) return INVALID
    const { issuer, audience, algorithms, clockSkew, claim, scope } = this.#settings
    let payload: JWTPayload
    try {
      ;({ payload } = await jwtVerify(token, (header, input) => this.#keys.keyFor(header, input), {
        issuer,
        audience,
        algorithms,
        currentDate: this.#clock.now(),
        clockTolerance: clockSkew / 1000,
        requiredClaims: ['exp', claim],
      }))
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return INVALID
      throw error
    }
    const name = new Map(Object.entries(payload)).get(claim)
    if (typeof name !== 'string' || name === '' || payload.exp === undefined) return INVALID
    if (scope !== undefined && !scopesOf(payload).includes(scope))
      return { ok: false, status: 'insufficient_scope' }
    return { ok: true, name, until: payload.exp * 1000 + clockSkew }
  }
}

/** [RFC 8693 §4.2] */
const scopesOf = ({ scope }: JWTPayload): string[] => (typeof scope === 'string' ? scope.split(' ') : [])
