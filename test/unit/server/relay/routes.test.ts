import { describe, expect, test } from 'vitest'
import type { NameResolver } from '../../../../server/relay/outbound/resolver.ts'
import { RouteError, targetsOf } from '../../../../server/relay/outbound/routes.ts'
import type { Peer } from '../../../../server/relay/peer.ts'
import { peerAt } from '../../../fakes/peer-sink.ts'

const AWAY = Symbol('away')

/** A zone by name: MX as `priority host`, addresses as they are; what is not in it does not exist. */
const zone = (records: Record<string, readonly string[] | typeof AWAY>): NameResolver => {
  const asked = async (name: string): Promise<readonly string[]> => {
    const found = records[name] ?? []
    if (found === AWAY) throw new Error('SERVFAIL')
    return found
  }
  return {
    mx: async (domain) =>
      (await asked(`mx ${domain}`)).map((line) => ({
        priority: Number(line.split(' ')[0]),
        exchange: line.split(' ')[1] ?? '',
      })),
    addresses: asked,
  }
}

const mx = (over: Partial<Peer> = {}): Peer => peerAt(0, { route: { kind: 'mx' }, ...over })
const found = async (peer: Peer, records: Parameters<typeof zone>[0], random = () => 0) =>
  (await targetsOf(peer, zone(records), random)).map(
    ({ host, address, port, named, implicitTls }) =>
      `${host} ${address}:${port}${named ? ' named' : ''}${implicitTls ? ' tls' : ''}`,
  )
const refused = async (peer: Peer, records: Parameters<typeof zone>[0]): Promise<string> => {
  const error = await targetsOf(peer, zone(records), () => 0).catch((reason: unknown) => reason)
  return error instanceof RouteError ? error.code : 'none'
}

describe('MX of the domain', () => {
  test('in order of preference, all addresses of each; only a name of the provider is one to believe', async () => {
    const records = {
      'mx hs99.kep.tr': ['20 yedek.example.', '10 mx.hs99.kep.tr'],
      'mx.hs99.kep.tr': ['2001:db8::1', '192.0.2.1'],
      'yedek.example': ['192.0.2.2'],
    }
    expect(await found(mx(), records)).toEqual([
      'mx.hs99.kep.tr 2001:db8::1:25',
      'mx.hs99.kep.tr 192.0.2.1:25',
      'yedek.example 192.0.2.2:25',
    ])
    expect(await found(mx({ family: 6 }), records)).toEqual(['mx.hs99.kep.tr 2001:db8::1:25'])
    expect(await found(mx({ sourceAddress: '192.0.2.9' }), records)).toHaveLength(2)
  })

  test('equal ones in the order of chance', async () => {
    const records = {
      'mx hs99.kep.tr': ['10 a.hs99.kep.tr', '10 b.hs99.kep.tr'],
      'a.hs99.kep.tr': ['192.0.2.1'],
      'b.hs99.kep.tr': ['192.0.2.2'],
    }
    const chances = [0.9, 0.1]
    expect(await found(mx(), records, () => chances.shift() ?? 0)).toEqual([
      'b.hs99.kep.tr 192.0.2.2:25',
      'a.hs99.kep.tr 192.0.2.1:25',
    ])
  })

  test('without one the domain itself; one that is away is passed over', async () => {
    expect(await found(mx(), { 'hs99.kep.tr': ['192.0.2.1'] })).toEqual(['hs99.kep.tr 192.0.2.1:25'])
    const records = {
      'mx hs99.kep.tr': ['10 a.hs99.kep.tr', '20 b.hs99.kep.tr'],
      'a.hs99.kep.tr': AWAY,
      'b.hs99.kep.tr': ['192.0.2.2'],
    } as const
    expect(await found(mx(), records)).toEqual(['b.hs99.kep.tr 192.0.2.2:25'])
  })

  test('an attempt tries eight places and no more', async () => {
    const many = Array.from({ length: 30 }, (_, index) => `192.0.2.${index}`)
    expect(await found(mx(), { 'hs99.kep.tr': many })).toHaveLength(8)
  })

  test('nobody to be found, and nobody knows', async () => {
    expect(await refused(mx(), {})).toBe('not-identified')
    expect(await refused(mx(), { 'mx hs99.kep.tr': ['0 .'] })).toBe('not-identified')
    expect(await refused(mx(), { 'mx hs99.kep.tr': ['10 a.hs99.kep.tr'] })).toBe('not-identified')
    expect(await refused(mx({ family: 6 }), { 'hs99.kep.tr': ['192.0.2.1'] })).toBe('not-identified')
    expect(await refused(mx(), { 'mx hs99.kep.tr': AWAY })).toBe('unreachable')
    expect(await refused(mx(), { 'hs99.kep.tr': AWAY })).toBe('unreachable')
  })
})

test('a fixed host, by name or address, with its port; its MX is nobody’s', async () => {
  const fixed = (host: string, implicitTls = false): Peer =>
    mx({ route: { kind: 'host', host, port: 10_025, implicitTls } })
  const records = { 'mx hs99.kep.tr': AWAY, 'kep.example': ['192.0.2.7'] } as const
  expect(await found(fixed('kep.example'), records)).toEqual(['kep.example 192.0.2.7:10025 named'])
  expect(await found(fixed('2001:db8::7', true), records)).toEqual([
    '2001:db8::7 2001:db8::7:10025 named tls',
  ])
})
