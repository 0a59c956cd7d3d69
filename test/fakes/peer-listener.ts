/** The listener for peers of hs98 over a real store, with one peer (hs99) whose pinned certificate is known. */
import { BlockList } from 'node:net'
import { z } from 'zod'
import { privateKeyPem } from '../../evidence/keys/generate.ts'
import { DEFAULT_PROFILE } from '../../evidence/model/profile.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { systemClock } from '../../mail/clock.ts'
import type { FailureCode } from '../../mail/errors.ts'
import { intakeName } from '../../mail/ids.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import { definePlugin, type Plugin, type Services, type Verdict } from '../../plugins/api.ts'
import { catalog } from '../../plugins/catalog.ts'
import { Pipeline } from '../../plugins/pipeline.ts'
import { makeStandardMailboxes } from '../../server/accounts/standard-mailboxes.ts'
import { ConnectionCensus } from '../../server/connection-census.ts'
import { Events } from '../../server/ops/events.ts'
import type { PeerServerParts } from '../../server/relay/inbound/parts.ts'
import { PeerListener } from '../../server/relay/inbound/peer-listener.ts'
import type { Peer } from '../../server/relay/peer.ts'
import { stageBytes } from '../../server/stage-bytes.ts'
import type { Store, WorkRow } from '../../storage/port.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { startCrlServer } from './crl-server.ts'
import { OURS, PEER, peerKeys } from './peer-mail.ts'
import { validator } from './peer-trust.ts'
import { type Holder, pki } from './pki.ts'
import { TemporaryFolder } from './temporary-folder.ts'

export const OPERATOR = `postmaster@${OURS}`

export interface TestPeerListener extends AsyncDisposable {
  readonly port: number
  readonly ca: string
  readonly folder: string
  readonly store: Store
  readonly peers: Peer[]
  /** What `relay_post` and the gate say from now on. */
  verdict: Verdict
  closed: FailureCode | undefined
  /** The sum of a metric, over the labels that are given. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>
  /** Rows of work of an intake. */
  rows(intake: string): Promise<WorkRow[]>
}

export const peerOf = (provider: string, changes: Partial<Peer> = {}): Peer => ({
  provider,
  name: provider,
  serviceAddress: `kep@${provider}`,
  route: { kind: 'mx' },
  tls: { trusted: [], serverName: undefined },
  inbound: { pins: [], anchors: [], addresses: undefined },
  signing: [],
  sizeLimit: 25_000_000,
  connections: 1,
  ratePerMinute: undefined,
  sourceAddress: undefined,
  ehlo: undefined,
  family: undefined,
  source: 'configuration',
  ...changes,
})

export const pinned = ({ certificate }: Holder) => ({
  pins: [certificate.fingerprint],
  anchors: [],
  addresses: undefined,
})

export const signedBy = ({ certificate }: Holder) => [{ certificate, from: undefined, until: undefined }]

export function addresses(...list: string[]): BlockList {
  const blocks = new BlockList()
  for (const address of list) blocks.addAddress(address, address.includes(':') ? 'ipv6' : 'ipv4')
  return blocks
}

const services: Services = {
  domain: OURS,
  provider: { name: 'Deneme', serviceAddress: `kep@${OURS}` },
  profile: DEFAULT_PROFILE,
  settings: {
    sizeLocal: 1,
    sizePeer: 1,
    recipients: 1,
    localUnavailable: 'nondelivery',
    requireBes: false,
    certificates: 'any',
    signerMustBeLogin: false,
    otherSigners: 'refuse',
    revocation: 'require',
    eypContainer: 'warn',
  },
  accountOf: async () => undefined,
  usageOf: async () => 0,
  isPeer: () => true,
  scratch: {
    create: () => {
      throw new TypeError('no room')
    },
  },
  noticed: () => {},
}

export async function startPeerListener(changes: Partial<PeerServerParts> = {}): Promise<TestPeerListener> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(new TemporaryFolder())
  const lists = stack.use(await startCrlServer(pki()))
  const store = stack.use(await openSqliteStore(folder.path, Date.now()))
  await makeStandardMailboxes(store.mailboxes, OPERATOR)
  const events = new Events('silent')
  const { signing, client } = peerKeys()
  const peers = [peerOf(PEER, { inbound: pinned(client), signing: signedBy(signing) })]
  const asked: Plugin = definePlugin({
    name: 'asked',
    config: z.strictObject({}),
    register: (hooks) => hooks.on('relay_post', () => test.verdict),
  })
  const evidence = [...catalog.keys()].filter((name) => name.startsWith('evidence-'))
  const tls = pki().tls
  const trust = validator(lists.urls)
  const listener = new PeerListener({
    store,
    clock: systemClock,
    pipeline: new Pipeline(
      ['asked', ...evidence],
      services,
      () => {},
      new Map([...catalog, ['asked', asked]]),
    ),
    events,
    profile: DEFAULT_PROFILE,
    providersTrust: trust,
    tsasTrust: trust,
    usersTrust: trust,
    revocation: 'require',
    operatorBox: OPERATOR,
    resolver: async () => {
      throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
    },
    domain: OURS,
    serviceAddress: `kep@${OURS}`,
    peers: { of: (provider) => peers.find((peer) => peer.provider === provider), all: () => peers },
    census: new ConnectionCensus({ connections: 100, connectionsPerIp: 100, connectionsPerAccount: 100 }),
    closedBecause: () => test.closed,
    maxBytes: 1_000_000,
    mimeLimits: { parts: 20_000, depth: 80, headerOctets: 16_777_216 },
    minimumRate: 100,
    windowMs: 5000,
    idleMs: 30_000,
    loginTimeMs: 30_000,
    maxErrors: 100,
    tls: { key: privateKeyPem(tls.key), cert: toPem('CERTIFICATE', tls.certificate.der) },
    ...changes,
  })
  stack.defer(() => listener.close())
  const port = await listener.listen(0, '127.0.0.1')
  const open = stack.move()
  const test: TestPeerListener = {
    port,
    ca: [pki().root, pki().intermediate]
      .map(({ certificate }) => toPem('CERTIFICATE', certificate.der))
      .join(''),
    folder: folder.path,
    store,
    peers,
    verdict: { kind: 'proceed' },
    closed: undefined,
    metric: async (name, labels = {}) => {
      const values = (await events.registry.getSingleMetric(`openkep_${name}`)?.get())?.values ?? []
      return values
        .filter((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))
        .reduce((sum, { value }) => sum + value, 0)
    },
    rows: (intake) => store.work.of(intake, { recipient: -1, slot: '' }, 100),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
  return test
}

/** A message of ours that went to two recipients at hs99 and one at hs97, as its submission left it in the store. */
export async function sentMessage(
  store: Store,
  original: Buffer,
  changes: Partial<SubmissionRecord> = {},
): Promise<SubmissionRecord> {
  const body = await stageBytes(store, original)
  const id = changes.id ?? 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
  const now = Date.now()
  const record: SubmissionRecord = {
    origin: 'submission',
    id,
    messageId: `<rem.${id}@${OURS}>`,
    userMessageId: undefined,
    decidedAt: new Date(now).toISOString(),
    sender: { address: `gonderen@${OURS}`, name: 'Gönderen' },
    person: { handle: 'g', shown: 'G' },
    login: { at: new Date(now).toISOString(), method: 'password', detail: '' },
    recipients: [`bir@${PEER}`, `iki@hs97.kep.tr`, `uc@${PEER}`].map((address) => ({
      address,
      name: undefined,
      local: false,
    })),
    subject: 'Gizli',
    subjectDigest: '00',
    header: { from: '', to: '', cc: '', subject: '', references: '', messageType: undefined },
    message: { size: original.length, sha256: body.ref.hash, eightBit: false },
    signature: undefined,
    ...changes,
  }
  const envelope = await stageBytes(store, Buffer.from(JSON.stringify(record)))
  await store.accept({
    id,
    at: now,
    body: body.ref,
    envelope: envelope.ref,
    names: [intakeName(OURS, record.messageId)],
    staged: [envelope, body],
    first: { intake: id, recipient: 0, slot: 'submission', kind: 'accepted', due: now, payload: '{}' },
  })
  return record
}
