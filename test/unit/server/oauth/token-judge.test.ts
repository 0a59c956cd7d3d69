/** Tokens that must not be believed. [RFC 7519 §7.2] [RFC 8725 §2] */
import { SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { AUDIENCE, ISSUER, tokenIssuer } from '../../../fakes/token-issuer.ts'

const NAME = 'ayse.isik@hs98.kep.tr'
const issuer = await tokenIssuer()
const seconds = () => Math.floor(Date.now() / 1000)
const INVALID = { ok: false, status: 'invalid_token' }

test('a good one says who it is and until when, with what clocks may differ', async () => {
  const exp = seconds() + 600
  expect(await issuer.judge.judge(await issuer.token(NAME, { exp }))).toEqual({
    ok: true,
    name: NAME,
    until: exp * 1000 + 60_000,
  })
  const many = await issuer.token(NAME, { aud: ['another', AUDIENCE], nbf: seconds() + 30 })
  expect(await issuer.judge.judge(many)).toMatchObject({ ok: true })
  expect(await issuer.judge.judge(await issuer.token(NAME, { exp: seconds() - 30 }))).toMatchObject({
    ok: true,
  })
})

const header = { iss: ISSUER, aud: AUDIENCE, exp: seconds() + 600, email: NAME }
test.each<[string, () => Promise<string> | string]>([
  ['RFC 8725 §2.1: no signature', () => new UnsecuredJWT(header).encode()],
  [
    'RFC 8725 §2.1: HMAC with the public key as its secret',
    () =>
      new SignJWT(header)
        .setProtectedHeader({ alg: 'HS256', kid: 'bir' })
        .sign(new TextEncoder().encode(issuer.publicPem)),
  ],
  ['the key of somebody else under the same name', async () => (await tokenIssuer()).token(NAME)],
  ['a key that there is not', () => issuer.token(NAME, {}, { kid: 'yok' })],
  ['a claim that was changed', async () => changed(await issuer.token(NAME), 'x@hs98.kep.tr')],
  ['one that ran out', () => issuer.token(NAME, { exp: seconds() - 61 })],
  ['one that is not good yet', () => issuer.token(NAME, { nbf: seconds() + 120 })],
  ['one that never ends', () => issuer.token(NAME, { exp: undefined })],
  ['of another issuer', () => issuer.token(NAME, { iss: `${ISSUER}/` })],
  ['for somebody else', () => issuer.token(NAME, { aud: 'baskasi' })],
  ['for nobody', () => issuer.token(NAME, { aud: undefined })],
  ['that names nobody', () => issuer.token(NAME, { email: undefined })],
  ['that names an empty name', () => issuer.token('')],
  ['that names a list', () => issuer.token(NAME, { email: [NAME] })],
  ['a large one', async () => `${await issuer.token(NAME, { x: 'x'.repeat(20_000) })}`],
  ['no token', () => 'a.b.c'],
  ['nothing', () => ''],
])('%s', async (_, make) => {
  expect(await issuer.judge.judge(await make())).toEqual(INVALID)
})

function changed(token: string, email: string): string {
  const [head, body = '', signature] = token.split('.')
  const claims = { ...JSON.parse(Buffer.from(body, 'base64url').toString()), email }
  return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
}

describe('settings', () => {
  test('an algorithm that is not among those', async () => {
    const strict = await tokenIssuer({ settings: { algorithms: ['RS256'] } })
    expect(await strict.judge.judge(await strict.token(NAME))).toEqual(INVALID)
  })

  test('another claim, of any name', async () => {
    const named = await tokenIssuer({ settings: { claim: '__proto__' } })
    expect(await named.judge.judge(await named.token(NAME))).toEqual(INVALID)
    const own = await tokenIssuer({ settings: { claim: 'https://example.tr/kep' } })
    const token = await own.token('x', { 'https://example.tr/kep': NAME })
    expect(await own.judge.judge(token)).toMatchObject({ ok: true, name: NAME })
  })

  test('a scope that must be among those of the token', async () => {
    const scoped = await tokenIssuer({ settings: { scope: 'kep' } })
    for (const scope of ['kep', 'openid kep'])
      expect(await scoped.judge.judge(await scoped.token(NAME, { scope }))).toMatchObject({ ok: true })
    for (const scope of [undefined, '', 'keplus', 'KEP'])
      expect(await scoped.judge.judge(await scoped.token(NAME, { scope }))).toEqual({
        ok: false,
        status: 'insufficient_scope',
      })
  })
})
