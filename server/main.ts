/**
 * The composition root: the one place that knows every part. It reads top to bottom as the story of a start; what was
 * opened is closed in reverse, also when the start fails half-way. Tests call it too, with parts of their own in
 * `given`.
 */
import { availableParallelism } from 'node:os'
import type { Config } from '../config/schema.ts'
import { blockListOf } from '../config/values.ts'
import { DEFAULT_SUBJECT_PREFIXES, envelopeSettings, remoteDesk, StatusSource } from '../evidence/index.ts'
import { type Clock, systemClock } from '../mail/clock.ts'
import { openStore } from '../storage/open-store.ts'
import { type Store, StoreError, type WorkKey } from '../storage/port.ts'
import { backUpOf } from '../storage/transfer/back-up.ts'
import { AccountDirectory } from './accounts/directory.ts'
import { LoginDesk } from './accounts/login.ts'
import { PasswordThread } from './accounts/password-thread.ts'
import { scramKeyMakerOf } from './accounts/scram-key-maker.ts'
import { ScramRenewal } from './accounts/scram-renewal.ts'
import type { DailySealParts } from './archive/daily-seal.ts'
import { ArchiveDesk } from './archive/desk.ts'
import { archiveRules, keepYearsOf, makeArchive } from './archive/make-archive.ts'
import { Rechecks } from './archive/rechecks.ts'
import { MAX_SPAN } from './archive/span.ts'
import { ConnectionCensus } from './connection-census.ts'
import { dutiesOf } from './duties.ts'
import { EventLog, SYSTEM } from './event-log/event-log.ts'
import { AccountHints } from './imap/account-hints.ts'
import { KnownValues } from './imap/known-values.ts'
import { EvidenceIssuer, type IssuerParts } from './issue/issuer.ts'
import { RetrievalDesk } from './issue/retrieval-desk.ts'
import { steps } from './issue/steps-table.ts'
import { ENVELOPE_LIMITS } from './issue/store-message.ts'
import { TsaStatus } from './issue/tsa-status.ts'
import { watchTimestamper } from './issue/watched-timestamper.ts'
import { Worker } from './issue/worker.ts'
import { readStampAccounts, readTls } from './key-files.ts'
import { Listeners } from './listeners.ts'
import { Listings } from './listings/listings.ts'
import { ListingRenewal } from './listings/renewal.ts'
import { NoticeLane, type NoticeParts, type NoticeTimes } from './notify/notice-lane.ts'
import { readSenders } from './notify/settings.ts'
import { openTokens } from './oauth/open-tokens.ts'
import { openPorts, type Ports } from './open-ports.ts'
import { buildDigest, configDigest } from './ops/digests.ts'
import { Events } from './ops/events.ts'
import { Gate } from './ops/gate.ts'
import type { OperationParts } from './ops/operations/operation.ts'
import { peerTrustOf, policyOf, statusSettingsOf } from './policy.ts'
import { Clients } from './proxied/front.ts'
import { Purses } from './purse/purses.ts'
import type { PeerServerParts } from './relay/inbound/parts.ts'
import { makeRelay } from './relay/make-relay.ts'
import { readOutbound } from './relay/outbound/settings.ts'
import { PeerDirectory } from './relay/peers.ts'
import { peersOfOthers } from './relay/peers-of-others.ts'
import { restartNeeded } from './restart-needed.ts'
import { Holds } from './retention/holds.ts'
import { ALL_ROLES, type Role } from './roles.ts'
import { Rounds } from './rounds.ts'
import { saslOfferOf } from './sasl/context.ts'
import { profileOf, serviceAddressOf } from './services.ts'
import { SigningKeys } from './signing-keys.ts'
import { RefusalRecord } from './smtp/refusal-record.ts'
import type { SubmissionServerParts } from './smtp/submission-server.ts'
import { HOUR_MS, RECORDED_OCTETS, TokenBuckets } from './token-buckets.ts'
import { readTrustedRoles, type TrustedRoles } from './trusted.ts'
import { TrustPool } from './workers/trust-pool.ts'

/** Parts that a test may bring along. */
export interface Given {
  readonly clock?: Clock
  readonly store?: Store
  readonly events?: Events
  /** In place of the hashing thread, for passwords that are set. */
  readonly passwords?: Pick<PasswordThread, 'hash'>
  /** In place of the purse's. */
  readonly takeSms?: NoticeParts['takeSms']
  readonly noticeTimes?: NoticeTimes
  /** Runs before the first listener opens, for instance to make accounts. */
  readonly prepare?: (directory: AccountDirectory) => Promise<void>
}

export interface Provider {
  /** 0 where this process has not the role. */
  readonly ports: Ports
  readonly directory: AccountDirectory
  readonly eventLog: EventLog
  readonly store: Store
  readonly events: Events
  readonly peers: PeerDirectory
  readonly purses: Purses
  readonly listings: Listings
  readonly relay: { retryNow(provider: string): void }
  /** An operator gives up a message in a queue: relay failure for whom it is still waited; false where there is none. */
  readonly failSend: (key: WorkKey) => Promise<boolean>
  readonly archiveDesk: ArchiveDesk
  /** Everything into a new folder, while mail goes on. */
  readonly backUp: NonNullable<OperationParts['backUp']>
  /** Who is believed now, by role. */
  readonly trusted: () => TrustedRoles
  /** Takes over TLS, signing keys, peers, anchors, plugins and the rules of submission and relay without dropping a connection; names what needs a restart. */
  reload(config: Config): Promise<{ needsRestart: string[] }>
  /** Drains: no new mail, running DATA gets 30 s, IMAP sessions hear BYE, work in hand is finished. */
  close(): Promise<void>
}

/**
 * @param folder the data folder, which the caller holds the lock of
 * @param roles all, where the store is not shared
 */
export async function start(
  config: Config,
  folder: string,
  given: Given = {},
  roles: ReadonlySet<Role> = ALL_ROLES,
): Promise<Provider> {
  await using parts = new AsyncDisposableStack() // a failure half-way closes what is already open
  const clock = given.clock ?? systemClock
  const events = given.events ?? new Events(config.log.level)
  const opened = given.store
    ? { store: given.store, keys: undefined, shared: true }
    : await openStore(folder, config.storage, clock.now().getTime(), (error) =>
        events.internalError('store', error),
      )
  const store = parts.use(opened.store)
  if (!opened.shared && roles.size < ALL_ROLES.size)
    throw new StoreError(
      'UNAVAILABLE',
      'the embedded store belongs to one process, which has every role: --roles needs storage: mongodb://…',
    )

  const passwords = parts.use(new PasswordThread(() => events.passwordHashed()))
  const scram = await scramKeyMakerOf(config.login, store)
  const directory = new AccountDirectory(
    store,
    given.passwords ?? passwords,
    config.provider.domain,
    clock,
    scram,
  )
  // Only where the folder's lock keeps others away does the pen keep its name.
  const pen = opened.shared ? undefined : 'kepd'
  const eventLog = new EventLog({
    store,
    clock,
    keepYears: config.evidence.retentionYears,
    owner: pen,
    lost: (error) => events.internalError('ops', error),
  })
  const archive = makeArchive(store, eventLog, { clock, owner: pen })
  const renewal = new ScramRenewal(directory, scram, (error) => events.internalError('ops', error))
  parts.defer(() => renewal.idle)
  const desk = new LoginDesk({ directory, passwords, clock, eventLog, scram, renewal })
  const census = new ConnectionCensus(config.limits)
  await given.prepare?.(directory)

  let current = config
  const pool = parts.use(
    new TrustPool({
      threads: config.limits.trustThreads ?? Math.max(1, availableParallelism() - 1),
      onEnd: (outcome, error) => events.trustJob(outcome, error),
    }),
  )
  const status = new StatusSource({
    clock,
    desk: remoteDesk((job, signal) => pool.run(job, signal)),
    settings: () => statusSettingsOf(current),
    onFailure: (kind, url, error) => events.statusFailed(kind, url, error),
  })
  let trusted = await readTrustedRoles(config.trust, clock.now())
  const peerTrust = peerTrustOf(
    () => trusted,
    status,
    () => current.trust.crls,
  )
  const timestamper = watchTimestamper({
    urls: config.tsa.urls,
    accounts: await readStampAccounts(config.tsa),
    demands: new Map(
      config.tsa.demands.map(({ url, policies, maxAccuracy }) => [
        url,
        { policies, maxAccuracyMs: maxAccuracy },
      ]),
    ),
    timeoutMs: config.tsa.timeout,
    anchors: () => peerTrust.tsasTrust.anchorsAt(clock.now()),
    status: new TsaStatus(peerTrust.tsasTrust, clock),
    clock,
    events,
  })
  parts.defer(() => timestamper.close())
  let outbound = await readOutbound(config)
  const { domain } = config.provider
  const peers = await PeerDirectory.open(store.peers, domain, config.peers)
  const policyFrom = (from: Config, { users }: TrustedRoles) =>
    policyOf(from, { store, directory, clock, events, status, peers, users })
  const policy = policyFrom(config, trusted)
  const purses = new Purses({
    store,
    clock,
    events,
    tariff: () => current.tariff,
    clockIsCertain: () => timestamper.clockIsCertain(),
  })

  const listings = new Listings({
    store,
    accounts: directory,
    clock,
    domain,
    settings: () => current.directory,
    events,
  })
  const listingRenewal = new ListingRenewal({
    store,
    accounts: directory,
    listings,
    domain,
    eventLog,
    events,
  })

  const signing = parts.use(await SigningKeys.read(config, clock, events))
  const issuerParts: IssuerParts = {
    pipeline: policy.pipeline,
    profile: profileOf(config),
    // Asked for at each signature: which key is in force changes with the time.
    signer: () => signing.signer('evidence'),
    timestamper,
    archive: archive.archives.evidence,
    clock,
    events,
    retentionYears: config.evidence.retentionYears,
    servingRetentionYears: config.evidence.servingRetentionYears,
  }
  const issuer = new EvidenceIssuer(issuerParts)
  const noticeSenders = await readSenders(config.notify)
  const worker = new Worker(
    {
      store,
      clock,
      issuer,
      directory,
      envelopeSigner: () => signing.signer('envelope'),
      timestamper,
      envelope: envelopeSettings(serviceAddressOf(config), {
        serviceName: config.provider.name,
        subjectPrefixes: { ...DEFAULT_SUBJECT_PREFIXES, dispatch: config.envelope.dispatchPrefix },
      }),
      stampEnvelopes: config.envelope.timestamp,
      serving: () => current.eTebligat,
      noticeChannels: new Set(noticeSenders.keys()),
      deemedReadMs: config.evidence.deemedReadHours * 3_600_000,
      quotaLevels: config.quota.warnAt,
      events,
      peers,
      purses,
      relay: () => outbound.relay,
      rechecks: new Rechecks({
        ...archive,
        store,
        clock,
        archive: archive.archives.rechecks,
        validator: () => submissionParts.validator,
        signer: () => signing.signer('evidence'),
        timestamper,
        events,
        keepYears: keepYearsOf(config),
      }),
      recheckGrace: () => current.revocation.grace,
    },
    steps,
    events,
    timestamper.clockIsCertain,
    config.limits.workLease,
  )
  const { relay, failSend } = makeRelay(
    { store, clock, events, peers, domain, clockIsCertain: timestamper.clockIsCertain },
    () => outbound,
  )
  const notices = [...noticeSenders].map(
    ([channel, sender]) =>
      new NoticeLane(channel, sender, {
        store,
        clock,
        events,
        accountOf: (address) => directory.get(address),
        takeSms: given.takeSms ?? ((account, key) => purses.takeSms(account, key)),
        giveBackSms: (account, key) => purses.giveBackSms(account, key),
        clockIsCertain: timestamper.clockIsCertain,
        random: Math.random,
        ...(given.noticeTimes && { times: given.noticeTimes }),
      }),
  )
  const gate = parts.use(new Gate({ store, clock, events, eventLog, timestamper, limits: config.tsa }))
  let tls = await readTls(config.tls)
  const sealing: DailySealParts = {
    ...archive,
    ...peerTrust,
    ...archiveRules(() => current),
    store,
    clock,
    timestamper,
    signer: () => signing.signer('archive'),
    seals: archive.archives.seals,
    keepYears: keepYearsOf(config),
    spanSize: MAX_SPAN,
    onDamage: (error) => events.internalError('ops', error),
    zone: config.accounts.zone,
    clockIsCertain: timestamper.clockIsCertain,
  }
  const duties = [
    ...(roles.has('ops')
      ? dutiesOf(config, {
          store,
          clock,
          events,
          eventLog,
          purses,
          accounts: directory,
          holds: new Holds(store),
          rules: () => current.retention,
          filling: {
            store,
            directory,
            clock,
            events,
            isAllowed: () => current.search.index === 'account',
            headerOctets: policy.mimeLimits.headerOctets,
          },
          sealing,
          validation: { ...sealing, store, archive: archive.archives.validation, events },
          signing,
          warnBefore: () => current.signing.warnBefore,
          tlsCertificates: () => tls.cert,
          trusted: () => trusted,
          timestamper,
          clockIsCertain: timestamper.clockIsCertain,
        })
      : []),
    ...(opened.shared ? [peersOfOthers(peers)] : []),
  ]
  await gate.start()
  // After the gate has measured the clock: deadlines must not fire by a wrong one.
  const running = [
    ...(roles.has('issue') ? [worker, ...notices] : []),
    ...(roles.has('relay') ? [relay] : []),
    ...duties.map((duty) => new Rounds(duty, events)),
  ]
  for (const part of running) part.start()
  parts.defer(async () => {
    await Promise.all(running.map((part) => part.stop()))
  })

  const tokens = await openTokens(config.login, clock, (error) => events.tokenKeysFailed(error))
  const sasl = saslOfferOf(config.login, tokens)
  const clients = new Clients(blockListOf(config.listen.balancers))
  const submissionParts: SubmissionServerParts = {
    store,
    clients,
    clock,
    desk,
    census,
    sasl,
    events,
    purses,
    ...policy,
    materials: archive.materials,
    refusals: new RefusalRecord(eventLog, clock),
    closedBecause: () => gate.closedBecause(),
    tls,
  }
  const peerParts: PeerServerParts = {
    ...submissionParts,
    ...peerTrust,
    peers,
    tls,
    serviceAddress: serviceAddressOf(config),
    operatorBox: await directory.ensureOperatorBox(config.provider.name, config.quota.default),
    resolver: (name, type) => outbound.records(name, type),
    usersTrust: policy.validator,
    maxBytes: config.relay.maxIn,
    mimeLimits: ENVELOPE_LIMITS,
  }
  const retrievals = new RetrievalDesk({
    store,
    clock,
    events,
    personId: config.evidence.personId,
    rule: config.evidence.retrieval,
  })
  const imapParts = {
    store,
    clients,
    desk,
    census,
    sasl,
    events,
    eventLog,
    recordBudget: new TokenBuckets(RECORDED_OCTETS, HOUR_MS, clock),
    retrievals,
    clock,
    domain: config.provider.domain,
    about: config.provider,
    usesTextFilters: () => current.search.index === 'account',
    accountHints: new AccountHints(),
    knownValues: new KnownValues(),
    tls,
    limits: {
      loginTimeMs: config.limits.loginTime,
      appendMax: config.submission.sizeLocal,
      mimeLimits: policy.mimeLimits,
    },
  }

  const started = { build: await buildDigest(), config: configDigest(config) }
  await eventLog.tell({ what: 'started', by: SYSTEM, details: started })
  if (roles.has('ops')) void listingRenewal.renew(config.directory)
  parts.defer(() => listingRenewal.stop())

  let ready = false
  const listeners = parts.use(new Listeners())
  const ports = await openPorts(listeners, config.listen, roles, {
    submission: submissionParts,
    peer: peerParts,
    imap: imapParts,
    http: { events, isReady: () => ready, closedBecause: () => gate.closedBecause() },
  })
  events.started(ports)
  ready = true

  const open = parts.move() // closing runs in reverse: listeners, gate, worker, store
  return {
    ports,
    directory,
    eventLog,
    store,
    events,
    peers,
    purses,
    listings,
    relay,
    failSend,
    trusted: () => trusted,
    archiveDesk: new ArchiveDesk({ ...sealing, store, domain }),
    backUp: backUpOf(store, opened.keys, () => clock.now().getTime()),
    reload: async (next) => {
      const renewed = await readTls(next.tls)
      // Evidence that was drafted under one name and profile is issued under them: those wait for a restart.
      const { provider, evidence, limits } = config
      const nextTrusted = await readTrustedRoles(next.trust, clock.now(), trusted)
      const renewedPolicy = policyFrom({ ...next, provider, evidence, limits }, nextTrusted)
      const nextOutbound = await readOutbound(next)
      await using nextKeys = await signing.prepare({ ...next, provider: config.provider })
      // Before it takes effect, like every change.
      await eventLog.record({ what: 'reloaded', by: SYSTEM, details: { config: configDigest(next) } })
      // The last that can fail: from here on nothing is taken over by halves. TLS was tried where its files were read.
      await peers.reload(next.peers)
      tls = renewed
      trusted = nextTrusted
      nextKeys.takeOver()
      Object.assign(submissionParts, renewedPolicy, { tls })
      Object.assign(issuerParts, { pipeline: renewedPolicy.pipeline })
      Object.assign(peerParts, {
        pipeline: renewedPolicy.pipeline,
        usersTrust: renewedPolicy.validator,
        revocation: next.revocation.policy,
        maxBytes: next.relay.maxIn,
        tls: renewed,
      })
      current = next
      outbound = nextOutbound
      if (roles.has('ops')) void listingRenewal.renew(next.directory)
      listeners.renew(renewed)
      events.reloaded()
      return { needsRestart: restartNeeded(config, next) }
    },
    close: async () => {
      ready = false
      gate.closeForGood()
      await eventLog.tell({ what: 'stopping', by: SYSTEM })
      await listeners.drain()
      await open.disposeAsync()
    },
  }
}
