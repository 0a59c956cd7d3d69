import { describe, expect, test } from 'vitest'
import { peerEntry, relay } from '../../../config/relay.ts'
import { networkOf } from '../../../config/values.ts'

const entry = { provider: 'hs99.kep.tr', name: 'x', tls: { ca: ['a'] }, signing: [{ certificate: 'b' }] }
const pathsOf = (over: object): string[] =>
  peerEntry.safeParse({ ...entry, ...over }).error?.issues.map(({ path }) => path.join('.')) ?? []

describe('an entry of peers', () => {
  test('what is absent has its default', () =>
    expect(peerEntry.parse(entry)).toMatchObject({
      tls: { ca: ['a'], certificates: [] },
      client: { certificates: [], ca: [], addresses: [] },
      sizeLimit: 64_000_000,
      connections: 4,
    }))

  test.each([
    [{ provider: 'kep.tr' }, 'provider'],
    [{ tls: {} }, 'tls'],
    [{ signing: [] }, 'signing'],
    [{ signing: [{ certificate: 'b', from: 'soon' }] }, 'signing.0.from'],
    [{ route: { host: 'a b' } }, 'route.host'],
    [{ route: { host: 'a.example', port: 0 } }, 'route.port'],
    [{ route: { host: 'a.example', tls: 'none' } }, 'route.tls'],
    [{ client: { addresses: ['192.0.2.0/33'] } }, 'client.addresses.0'],
    [{ connections: 0 }, 'connections'],
    [{ family: 5 }, 'family'],
    [{ sourceAddress: 'here' }, 'sourceAddress'],
    [{ ehlo: 'a\r\nMAIL' }, 'ehlo'],
  ])('%j is refused at %s', (over, path) => expect(pathsOf(over)).toEqual([path]))
})

test('times of the relay', () => {
  expect(relay.parse(undefined)).toMatchObject({
    expiry: 86_400_000,
    evidenceExpiry: 7 * 86_400_000,
    granularity: 'recipient',
    retry: { first: 30_000, longest: 1_800_000 },
  })
  expect(relay.safeParse({ retry: { first: '1 h', longest: '1 min' } }).success).toBe(false)
  expect(relay.safeParse({ resolver: ['dns.example'] }).success).toBe(false)
})

test.each([
  ['192.0.2.1', { address: '192.0.2.1', bits: 32, family: 'ipv4' }],
  ['2001:db8::/32', { address: '2001:db8::', bits: 32, family: 'ipv6' }],
  ['192.0.2.0/', undefined],
  ['192.0.2.0/-1', undefined],
  ['192.0.2.0/1e1', undefined],
  ['example/8', undefined],
])('network %s', (text, network) => expect(networkOf(text)).toEqual(network))
