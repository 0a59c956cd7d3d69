import { pino } from 'pino'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { OutcomeName, StatusKind } from '../../evidence/index.ts'
import type { FailureCode } from '../../mail/errors.ts'
import type { EventFacts } from '../../plugins/events.ts'
import type { ImportReport } from '../listings/feed.ts'
import type { QueryOutcome } from '../listings/listings.ts'
import { redact } from './redaction.ts'

export type ListenerName = 'submission' | 'peer' | 'imap' | 'http'

const STRANGER_LINES_MS = 60_000

/**
 * One function per thing that happens: it feeds the log and the metrics together, so neither can forget. What is
 * logged are ids, codes, counts and addresses of machines: never a password, a body, a subject or an identity number.
 */
export class Events {
  readonly registry = new Registry()
  readonly #log: pino.Logger
  readonly #connections = this.#counter('connections_total', 'Connections admitted', ['listener'])
  readonly #logins = this.#counter('logins_total', 'Logins by result', ['listener', 'result'])
  readonly #hashes = this.#counter(
    'password_hashes_total',
    'Passwords hashed, each some 50 ms of one core',
    [],
  )
  readonly #judgements = this.#counter(
    'trust_jobs_total',
    'Large lists, signatures and evidence that threads beside the loop judged, by how it ended',
    ['outcome'],
  )
  readonly #accepted = this.#counter('submissions_accepted_total', 'Messages accepted', ['duplicate'])
  readonly #octets = this.#counter('submission_octets_total', 'Octets of accepted messages', [])
  readonly #statusFailures = this.#counter(
    'certificate_status_failures_total',
    'Responders, lists and issuers that could not be had or were not believed',
    ['kind'],
  )
  readonly #refused = this.#counter('submissions_refused_total', 'Refusals after complete DATA', ['code'])
  readonly #peerConnections = this.#counter('peer_connections_total', 'Connections of known peers', [
    'peer',
    'identity',
  ])
  readonly #peerStrangers = this.#counter('peer_identity_failures_total', 'MAIL of nobody that is a peer', [])
  readonly #dispatches = this.#counter(
    'peer_dispatches_total',
    'Dispatches of peers by what became of them',
    ['peer', 'outcome'],
  )
  readonly #peerEvidence = this.#counter('peer_evidence_total', 'Deliller of peers that were taken', [
    'peer',
    'outcome',
    'repeated',
  ])
  readonly #evidenceRefused = this.#counter(
    'peer_evidence_refused_total',
    'Evidence messages of peers that were refused',
    ['peer', 'reason'],
  )
  readonly #hints = this.#counter('peer_hints_total', 'Delivery status reports, which are hints only', [
    'peer',
    'kept',
  ])
  readonly #operatorMail = this.#counter('peer_operator_mail_total', "Mail into the operator's box", ['peer'])
  readonly #peerRefused = this.#counter(
    'peer_refused_total',
    'Other refusals of complete messages of peers',
    ['peer', 'code'],
  )
  readonly #quotaReached = this.#counter('quota_warnings_total', 'Holders told how full their box is', [
    'level',
  ])
  readonly #errors = this.#counter('internal_errors_total', 'Errors that were answered as temporary', [
    'where',
  ])
  readonly #evidence = this.#counter('evidence_total', 'Evidence issued by type', ['type'])
  readonly #foreignEvidence = this.#counter(
    'foreign_evidence_total',
    'Evidence of peers that was verified, matched and archived, by type',
    ['type'],
  )
  readonly #relayRecipients = this.#counter(
    'relay_recipients_total',
    'Recipients at a peer by what became of them; those handed over wait for its evidence until one of the others counts',
    ['peer', 'outcome'],
  )
  readonly #contradictions = this.#counter(
    'contradictions_total',
    'Recipients about whom a peer contradicts a final outcome',
    ['peer'],
  )
  readonly #work = this.#counter('work_total', 'Work settled by kind and outcome', ['kind', 'outcome'])
  readonly #stampTime = new Histogram({
    name: 'openkep_timestamp_seconds',
    help: 'Time to get one time-stamp',
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [this.registry],
  })
  readonly #tsaFailures = this.#counter(
    'timestamp_failures_total',
    'Answers of TSAs that were not believed, or none',
    ['code'],
  )
  readonly #credit = this.#gauge('timestamp_credit', 'Stamps that are left at a TSA', ['url'])
  readonly #expiry = this.#gauge('certificate_expires_seconds', 'Until a certificate of ours runs out', [
    'use',
  ])
  readonly #trustLists = this.#gauge(
    'trust_list_expires_seconds',
    'Until the next update of a trusted list is due',
    ['file'],
  )
  readonly #rechecks = this.#counter(
    'rechecks_total',
    'Acceptances whose signers were judged again after the grace period, by how they were found',
    ['outcome'],
  )
  readonly #withoutData = this.#gauge(
    'validation_data_oldest_seconds',
    'Age of the oldest evidence beside which nothing is kept yet that proves it later',
    [],
  )
  readonly #skew = this.#gauge('clock_skew_seconds', "The TSA's time minus ours", [])
  readonly #backlog = this.#gauge('work_backlog', 'Rows of work that wait', ['kind', 'state'])
  readonly #backlogAge = this.#gauge('work_oldest_seconds', 'Age of the oldest row of work that is due', [
    'kind',
  ])
  readonly #free = this.#gauge('free_space_bytes', 'Free octets where bodies are kept', [])
  readonly #retrievals = this.#counter('retrievals_total', 'First readings of delivered messages', [])
  readonly #relayAttempts = this.#counter('relay_attempts_total', 'Attempts to hand mail to a peer', [
    'peer',
    'result',
  ])
  readonly #relayUncertain = this.#counter(
    'relay_uncertain_total',
    'Messages of which nobody knows whether the peer has them; sent again',
    ['peer', 'after'],
  )
  readonly #relayTls = this.#counter('relay_tls_failures_total', 'Connections to a peer that failed in TLS', [
    'peer',
    'reason',
  ])
  readonly #relayQueue = this.#gauge('relay_queue_rows', 'Messages in the queue of a peer', ['peer', 'state'])
  readonly #relayAge = this.#gauge('relay_queue_oldest_seconds', 'Age of the oldest message that waits', [
    'peer',
  ])
  readonly #relayConnections = this.#gauge('relay_connections', 'Open connections to a peer', ['peer'])
  readonly #purse = this.#counter('purse_total', 'What happened in purses', ['what'])
  readonly #retention = this.#counter('retention_total', 'What its time has come for: messages and blobs', [
    'what',
  ])
  readonly #notices = this.#counter(
    'plugin_notices_total',
    'What plugins tell the operator beside their verdicts',
    ['plugin', 'code'],
  )
  readonly #notifications = this.#counter('notifications_total', 'Words to persons that mail came', [
    'channel',
    'outcome',
  ])
  readonly #queries = this.#counter('directory_queries_total', 'Queries of the KEP directory', ['outcome'])
  readonly #sources = this.#counter(
    'directory_sources_total',
    'Directories of other providers that were read',
    ['peer', 'outcome'],
  )
  readonly #signingFailures = this.#counter(
    'signing_failures_total',
    'Signatures that could not be made, by role of the key and reason',
    ['role', 'code'],
  )
  readonly #keyOperations = this.#counter('private_key_operations_total', 'Signatures made with our keys', [
    'role',
  ])

  #strangerTold = Number.NEGATIVE_INFINITY

  constructor(level: string, destination?: pino.DestinationStream) {
    this.#log = pino({ level, base: null, redact, timestamp: pino.stdTimeFunctions.isoTime }, destination)
    collectDefaultMetrics({ register: this.registry, prefix: 'openkep_' })
  }

  started(ports: Readonly<Record<string, number>>): void {
    this.#log.info({ event: 'started', ports })
  }

  stopping(signal: string): void {
    this.#log.info({ event: 'stopping', signal })
  }

  reloaded(): void {
    this.#log.info({ event: 'reloaded' })
  }

  connection(listener: ListenerName): void {
    this.#connections.inc({ listener })
  }

  login(listener: ListenerName, result: 'ok' | 'wrong' | 'delayed', ip: string): void {
    this.#logins.inc({ listener, result })
    this.#log[result === 'ok' ? 'debug' : 'warn']({ event: 'login', listener, result, ip })
  }

  passwordHashed(): void {
    this.#hashes.inc({})
  }

  /** `refused`: too many wait. `lost`: beyond its time or memory, and its thread with it. */
  trustJob(outcome: 'done' | 'refused' | 'lost', error?: Error): void {
    this.#judgements.inc({ outcome })
    if (error !== undefined) this.#log.error({ event: 'trust-thread-lost', error: told(error) })
  }

  quotaReached(level: number): void {
    this.#quotaReached.inc({ level: String(level) })
  }

  accepted(octets: number, recipients: number, duplicate: boolean): void {
    this.#accepted.inc({ duplicate: String(duplicate) })
    this.#octets.inc({}, octets)
    this.#log.info({ event: 'accepted', octets, recipients, duplicate })
  }

  refused(code: FailureCode, evidence: string | undefined): void {
    this.#refused.inc({ code })
    this.#log.info({ event: 'refused', code, evidence })
  }

  /** Who connected is a peer; `identity`: how that is known. */
  peerKnown(peer: string, identity: 'certificate' | 'address'): void {
    this.#peerConnections.inc({ peer, identity })
  }

  peerUnknown(ip: string): void {
    this.#peerStrangers.inc({})
    // Anybody can make these lines: the metric counts them all, the log shows one a minute.
    const now = performance.now()
    const isNews = now - this.#strangerTold > STRANGER_LINES_MS
    if (isNews) this.#strangerTold = now
    this.#log[isNews ? 'warn' : 'debug']({ event: 'not-a-peer', ip })
  }

  dispatchTaken(peer: string, intake: string, octets: number, recipients: number): void {
    this.#dispatches.inc({ peer, outcome: 'taken' })
    this.#log.info({ event: 'dispatch', peer, outcome: 'taken', intake, octets, recipients })
  }

  dispatchRejected(peer: string, intake: string, reason: string, code: string): void {
    this.#dispatches.inc({ peer, outcome: 'rejected' })
    this.#log.warn({ event: 'dispatch', peer, outcome: 'rejected', intake, reason, code })
  }

  /** The peer had not heard our answer; it gets the same evidence again. */
  dispatchRepeated(peer: string, intake: string): void {
    this.#dispatches.inc({ peer, outcome: 'repeated' })
    this.#log.info({ event: 'dispatch', peer, outcome: 'repeated', intake })
  }

  peerEvidenceTaken(peer: string, intake: string, outcome: string, repeated: boolean): void {
    this.#peerEvidence.inc({ peer, outcome, repeated: String(repeated) })
    this.#log.info({ event: 'peer-evidence', peer, intake, outcome, repeated })
  }

  peerEvidenceRefused(peer: string, reason: string): void {
    this.#evidenceRefused.inc({ peer, reason })
    this.#log.warn({ event: 'peer-evidence-refused', peer, reason })
  }

  hint(peer: string, kept: boolean): void {
    this.#hints.inc({ peer, kept: String(kept) })
  }

  operatorMail(peer: string): void {
    this.#operatorMail.inc({ peer })
    this.#log.info({ event: 'operator-mail', peer })
  }

  peerRefused(peer: string, code: FailureCode): void {
    this.#peerRefused.inc({ peer, code })
    this.#log.info({ event: 'peer-refused', peer, code })
  }

  evidenceIssued(type: string, id: string): void {
    this.#evidence.inc({ type })
    this.#log.info({ event: 'evidence', type, id })
  }

  foreignEvidence(type: string, id: string): void {
    this.#foreignEvidence.inc({ type })
    this.#log.info({ event: 'foreign-evidence', type, id })
  }

  /** `handed-over`: the peer has the dispatch and owes evidence; else the outcome that was decided, by it or by us. */
  relayRecipients(
    peer: string,
    outcome: 'handed-over' | OutcomeName | EventFacts['hook'],
    recipients = 1,
  ): void {
    this.#relayRecipients.inc({ peer, outcome }, recipients)
  }

  /** A peer's evidence and an outcome that was final cannot both be true. Told once a recipient. */
  contradicted(provider: string, row: string): void {
    this.#contradictions.inc({ peer: provider })
    this.#log.warn({ event: 'contradiction', peer: provider, row })
  }

  workSettled(kind: string, outcome: 'done' | 'retry' | 'held', row: string, error?: string): void {
    this.#work.inc({ kind, outcome })
    if (outcome !== 'done')
      this.#log[outcome === 'held' ? 'error' : 'warn']({ event: 'work', kind, outcome, row, error })
  }

  stamped(seconds: number): void {
    this.#stampTime.observe(seconds)
  }

  tsaFailed(url: string, code: string): void {
    this.#tsaFailures.inc({ code })
    this.#log.warn({ event: 'tsa', url, code })
  }

  timestampCredit(url: string, left: number, isLow: boolean): void {
    this.#credit.set({ url }, left)
    if (isLow) this.#log.warn({ event: 'timestamp-credit', url, left })
  }

  /** A PKCS#12 file whose password protects it little. */
  weakKeyFile(file: string): void {
    this.#log.warn({ event: 'weak-key-file', file })
  }

  certificateExpires(use: string, serial: string, leftMs: number, isNear: boolean): void {
    this.#expiry.set({ use }, leftMs / 1000)
    if (isNear)
      this.#log.warn({ event: 'certificate-expires', use, serial, days: Math.floor(leftMs / 86_400_000) })
  }

  /** All of them: one that is not believed any more has no line. */
  trustLists(lists: readonly { file: string; leftMs: number; isNear: boolean }[]): void {
    this.#trustLists.reset()
    for (const { file, leftMs, isNear } of lists) {
      this.#trustLists.set({ file }, leftMs / 1000)
      const days = Math.floor(leftMs / 86_400_000)
      if (leftMs < 0) this.#log.error({ event: 'trust-list-outdated', file, days })
      else if (isNear) this.#log.warn({ event: 'trust-list-expires', file, days })
    }
  }

  /** A signer who had been revoked before the acceptance is the operator's affair: the evidence stands. */
  rechecked(outcome: 'held' | 'revoked-before' | 'unknown', intake: string): void {
    this.#rechecks.inc({ outcome })
    if (outcome === 'revoked-before') this.#log.error({ event: 'late-revocation', intake })
    else if (outcome === 'unknown') this.#log.warn({ event: 'recheck-unknown', intake })
  }

  /** @param ageMs of the oldest evidence without validation data; 0 where there is none */
  validationData(ageMs: number): void {
    this.#withoutData.set(ageMs / 1000)
    if (ageMs > 86_400_000)
      this.#log.error({ event: 'validation-data-late', hours: Math.floor(ageMs / 3_600_000) })
  }

  clockSkew(milliseconds: number): void {
    this.#skew.set(milliseconds / 1000)
    if (Math.abs(milliseconds) > 1000) this.#log.warn({ event: 'clock-skew', milliseconds })
  }

  backlog(
    rows: readonly { kind: string; state: string; rows: number; oldestSince: number }[],
    now: number,
  ): void {
    this.#backlog.reset()
    this.#backlogAge.reset()
    for (const { kind, state, rows: count, oldestSince } of rows) {
      this.#backlog.set({ kind, state }, count)
      if (state === 'pending') this.#backlogAge.set({ kind }, Math.max(0, (now - oldestSince) / 1000))
    }
  }

  freeSpace(octets: number): void {
    this.#free.set(octets)
  }

  retrieved(): void {
    this.#retrievals.inc({})
  }

  relayAttempted(peer: string, result: string, row: string, details?: string): void {
    this.#relayAttempts.inc({ peer, result })
    this.#log[result === 'answered' ? 'info' : 'warn']({ event: 'relay', peer, result, row, details })
  }

  /** `crash`: found so at a start. `connection`: it went after the last octets. */
  relayUncertain(peer: string, after: 'crash' | 'connection', row: string): void {
    this.#relayUncertain.inc({ peer, after })
    this.#log.warn({ event: 'relay-uncertain', peer, after, row })
  }

  relayTlsFailed(peer: string, reason: string): void {
    this.#relayTls.inc({ peer, reason })
  }

  relayQueues(
    queues: readonly { queue: string; pending: number; held: number; oldestSince: number | undefined }[],
    now: number,
  ): void {
    this.#relayQueue.reset()
    this.#relayAge.reset()
    for (const { queue: peer, pending, held, oldestSince } of queues) {
      this.#relayQueue.set({ peer, state: 'pending' }, pending)
      this.#relayQueue.set({ peer, state: 'held' }, held)
      if (oldestSince !== undefined) this.#relayAge.set({ peer }, Math.max(0, (now - oldestSince) / 1000))
    }
  }

  relayConnections(peer: string, open: number): void {
    this.#relayConnections.set({ peer }, open)
  }

  /**
   * Messages for which something was `reserved`, `released` (not accepted after all) or, of those, `swept` (found so later);
   * recipients `settled` and `given-back`; notices by `sms`; what a purse did not cover.
   */
  purse(what: 'reserved' | 'released' | 'swept' | 'settled' | 'given-back' | 'sms' | 'insufficient'): void {
    this.#purse.inc({ what })
    this.#log[what === 'swept' ? 'warn' : 'debug']({ event: 'purse', what })
  }

  /** Messages deleted from the `trash`, intakes `purged`, blobs `swept`. */
  retention(what: 'trash' | 'purged' | 'swept', count: number): void {
    if (count === 0) return
    this.#retention.inc({ what }, count)
    this.#log.info({ event: 'retention', what, count })
  }

  directoryQuery(outcome: QueryOutcome): void {
    this.#queries.inc({ outcome })
  }

  /** undefined: it is configured no more. */
  directorySource(peer: string, report: Omit<ImportReport, 'faults'> | undefined): void {
    const outcome = report === undefined ? 'removed' : report.whole && report.faulty === 0 ? 'read' : 'faulty'
    this.#sources.inc({ peer, outcome })
    this.#log[outcome === 'faulty' ? 'warn' : 'info']({ event: 'directory-source', peer, outcome, ...report })
  }

  directorySourceFailed(peer: string, error: unknown): void {
    this.#sources.inc({ peer, outcome: 'failed' })
    this.#log.error({ event: 'directory-source', peer, outcome: 'failed', error: told(error) })
  }

  keyUsed(role: string): void {
    this.#keyOperations.inc({ role })
  }

  /** What waits for the signature is tried again. */
  signingFailed(role: string, code: string, error: unknown): void {
    this.#signingFailures.inc({ role, code })
    this.#log.error({ event: 'signing-failed', role, code, error: told(error) })
  }

  /** A responder, a list or an issuer's certificate could not be had, or what came is not believed. */
  statusFailed(kind: StatusKind, url: string, error: Error): void {
    this.#statusFailures.inc({ kind })
    this.#log.warn({ event: 'certificate-status', kind, url, error: error.message })
  }

  /** A person was told of new mail, or was not; `code` is what the other side said, without its words. */
  notification(channel: string, outcome: string, row: string, code?: string): void {
    this.#notifications.inc({ channel, outcome })
    if (outcome !== 'sent' && outcome !== 'stopped')
      this.#log[outcome === 'retry' ? 'info' : 'warn']({ event: 'notification', channel, outcome, row, code })
  }

  /** A plugin's remark for the operator; a code, never words of a message. */
  noticed(plugin: string, code: string): void {
    this.#notices.inc({ plugin, code })
    this.#log.warn({ event: 'notice', plugin, code })
  }

  pluginFailed(plugin: string, hook: string, error: unknown): void {
    this.#errors.inc({ where: 'plugin' })
    this.#log.error({ event: 'plugin', plugin, hook, error: told(error) })
  }

  internalError(
    where: ListenerName | 'work' | 'relay' | 'notify' | 'ops' | 'purse' | 'store',
    error: unknown,
  ): void {
    this.#errors.inc({ where })
    this.#log.error({ event: 'internal-error', where, error: told(error) })
  }

  /** A peer that breaks TLS or the connection is no error of ours. */
  socketError(listener: ListenerName, error: Error): void {
    this.#log.debug({ event: 'socket', listener, error: error.message })
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({
      name: `openkep_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
    })
  }

  #gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({
      name: `openkep_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
    })
  }
}

/** Name, message and stack of our own code; never the values that an error carries along. */
const told = (error: unknown): object =>
  error instanceof Error
    ? { name: error.name, message: error.message, stack: error.stack }
    : { name: typeof error }
