/** An issuer of access tokens with a key of its own, and others of its kind. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { OauthSettings } from '../../config/login.ts'
import { type Clock, systemClock } from '../../mail/clock.ts'
import { KeySet } from '../../server/oauth/key-set.ts'
import { TokenJudge } from '../../server/oauth/token-judge.ts'

export const ISSUER = 'https://giris.example.tr'
export const AUDIENCE = 'kep'
const SETTINGS: OauthSettings = {
  issuer: ISSUER,
  audience: AUDIENCE,
  ca: [],
  claim: 'email',
  algorithms: ['RS256', 'PS256', 'ES256'],
  clockSkew: 60_000,
}

export interface TokenIssuer {
  /** Its keys as it publishes them. */
  readonly jwks: string
  /** The public key in PEM. */
  readonly publicPem: string
  readonly judge: TokenJudge
  /** @param more claims, beside who issued it for whom until when */
  token(
    email: string,
    more?: { readonly [claim: string]: unknown },
    header?: { readonly kid?: string },
  ): Promise<string>
}

export async function tokenIssuer(
  options: { readonly settings?: Partial<OauthSettings>; readonly clock?: Clock; readonly kid?: string } = {},
): Promise<TokenIssuer> {
  const { clock = systemClock, kid = 'bir' } = options
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }] })
  const spki = Buffer.from(await crypto.subtle.exportKey('spki', publicKey)).toString('base64')
  const keys = new KeySet(
    async () => jwks,
    clock,
    (error) => {
      throw error
    },
  )
  return {
    jwks,
    publicPem: `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`,
    judge: new TokenJudge({ ...SETTINGS, ...options.settings }, keys, clock),
    token: (email, more = {}, header = {}) =>
      new SignJWT({
        iss: ISSUER,
        aud: AUDIENCE,
        exp: Math.floor(clock.now().getTime() / 1000) + 600,
        email,
        ...more,
      })
        .setProtectedHeader({ alg: 'ES256', kid, ...header })
        .sign(privateKey),
  }
}
