import { generateKeyPairSync } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { describe, expect, test, vi } from 'vitest'
import { eventually } from '../../../fakes/eventually.ts'
import { type Answer, DROP, peerAt, SILENT, startPeerSink } from '../../../fakes/peer-sink.ts'
import { INTAKE, openRelayHouse, type RelayHouse } from '../../../fakes/relay-house.ts'

// Real sockets and a real disk, beside whatever else the machine does.
vi.setConfig({ testTimeout: 60_000 })

const HS99 = 'hs99.kep.tr'
const HS97 = 'hs97.kep.tr'

const until = (what: () => boolean): Promise<true> => eventually(async () => (what() ? true : undefined))
const kinds = (house: RelayHouse): string[] => house.settled.map(({ result }) => result.kind)
const payloadOf = async (house: RelayHouse, provider: string): Promise<unknown> =>
  JSON.parse((await house.store.work.get(INTAKE, 0, `send/${provider}`))?.payload ?? '{}')

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  await using sink = await startPeerSink()
  return sink.port
}

describe('what goes out', () => {
  test('a dispatch to the recipients at its positions, from an address that names it; evidence from nobody', async () => {
    await using sink = await startPeerSink()
    await using house = await openRelayHouse()
    house.peers.set(HS99, peerAt(sink.port))
    await house.store.work.insert([
      house.dispatch(HS99, { positions: '1,3' }),
      house.evidence(HS99, 1, { to: 'kep@hs99.kep.tr' }),
    ])
    house.relay.start()
    await until(() => house.settled.length === 2)
    const bySender = new Map(sink.taken.map(({ mail, to }) => [mail.split(' ')[0], to]))
    expect(bySender).toEqual(
      new Map([
        [`<bounce+${INTAKE}-hs99@hs98.kep.tr>`, ['a@hs99.kep.tr', 'c@kurum.hs99.kep.tr']],
        ['<>', ['kep@hs99.kep.tr']],
      ]),
    )
    expect(kinds(house)).toEqual(['answered', 'answered'])
    expect(await house.metric('attempts_total', { peer: HS99, result: 'answered' })).toBe(2)
    await eventually(async () => ((await house.store.work.queues()).length === 0 ? true : undefined))
  })

  test('with DKIM in front, and every octet behind it as it was', async () => {
    await using sink = await startPeerSink()
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const key = {
      selector: 's',
      domain: 'hs98.kep.tr',
      key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    }
    const message = Buffer.from(`From: kep@hs98.kep.tr\r\n\r\n${'.\r\nğ satır\r\n'.repeat(20_000)}`)
    await using house = await openRelayHouse({ parts: { dkim: () => key }, message })
    house.peers.set(HS99, peerAt(sink.port))
    await house.store.work.insert([house.dispatch(HS99, { eightBit: true })])
    house.relay.start()
    await until(() => house.settled.length === 1)
    const { octets, mail } = sink.taken[0]!
    expect(octets.subarray(-message.length).equals(message)).toBe(true)
    expect(mail).toContain(`SIZE=${octets.length}`)
    const p = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')
    const resolver = async () => [[`v=DKIM1; k=ed25519; p=${p}`]]
    const { results } = await dkimVerify(octets, { resolver })
    expect(results.map(({ status }) => status?.result)).toEqual(['pass'])
  })

  test('what is not wanted any more is done without a connection', async () => {
    await using sink = await startPeerSink()
    await using house = await openRelayHouse({ parts: { stillWanted: async () => false } })
    house.peers.set(HS99, peerAt(sink.port))
    await house.store.work.insert([house.dispatch(HS99)])
    house.relay.start()
    await eventually(async () => ((await house.store.work.queues()).length === 0 ? true : undefined))
    expect(house.settled).toEqual([])
    expect(sink.connections).toBe(0)
  })

  test('a loop, a peer that was taken away: failed at once', async () => {
    await using sink = await startPeerSink()
    const message = (fields: number): Buffer =>
      Buffer.from(`${'Received: from a by b\r\n'.repeat(fields)}Subject: x\r\n\r\nReceived: no\r\n`)
    for (const [fields, kind] of [
      [30, 'answered'],
      [31, 'failed'],
      [5000, 'failed'],
    ] as const) {
      await using house = await openRelayHouse({ message: message(fields) })
      house.peers.set(HS99, peerAt(sink.port))
      await house.store.work.insert([house.dispatch(HS99), house.dispatch(HS97, { positions: '2' })])
      house.relay.start()
      await until(() => house.settled.length === 2)
      const results = new Map(house.settled.map(({ key, result }) => [key, result]))
      expect(results.get(`0/send/${HS99}`)).toMatchObject(
        kind === 'failed'
          ? { kind, reason: 'R_REMMD_Malfunction', details: expect.stringContaining('5.4.6') }
          : { kind },
      )
      expect(results.get(`0/send/${HS97}`)).toMatchObject({ kind: 'failed', reason: 'R_REMMD_NotIdentified' })
    }
  })

  test('a recipient of another provider is never sent to; what fails of our own making waits for a person', async () => {
    await using sink = await startPeerSink()
    await using house = await openRelayHouse()
    house.peers.set(HS99, peerAt(sink.port))
    await house.store.work.insert([house.dispatch(HS99, { positions: '2' })])
    house.relay.start()
    await eventually(async () => {
      house.clock.elapse(1_800_000)
      house.relay.wake()
      const row = await house.store.work.get(INTAKE, 0, `send/${HS99}`)
      return row?.state === 'held' && row.attempts === 12 ? true : undefined
    })
    expect(sink.connections).toBe(0)
    expect(house.settled).toEqual([])
  })
})

describe('a peer that is away', () => {
  test('ten thousand rows behind it cost a claim an attempt; live peers are served', async () => {
    await using sink = await startPeerSink()
    await using house = await openRelayHouse()
    house.peers.set(HS99, peerAt(await deadPort()))
    house.peers.set(HS97, peerAt(sink.port, { provider: HS97 }))
    for (let from = 1; from <= 10_000; from += 1000)
      await house.store.work.insert(
        Array.from({ length: 1000 }, (_, index) => house.evidence(HS99, from + index)),
      )
    const live = Array.from({ length: 200 }, (_, index) => house.evidence(HS97, 20_001 + index))
    await house.store.work.insert(live)
    house.relay.start()
    await until(() => sink.taken.length === 200)
    const dead = () => house.claims.filter(({ queue, rows }) => queue === HS99 && rows > 0)
    expect(dead()).toEqual([{ queue: HS99, rows: 4 }])
    expect(kinds(house).filter((kind) => kind === 'unreachable')).toHaveLength(4)
    // One probe a time, each after a longer wait; the four of the first failure came back with it.
    for (let probe = 1; probe <= 5; probe++) {
      house.clock.elapse(30_000 * 2 ** probe)
      house.relay.wake()
      await until(() => kinds(house).filter((kind) => kind === 'unreachable').length === 4 + probe)
    }
    expect(dead().map(({ rows }) => rows)).toEqual([4, 1, 1, 1, 1, 1])
    expect(sink.taken).toHaveLength(200)
    expect((await house.store.work.queues()).map(({ queue, pending }) => [queue, pending])).toEqual([
      [HS99, 10_000],
    ])
    // Not one of the rows behind was touched.
    const page = await house.store.work.queued(HS99, { intake: INTAKE, recipient: 5000, slot: '' }, 100)
    expect(page.every(({ attempts, error }) => attempts === 0 && error === undefined)).toBe(true)
  }, 60_000)

  test('the wait grows from failure to failure and ends with the first success', async () => {
    await using house = await openRelayHouse()
    const port = await deadPort()
    house.peers.set(HS99, peerAt(port, { connections: 1 }))
    await house.store.work.insert([house.evidence(HS99, 1), house.evidence(HS99, 2)])
    house.relay.start()
    // Chance says half of each span. The row keeps its place; it is the peer that is left alone.
    for (const [failure, seconds] of [15, 30, 60, 120, 240, 480, 900, 900].entries()) {
      await until(() => house.settled.length === failure + 1)
      expect(house.settled.at(-1)!.retryAt).toBeLessThanOrEqual(house.clock.now().getTime())
      house.clock.elapse((seconds - 2) * 1000)
      house.relay.wake()
      await setTimeout(50)
      expect(house.settled).toHaveLength(failure + 1)
      house.clock.elapse(3000)
      house.relay.wake()
    }
    await until(() => house.settled.length === 9)
    await using sink = await startPeerSink({ port })
    house.relay.retryNow(HS99)
    house.clock.elapse(1_800_000)
    house.relay.wake()
    await until(() => kinds(house).filter((kind) => kind === 'answered').length === 2)
    expect(sink.connections).toBe(1)
    const states = await eventually(async () => {
      const rows = await Promise.all([1, 2].map((at) => house.store.work.get(INTAKE, at, 'transport-send')))
      return rows.every((row) => row?.state === 'done') ? rows : undefined
    }, 'both done')
    expect(states.map((row) => row?.attempts)).toEqual([0, 0])
  })

  test.each<Answer>([DROP, '421 4.3.2 closing'])(
    'it is there and breaks off: a few messages find out, not all',
    async (answer) => {
      await using sink = await startPeerSink({ script: { MAIL: answer } })
      await using house = await openRelayHouse()
      house.peers.set(HS99, peerAt(sink.port, { connections: 2 }))
      await house.store.work.insert(Array.from({ length: 60 }, (_, index) => house.evidence(HS99, index + 1)))
      house.relay.start()
      await until(() => house.settled.length === 2)
      for (let probe = 1; probe <= 3; probe++) {
        house.clock.elapse(30_000 * 2 ** probe)
        house.relay.wake()
        await until(() => house.settled.length === 2 + probe)
      }
      expect(new Set(kinds(house))).toEqual(new Set(['deferred']))
      expect(house.claims.map(({ rows }) => rows).filter((rows) => rows > 0)).toEqual([2, 1, 1, 1])
      sink.script = {}
      house.clock.elapse(1_800_000)
      house.relay.wake()
      await until(() => sink.taken.length === 60)
    },
  )

  test('a stranger in its place is counted as one', async () => {
    await using sink = await startPeerSink()
    await using house = await openRelayHouse()
    house.peers.set(
      HS99,
      peerAt(sink.port, { tls: { trusted: peerAt(0).tls.trusted, serverName: 'x.example' } }),
    )
    await house.store.work.insert([house.evidence(HS99, 1)])
    house.relay.start()
    await until(() => house.settled.length === 1)
    expect(house.settled[0]?.result).toMatchObject({ kind: 'unreachable', reason: 'R_REMMD_NotIdentified' })
    expect(await house.metric('tls_failures_total', { peer: HS99, reason: 'R_REMMD_NotIdentified' })).toBe(1)
  })
})

describe('how much at once', () => {
  test('as many connections as the peer allows, used again and again', async () => {
    await using sink = await startPeerSink()
    await using house = await openRelayHouse()
    house.peers.set(HS99, peerAt(sink.port, { connections: 3 }))
    await house.store.work.insert(Array.from({ length: 60 }, (_, index) => house.evidence(HS99, index + 1)))
    house.relay.start()
    await until(() => house.settled.length === 60)
    expect(sink.taken).toHaveLength(60)
    expect(sink.mostOpen).toBeLessThanOrEqual(3)
    expect(sink.connections).toBeLessThanOrEqual(3)
    expect(new Set(house.settled.map(({ key }) => key)).size).toBe(60)
  })

  test('as many a minute as the peer allows', async () => {
    await using sink = await startPeerSink()
    await using house = await openRelayHouse()
    house.peers.set(HS99, peerAt(sink.port, { ratePerMinute: 1 }))
    await house.store.work.insert([1, 2, 3].map((position) => house.evidence(HS99, position)))
    house.relay.start()
    await until(() => house.settled.length === 1)
    for (let time = 0; time < 5; time++) {
      house.relay.wake()
      await setTimeout(20)
    }
    expect(sink.taken).toHaveLength(1)
    expect(house.claims.filter(({ rows }) => rows > 0)).toHaveLength(1)
  })

  test('a connection that the peer left is replaced, and nothing is deferred for it', async () => {
    await using sink = await startPeerSink({ script: { MAIL: (_, time) => (time > 1 ? DROP : '250 ok') } })
    await using house = await openRelayHouse()
    house.peers.set(HS99, peerAt(sink.port, { connections: 1 }))
    await house.store.work.insert([1, 2, 3].map((position) => house.evidence(HS99, position)))
    house.relay.start()
    await until(() => house.settled.length === 3)
    expect(kinds(house)).toEqual(['answered', 'answered', 'answered'])
    expect(sink.connections).toBe(3)
  })
})

describe('in doubt', () => {
  test('the connection goes after the last octet: said, counted, and sent again with what is known', async () => {
    await using sink = await startPeerSink({ script: { dot: (taken) => (taken === '1' ? DROP : '250 ok') } })
    await using house = await openRelayHouse()
    house.peers.set(HS99, peerAt(sink.port))
    await house.store.work.insert([house.dispatch(HS99)])
    house.relay.start()
    await until(() => house.settled.length === 1)
    expect(house.settled[0]).toMatchObject({ result: { kind: 'uncertain' }, payload: { phase: 'queued' } })
    expect(house.settled[0]?.payload.uncertain).toBeDefined()
    expect(await house.metric('uncertain_total', { peer: HS99, after: 'connection' })).toBe(1)
    house.clock.elapse(60_000)
    house.relay.wake()
    await until(() => house.settled.length === 2)
    expect(house.settled[1]).toMatchObject({
      result: { kind: 'answered' },
      payload: { uncertain: house.settled[0]?.payload.uncertain },
    })
    // It was known already: not found as a crash a second time.
    expect(await house.metric('uncertain_total', { peer: HS99 })).toBe(1)
  })

  test('4xx to the message is no doubt', async () => {
    await using sink = await startPeerSink({
      script: { dot: (taken) => (taken === '1' ? '451 later' : '250 ok') },
    })
    await using house = await openRelayHouse()
    house.peers.set(HS99, peerAt(sink.port))
    await house.store.work.insert([house.dispatch(HS99)])
    house.relay.start()
    await until(() => house.settled.length === 1)
    await eventually(async () =>
      (await house.store.work.get(INTAKE, 0, `send/${HS99}`))?.attempts === 1 ? true : undefined,
    )
    expect(await payloadOf(house, HS99)).toMatchObject({ phase: 'queued' })
    house.clock.elapse(60_000)
    house.relay.wake()
    await until(() => house.settled.length === 2)
    expect(await house.metric('uncertain_total', { peer: HS99 })).toBe(0)
  })

  test('the process ends after the last octet: the next life finds it', async () => {
    await using sink = await startPeerSink({ script: { dot: SILENT } })
    await using house = await openRelayHouse()
    house.peers.set(HS99, peerAt(sink.port))
    await house.store.work.insert([house.dispatch(HS99)])
    // An end of the process writes nothing more.
    const dying = house.another({ settleSend: () => new Promise(() => {}) })
    dying.start()
    await until(() => sink.taken.length === 1)
    expect(await payloadOf(house, HS99)).toMatchObject({ phase: 'data' })
    sink.script = {}
    house.clock.elapse(3_600_000) // its lease has lapsed
    house.relay.start()
    await until(() => house.settled.length === 1)
    expect(house.settled[0]).toMatchObject({ result: { kind: 'answered' } })
    expect(house.settled[0]?.payload.uncertain).toBeDefined()
    expect(sink.taken).toHaveLength(2)
    expect(await house.metric('uncertain_total', { peer: HS99, after: 'crash' })).toBe(1)
  })
})

describe('stop', () => {
  test('waits for what is on its way, and the next start goes on', async () => {
    await using sink = await startPeerSink()
    await using house = await openRelayHouse()
    house.peers.set(HS99, peerAt(sink.port))
    await house.store.work.insert(Array.from({ length: 40 }, (_, index) => house.evidence(HS99, index + 1)))
    house.relay.start()
    await until(() => sink.taken.length >= 5)
    await house.relay.stop()
    const before = house.settled.length
    expect(before).toBe(sink.taken.length)
    house.another().start()
    await until(() => house.settled.length === 40)
    expect(sink.taken).toHaveLength(40)
    expect(await house.metric('uncertain_total', { peer: HS99 })).toBe(0)
  })

  test('breaks off what takes too long: before the last octet it is tried again, after it nobody knows', async () => {
    for (const [script, kind] of [
      [{ MAIL: SILENT }, 'deferred'],
      [{ dot: SILENT }, 'uncertain'],
      [{ greeting: SILENT }, 'unreachable'],
    ] as const) {
      await using sink = await startPeerSink({ script })
      await using house = await openRelayHouse()
      house.peers.set(HS99, peerAt(sink.port))
      await house.store.work.insert([house.dispatch(HS99)])
      house.relay.start()
      await until(() => sink.connections === 1 && (kind !== 'uncertain' || sink.taken.length === 1))
      await house.relay.stop(50)
      expect(kinds(house)).toEqual([kind])
      expect(await payloadOf(house, HS99)).toMatchObject({ phase: 'queued' })
    }
  })
})

test('depth and age of every queue are told', async () => {
  await using house = await openRelayHouse()
  house.peers.set(HS99, peerAt(await deadPort()))
  await house.store.work.insert([house.evidence(HS99, 1), house.evidence(HS99, 2)])
  await house.store.work.amend({ intake: INTAKE, recipient: 2, slot: 'transport-send' }, 'pending', {
    held: 'x',
  })
  house.clock.elapse(60_000)
  house.relay.start()
  await eventually(async () =>
    (await house.metric('queue_rows', { peer: HS99, state: 'pending' })) === 1 ? true : undefined,
  )
  expect(await house.metric('queue_rows', { peer: HS99, state: 'held' })).toBe(1)
  expect(await house.metric('queue_oldest_seconds', { peer: HS99 })).toBeGreaterThanOrEqual(60)
})

test('I11: while our clock is in doubt nothing is claimed, and all of it follows when it is right again', async () => {
  await using sink = await startPeerSink()
  await using house = await openRelayHouse()
  house.peers.set(HS99, peerAt(sink.port))
  let certain = false
  const relay = house.another({ clockIsCertain: () => certain })
  await house.store.work.insert([house.evidence(HS99, 1)])
  relay.start()
  await setTimeout(400)
  expect(house.claims).toEqual([])
  certain = true
  await until(() => sink.taken.length === 1)
})
