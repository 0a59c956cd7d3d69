import { writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../mail/clock.ts'
import { AccountDirectory } from '../../../../server/accounts/directory.ts'
import { PasswordThread } from '../../../../server/accounts/password-thread.ts'
import { type OperationName, perform } from '../../../../server/ops/operations/catalog.ts'
import type { OperationParts } from '../../../../server/ops/operations/operation.ts'
import { probePeer } from '../../../../server/relay/outbound/probe.ts'
import { nameResolver } from '../../../../server/relay/outbound/resolver.ts'
import { houseOf } from '../../../fakes/house.ts'
import { peerText, pemOf } from '../../../fakes/peer-entry.ts'
import { clientOf, startPeerSink } from '../../../fakes/peer-sink.ts'
import { daysFromNow, pki } from '../../../fakes/pki.ts'
import { INTAKE, openRelayHouse, type RelayHouse } from '../../../fakes/relay-house.ts'
import { shortTimes } from '../../../fakes/relay-times.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'

const HS99 = 'hs99.kep.tr'
let house: RelayHouse
let passwords: PasswordThread
let parts: OperationParts
const hastened: string[] = []
const failed: string[] = []

beforeEach(async () => {
  house = await openRelayHouse()
  passwords = new PasswordThread()
  hastened.length = 0
  failed.length = 0
  const { store } = house
  parts = {
    directory: new AccountDirectory(store, passwords, 'hs98.kep.tr', systemClock),
    ...(await houseOf(store)),
    defaultQuota: 1000,
    probePeer: (peer) =>
      probePeer(peer, {
        domain: 'hs98.kep.tr',
        client: () => clientOf(pki().provider),
        resolver: () => nameResolver(undefined),
        random: () => 0,
        times: shortTimes(),
      }),
    relay: { retryNow: (provider) => void hastened.push(provider) },
    failSend: async ({ slot }) => failed.push(slot) === 1,
  }
})
afterEach(async () => {
  await house[Symbol.asyncDispose]()
  await passwords[Symbol.asyncDispose]()
})

const run = (name: OperationName, args: object = {}, over: Partial<OperationParts> = {}): Promise<unknown> =>
  perform({ ...parts, ...over }, name, args, () => {})
const code = async (answer: Promise<unknown>): Promise<unknown> =>
  answer.catch((error: unknown) => (error as { code?: unknown }).code)

describe('peers', () => {
  test('added, used at once, listed with its certificates and queue, removed', async () => {
    expect(await run('peer add', peerText())).toEqual({ provider: HS99, change: 'added' })
    expect(parts.peers.of(HS99)?.source).toBe('operator')
    expect(await run('peer add', peerText({ name: 'Yeni' }))).toEqual({ provider: HS99, change: 'replaced' })
    await house.store.work.insert([house.dispatch(HS99), house.dispatch('hs97.kep.tr', { positions: '2' })])
    const { fingerprint, notAfter } = pki().provider.certificate
    expect(await run('peer list')).toMatchObject({
      peers: [
        {
          provider: HS99,
          name: 'Yeni',
          source: 'operator',
          route: 'MX',
          certificates: [
            { use: 'server-ca', fingerprint: pki().root.certificate.fingerprint },
            { use: 'signing', fingerprint, until: notAfter.toISOString() },
          ],
          queue: { pending: 1, held: 0 },
        },
      ],
      unknown: [{ provider: 'hs97.kep.tr', pending: 1, held: 0 }],
    })
    expect(await run('peer remove', { provider: 'HS99.kep.tr' })).toEqual({ provider: HS99 })
    expect(parts.peers.of(HS99)).toBeUndefined()
    expect(hastened).toEqual([HS99]) // what waits for it is told now
    expect(await code(run('peer remove', { provider: HS99 }))).toBe('NOT_FOUND')
  })

  test('faults that its form does not show', async () => {
    const old = pki().issue({ kind: 'provider', email: 'kep@hs99.kep.tr' }, { notAfter: daysFromNow(-1) })
    expect(await code(run('peer add', peerText({ provider: 'hs98.kep.tr' })))).toBe('BAD_PEER')
    expect(
      await code(run('peer add', peerText({ signing: [{ certificate: pemOf(old.certificate) }] }))),
    ).toBe('BAD_PEER')
    expect(await code(run('peer add', peerText({ signing: [{ certificate: 'x' }] })))).toBe('BAD_PEER')
    expect(await code(run('peer add', { provider: HS99 }))).toBe('BAD_ARGUMENTS')
    expect(parts.peers.all()).toEqual([])
  })

  test('one of the configuration is changed there', async () => {
    const { root, provider } = pki()
    using folder = new TemporaryFolder()
    writeFileSync(folder.file('ca'), pemOf(root.certificate))
    writeFileSync(folder.file('s'), pemOf(provider.certificate))
    await parts.peers.reload([
      peerText({ tls: { ca: [folder.file('ca')] }, signing: [{ certificate: folder.file('s') }] }),
    ])
    expect(await code(run('peer remove', { provider: HS99 }))).toBe('CONFIGURED')
    expect(await code(run('peer add', peerText()))).toBe('CONFIGURED')
  })

  test('a test goes as far as a message would, and sends none', async () => {
    await using sink = await startPeerSink()
    const route = { host: '127.0.0.1', port: sink.port }
    await run('peer add', peerText({ route }))
    const report = await run('peer test', { provider: HS99 })
    expect(report).toMatchObject({
      ok: true,
      steps: [
        { step: 'route', ok: true },
        { step: 'connect', ok: true },
        { step: 'identity', ok: true, details: `127.0.0.1 ${pki().tls.certificate.fingerprint}` },
        {
          step: 'extensions',
          ok: true,
          details: '8BITMIME SIZE PIPELINING ENHANCEDSTATUSCODES SIZE=64000000',
        },
        { step: 'quit', ok: true },
      ],
    })
    expect(sink.commands.filter((line) => /^(MAIL|RCPT|DATA)/.test(line))).toEqual([])
    const pinned = [pemOf(pki().provider.certificate)]
    await run('peer add', peerText({ route, tls: { certificates: pinned } }))
    expect(await run('peer test', { provider: HS99 })).toMatchObject({
      ok: false,
      steps: [
        { step: 'route' },
        { step: 'connect', ok: false, details: expect.stringContaining('NotIdentified') },
      ],
    })
    expect(await code(run('peer test', { provider: 'hs11.kep.tr' }))).toBe('NOT_FOUND')
  })
})

describe('queues', () => {
  const dispatch = `${INTAKE}-hs99`
  const evidence = `${INTAKE}-hs99-2-transport`
  const claim = () =>
    house.store.work.claim(['send'], { now: Date.now(), limit: 1, leaseMs: 60_000, queue: HS99 })
  const stateOf = async (slot: string, recipient = 0) =>
    (await house.store.work.get(INTAKE, recipient, slot))?.state

  beforeEach(async () => {
    await house.store.work.insert([house.dispatch(HS99, { positions: '1,3' }), house.evidence(HS99, 2)])
  })

  test('listed page by page, over all peers or of one', async () => {
    await house.store.work.insert(
      Array.from({ length: 5 }, (_, index) => house.evidence('hs97.kep.tr', index + 10)),
    )
    const ids: string[] = []
    for (let after: string | undefined, more = true; more; more = after !== undefined) {
      const page = (await run('queue list', { after, limit: 2 })) as { rows: { id: string }[]; next?: string }
      ids.push(...page.rows.map(({ id }) => id))
      after = page.next
    }
    expect(ids).toEqual([
      ...[10, 11, 12, 13, 14].map((at) => `${INTAKE}-hs97-${at}-transport`),
      dispatch,
      evidence,
    ])
    expect(await run('queue list', { peer: HS99 })).toMatchObject({
      rows: [
        { id: dispatch, peer: HS99, what: 'dispatch', state: 'pending', attempts: 0, phase: 'queued' },
        { id: evidence, what: 'evidence' },
      ],
    })
    expect(await code(run('queue list', { after: 'x' }))).toBe('BAD_ARGUMENTS')
  })

  test('shown with those to whom it still goes', async () => {
    expect(await run('queue show', { id: `<${dispatch}>` })).toMatchObject({
      id: dispatch,
      recipients: [
        { position: 1, address: 'a@hs99.kep.tr' },
        { position: 3, address: 'c@kurum.hs99.kep.tr' },
      ],
    })
    expect(await run('queue show', { id: evidence })).toMatchObject({
      recipients: [{ position: 2, address: 'kep@hs99.kep.tr' }],
    })
    expect(await code(run('queue show', { id: `${INTAKE}-hs97` }))).toBe('NOT_FOUND')
    expect(await code(run('queue show', { id: 'x' }))).toBe('NOT_FOUND')
  })

  test('retried, held, released; what is on its way is left alone', async () => {
    expect(await run('queue retry', { id: dispatch })).toEqual({ id: dispatch })
    expect(hastened).toEqual([HS99])
    await run('queue hold', { id: dispatch })
    expect(await stateOf('send/hs99.kep.tr')).toBe('held')
    expect(await code(run('queue retry', { id: dispatch }))).toBe('WRONG_STATE')
    expect(await code(run('queue release', { id: evidence }))).toBe('WRONG_STATE')
    await run('queue release', { id: dispatch })
    expect(await stateOf('send/hs99.kep.tr')).toBe('pending')
    await run('queue hold', { id: evidence })
    const [row] = await claim()
    for (const name of ['queue retry', 'queue hold', 'queue fail'] as const)
      expect(await code(run(name, { id: dispatch }))).toBe('IN_WORK')
    await house.store.work.settle(row!, { done: true })
    expect(await code(run('queue retry', { id: dispatch }))).toBe('WRONG_STATE')
  })

  test('failed: held before its outcome is decided, and only where a daemon can make the evidence', async () => {
    expect(await code(run('queue fail', { id: dispatch }, { failSend: undefined }))).toBe('NO_DAEMON')
    expect(await stateOf('send/hs99.kep.tr')).toBe('pending')
    const held: unknown[] = []
    const failSend = async () => {
      held.push(await stateOf('send/hs99.kep.tr'))
      return true
    }
    expect(await run('queue fail', { id: dispatch }, { failSend })).toEqual({ id: dispatch })
    expect(held).toEqual(['held'])
    expect(await run('queue fail', { id: dispatch })).toEqual({ id: dispatch })
    expect(await code(run('queue fail', { id: dispatch }))).toBe('WRONG_STATE')
    expect(failed).toEqual(['send/hs99.kep.tr', 'send/hs99.kep.tr'])
    // What the peer is owed is never given up.
    expect(await code(run('queue fail', { id: evidence }))).toBe('WRONG_STATE')
    expect(await stateOf('transport-send', 2)).toBe('pending')
    expect(failed).toHaveLength(2)
  })
})
