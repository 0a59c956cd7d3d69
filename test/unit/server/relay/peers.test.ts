import { writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PeerDirectory } from '../../../../server/relay/peers.ts'
import type { Store } from '../../../../storage/port.ts'
import { openSqliteStore } from '../../../../storage/sqlite/store.ts'
import { peerText, pemOf } from '../../../fakes/peer-entry.ts'
import { pki } from '../../../fakes/pki.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'

const OWN = 'hs98.kep.tr'
const HS99 = 'hs99.kep.tr'
let folder: TemporaryFolder
let store: Store
beforeEach(async () => {
  folder = new TemporaryFolder()
  store = await openSqliteStore(folder.path, Date.now())
})
afterEach(async () => {
  await store[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

/** An entry of the configuration, which names files. */
function configured(provider: string): ReturnType<typeof peerText> {
  const [ca, signing] = [folder.file('ca.pem'), folder.file('signing.pem')]
  writeFileSync(ca, pemOf(pki().root.certificate))
  writeFileSync(signing, pemOf(pki().provider.certificate))
  return peerText({ provider, tls: { ca: [ca] }, signing: [{ certificate: signing }] })
}

const open = (...entries: ReturnType<typeof peerText>[]) => PeerDirectory.open(store.peers, OWN, entries)

describe('who is known', () => {
  test('those of the configuration and those that were stored, in order; nobody else', async () => {
    const peers = await open(configured('hs97.kep.tr'))
    expect(await peers.put(peerText())).toBe('added')
    expect(await peers.put(peerText({ provider: 'hs03.kep.tr' }))).toBe('added')
    expect(peers.all().map(({ provider, source }) => [provider, source])).toEqual([
      ['hs03.kep.tr', 'operator'],
      ['hs97.kep.tr', 'configuration'],
      [HS99, 'operator'],
    ])
    expect(peers.of('hs11.kep.tr')).toBeUndefined()
    expect(peers.of('__proto__')).toBeUndefined()
    expect((await open()).all().map(({ provider }) => provider)).toEqual(['hs03.kep.tr', HS99])
  })

  test('a whole entry, read once', async () => {
    const from = '2026-01-01'
    const leaf = pki().tls.certificate
    const peers = await open()
    await peers.put(
      peerText({
        route: { host: 'kep.example', port: 10_025, tls: 'implicit' },
        // A certificate with its issuer behind it: the certificate is meant.
        tls: {
          certificates: [pemOf(leaf) + pemOf(pki().intermediate.certificate)],
          serverName: 'kep.example',
        },
        client: {
          certificates: [pemOf(leaf)],
          ca: [pemOf(pki().root.certificate)],
          addresses: ['192.0.2.0/24', '2001:db8::1'],
        },
        signing: [{ certificate: pemOf(pki().provider.certificate), from }],
        sizeLimit: '30 MB',
      }),
    )
    const peer = peers.of(HS99)
    expect(peer).toMatchObject({
      serviceAddress: 'kep@hs99.kep.tr',
      route: { kind: 'host', host: 'kep.example', port: 10_025, implicitTls: true },
      tls: { trusted: [pemOf(leaf)], serverName: 'kep.example' },
      sizeLimit: 30_000_000,
      connections: 4,
    })
    expect(peer?.inbound.pins).toEqual([leaf.fingerprint])
    expect(peer?.inbound.anchors).toEqual([pki().root.certificate])
    expect(peer?.inbound.addresses?.check('192.0.2.77')).toBe(true)
    expect(peer?.inbound.addresses?.check('192.0.3.1')).toBe(false)
    expect(peer?.inbound.addresses?.check('2001:db8::1', 'ipv6')).toBe(true)
    expect(peer?.signing).toEqual([
      { certificate: pki().provider.certificate, from: Date.parse(from), until: undefined },
    ])
    expect((await open()).of(HS99)?.signing[0]?.from).toBe(Date.parse(from))
  })
})

describe('changes', () => {
  test('a peer is replaced, removed and comes back; the configuration is not changed this way', async () => {
    const peers = await open(configured('hs97.kep.tr'))
    await peers.put(peerText())
    expect(await peers.put(peerText({ name: 'Yeni' }))).toBe('replaced')
    expect(peers.of(HS99)?.name).toBe('Yeni')
    await peers.remove(HS99, new Date())
    expect(peers.of(HS99)).toBeUndefined()
    expect((await open()).all()).toEqual([])
    await expect(peers.remove(HS99, new Date())).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await peers.put(peerText())).toBe('added')
    await expect(peers.remove('hs97.kep.tr', new Date())).rejects.toMatchObject({ code: 'CONFIGURED' })
    await expect(peers.put(peerText({ provider: 'hs97.kep.tr' }))).rejects.toMatchObject({
      code: 'CONFIGURED',
    })
    await expect(peers.put(peerText({ provider: OWN }))).rejects.toMatchObject({ code: 'OWN_DOMAIN' })
  })

  test('what makes no peer is not stored', async () => {
    const peers = await open()
    await expect(peers.put(peerText({ signing: [{ certificate: 'nothing' }] }))).rejects.toThrow(
      'certificate',
    )
    expect(await store.peers.list('', 10)).toEqual([])
  })

  test('a reload takes over all or nothing; the configuration holds where both name one', async () => {
    const peers = await open()
    await peers.put(peerText())
    await peers.reload([configured(HS99)])
    expect(peers.of(HS99)?.source).toBe('configuration')
    const missing = { ...configured('hs97.kep.tr'), signing: [{ certificate: folder.file('none.pem') }] }
    await expect(peers.reload([configured('hs96.kep.tr'), missing])).rejects.toThrow('none.pem')
    expect(peers.all().map(({ provider }) => provider)).toEqual([HS99])
    await peers.reload([])
    expect(peers.of(HS99)?.source).toBe('operator')
  })

  test('a stored entry that cannot be read is told with its name, never passed over', async () => {
    await store.peers.put(HS99, '{"provider":"hs99.kep.tr"}', 0)
    await expect(open()).rejects.toThrow('the stored peer hs99.kep.tr')
  })
})
