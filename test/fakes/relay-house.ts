/** A relay over a real store, with settlements as simple as they can be, and everything counted. */
import type { MessageRecord } from '../../mail/message-record.ts'
import { Events } from '../../server/ops/events.ts'
import { Relay, type RelayParts } from '../../server/relay/outbound/relay.ts'
import { nameResolver } from '../../server/relay/outbound/resolver.ts'
import type { SmtpTimes } from '../../server/relay/outbound/smtp-times.ts'
import type { SendPayload } from '../../server/relay/payloads.ts'
import type { Peer } from '../../server/relay/peer.ts'
import type { SendResult } from '../../server/relay/send-result.ts'
import { stageBytes } from '../../server/stage-bytes.ts'
import type { BlobRef, LeasedWork, NewWork, Store, WorkOutcome } from '../../storage/port.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { type MovedClock, movedClock } from './moved-clock.ts'
import { clientOf } from './peer-sink.ts'
import { pki } from './pki.ts'
import { shortTimes } from './relay-times.ts'
import { TemporaryFolder } from './temporary-folder.ts'

export const INTAKE = '0123456789abcdef0123456789abcdef'
export const RECIPIENTS = ['a@hs99.kep.tr', 'b@hs97.kep.tr', 'c@kurum.hs99.kep.tr']

export interface Settled {
  readonly key: string
  readonly result: SendResult
  readonly payload: SendPayload
  readonly retryAt: number
}

export interface RelayHouse extends AsyncDisposable {
  readonly store: Store
  readonly clock: MovedClock
  readonly events: Events
  readonly peers: Map<string, Peer>
  readonly settled: Settled[]
  /** Claims of each queue, with what they brought. */
  readonly claims: { queue: string | undefined; rows: number }[]
  readonly mail: BlobRef
  relay: Relay
  /** A relay of another life over the same store. */
  another(over?: Partial<RelayParts>): Relay
  dispatch(provider: string, over?: Partial<SendPayload>): NewWork
  evidence(provider: string, position: number, over?: Partial<SendPayload>): NewWork
  metric(name: string, labels: Record<string, string>): Promise<number>
}

export interface HouseOptions {
  readonly parts?: Partial<RelayParts>
  readonly times?: Partial<SmtpTimes>
  readonly message?: Buffer
}

export async function openRelayHouse({ parts = {}, times, message }: HouseOptions = {}): Promise<RelayHouse> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(new TemporaryFolder())
  const store = stack.use(await openSqliteStore(folder.path, Date.now()))
  const clock = movedClock()
  const events = new Events('silent')
  const peers = new Map<string, Peer>()
  const settled: Settled[] = []
  const claims: RelayHouse['claims'] = []
  const counting: Store = {
    ...store,
    work: {
      ...store.work,
      claim: async (kinds, options) => {
        const rows = await store.work.claim(kinds, options)
        claims.push({ queue: options.queue, rows: rows.length })
        return rows
      },
    },
  }
  const staged = await stageBytes(store, message ?? Buffer.from('Subject: x\r\n\r\nmerhaba\r\n'))
  const record: Pick<MessageRecord, 'id' | 'recipients'> = {
    id: INTAKE,
    recipients: RECIPIENTS.map((address) => ({ address, name: undefined, local: false })),
  }
  const envelope = await stageBytes(store, Buffer.from(JSON.stringify(record)))
  const first = {
    intake: INTAKE,
    recipient: 0,
    slot: 'submission',
    kind: 'accepted',
    due: 0,
    payload: '{}',
  } as const
  await store.accept({
    id: INTAKE,
    at: 0,
    body: staged.ref,
    envelope: envelope.ref,
    names: [],
    staged: [staged, envelope],
    first,
  })
  const mail = staged.ref
  const client = clientOf(pki().provider)
  const usual: RelayParts = {
    store: counting,
    clock,
    events,
    peers: { of: (provider) => peers.get(provider), all: () => [...peers.values()] },
    domain: 'hs98.kep.tr',
    dkim: () => undefined,
    clockIsCertain: () => true,
    stillWanted: async () => true,
    settleSend: async (row, payload, _record, result, retryAt) => {
      settled.push({ key: keyOf(row), result, payload, retryAt })
      return outcomeOf(result, retryAt)
    },
    connect: {
      domain: 'hs98.kep.tr',
      client: () => client,
      resolver: () => nameResolver(undefined),
      random: () => 0,
      times: shortTimes(times),
    },
    retry: () => ({ first: 30_000, longest: 1_800_000 }),
    random: () => 0.5,
  }
  const row = (
    provider: string,
    key: Pick<NewWork, 'recipient' | 'slot'>,
    payload: SendPayload,
  ): NewWork => ({
    intake: INTAKE,
    ...key,
    kind: 'send',
    due: clock.now().getTime(),
    payload: JSON.stringify(payload),
    queue: provider,
  })
  const lives = new Set<Relay>()
  const another = (over: Partial<RelayParts> = {}): Relay => {
    const relay = new Relay({ ...usual, ...parts, ...over })
    lives.add(relay)
    return relay
  }
  stack.defer(async () => {
    await Promise.all([...lives].map((relay) => relay.stop(0)))
  })
  const relay = another()
  const open = stack.move()
  return {
    store,
    clock,
    events,
    peers,
    settled,
    claims,
    mail,
    relay,
    another,
    dispatch: (provider, over) =>
      row(
        provider,
        { recipient: 0, slot: `send/${provider}` },
        { what: 'dispatch', mail, eightBit: false, positions: '1', phase: 'queued', ...over },
      ),
    evidence: (provider, position, over) =>
      row(
        provider,
        { recipient: position, slot: 'transport-send' },
        { what: 'evidence', mail, eightBit: false, to: `kep@${provider}`, phase: 'queued', ...over },
      ),
    metric: async (name, labels) => {
      const values = (await events.registry.getSingleMetric(`openkep_relay_${name}`)?.get())?.values ?? []
      return values
        .filter((value) => Object.entries(labels).every(([label, wanted]) => value.labels[label] === wanted))
        .reduce((sum, { value }) => sum + value, 0)
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

export const keyOf = ({ recipient, slot }: Pick<LeasedWork, 'recipient' | 'slot'>): string =>
  `${recipient}/${slot}`

function outcomeOf(result: SendResult, retryAt: number): WorkOutcome {
  if (result.kind === 'answered' || result.kind === 'failed') return { done: true }
  return { retryAt, error: result.details, blameless: result.kind === 'unreachable' }
}
