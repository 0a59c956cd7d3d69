import { describe, expect, test } from 'vitest'
import { KeySet } from '../../../../server/oauth/key-set.ts'
import { HOUR, movedClock } from '../../../fakes/moved-clock.ts'
import { tokenIssuer } from '../../../fakes/token-issuer.ts'

const MINUTE = 60_000
const [one, two] = await Promise.all([tokenIssuer({ kid: 'bir' }), tokenIssuer({ kid: 'iki' })])
const flattened = { payload: '', signature: '' }

/** A set that reads what `published` holds at that time, and counts. */
function keySet(published: { jwks: string | Error }) {
  const clock = movedClock()
  const failures: string[] = []
  const counted = { reads: 0 }
  const read = async () => {
    counted.reads++
    if (published.jwks instanceof Error) throw published.jwks
    return published.jwks
  }
  const keys = new KeySet(read, clock, (error) => void failures.push(error.message))
  const knows = (kid: string) =>
    keys.keyFor({ alg: 'ES256', kid }, flattened).then(
      () => true,
      () => false,
    )
  return { clock, failures, counted, knows }
}

describe('RFC 7517 §5: the keys of an issuer', () => {
  test('are asked for when the first token comes, once for all that come together', async () => {
    const { counted, knows } = keySet({ jwks: one.jwks })
    expect(counted.reads).toBe(0)
    expect(await Promise.all(Array.from({ length: 20 }, () => knows('bir')))).not.toContain(false)
    expect(counted.reads).toBe(1)
  })

  test('a key that is new is found, and strangers cannot make us ask for more than one a minute', async () => {
    const published = { jwks: one.jwks }
    const { clock, counted, knows } = keySet(published)
    await knows('bir')
    published.jwks = two.jwks
    for (let i = 0; i < 50; i++) expect(await knows(`yok${i}`)).toBe(false)
    expect(counted.reads).toBe(1)
    clock.elapse(MINUTE)
    expect(await knows('iki')).toBe(true)
    expect(counted.reads).toBe(2)
  })

  test('a key that was taken back goes within ten minutes', async () => {
    const published = { jwks: one.jwks }
    const { clock, knows } = keySet(published)
    await knows('bir')
    published.jwks = two.jwks
    clock.elapse(9 * MINUTE)
    expect(await knows('bir')).toBe(true)
    clock.elapse(MINUTE)
    expect(await knows('bir')).toBe(false)
  })

  test('while they cannot be had those that are known are used for an hour, then none', async () => {
    const published: { jwks: string | Error } = { jwks: one.jwks }
    const { clock, failures, counted, knows } = keySet(published)
    await knows('bir')
    published.jwks = new Error('away')
    clock.elapse(30 * MINUTE)
    expect(await knows('bir')).toBe(true)
    expect(await knows('bir')).toBe(true)
    expect([failures, counted.reads]).toEqual([['away'], 2])
    clock.elapse(HOUR / 2)
    expect(await knows('bir')).toBe(false)
    published.jwks = one.jwks
    clock.elapse(MINUTE)
    expect(await knows('bir')).toBe(true)
  })

  test.each(['', 'x', '[]', '{"keys":1}', '{"keys":[]}', '{"keys":[{"kty":"oct","kid":"bir","k":"AAAA"}]}'])(
    'what is no set of keys gives none: %s',
    async (jwks) => expect(await keySet({ jwks }).knows('bir')).toBe(false),
  )
})
