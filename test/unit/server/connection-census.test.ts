import { describe, expect, test } from 'vitest'
import { ConnectionCensus, sourceNetwork } from '../../../server/connection-census.ts'

const limits = { connections: 5, connectionsPerIp: 2, connectionsPerAccount: 1 }

describe('caps', () => {
  test('per source, in all, per account, and given back', () => {
    const census = new ConnectionCensus(limits)
    const first = census.admit('192.0.2.1')
    const second = census.admit('192.0.2.1')
    expect([first, second].every(Boolean)).toBe(true)
    expect(census.admit('192.0.2.1')).toBeUndefined()
    expect(census.admit('::ffff:192.0.2.1')).toBeUndefined()
    expect(first?.bind('a')).toBe(true)
    expect(first?.bind('a')).toBe(true)
    expect(first?.bind('b')).toBe(false)
    expect(second?.bind('a')).toBe(false)
    first?.leave()
    first?.leave()
    expect(census.size).toBe(1)
    expect(second?.bind('a')).toBe(true)
    for (const ip of ['192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5'])
      expect(census.admit(ip)).toBeDefined()
    expect(census.admit('192.0.2.6')).toBeUndefined()
  })
})

describe('RFC 4291: an IPv6 source is its /64', () => {
  test.each([
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:0:ffff::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['2001:0DB8:0000:0000:1:2:3:4', '2001:db8:0:0::/64'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
  ])('%s', (ip, network) => expect(sourceNetwork(ip)).toBe(network))
})
