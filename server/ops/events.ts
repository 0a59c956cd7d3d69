import { pino } from 'pino'
import type { Registry } from 'prom-client'
import type { OutcomeName, StatusKind } from '../../evidence/index.ts'
import type { FailureCode } from '../../mail/errors.ts'
import type { EventFacts } from '../../plugins/events.ts'
import type { ImportReport } from '../listings/feed.ts'
import type { QueryOutcome } from '../listings/listings.ts'
import { Metrics } from './metrics.ts'
import { redact } from './redaction.ts'

export type ListenerName = 'submission' | 'peer' | 'imap' | 'http'

const STRANGER_LINES_MS = 60_000

/**
 * One function per thing that happens: it feeds the log and the metrics together, so neither can forget. What is
 * logged are ids, codes, counts and addresses of machines: never a password, a body, a subject or an identity number.
 */
export class Events {
  readonly #log: pino.Logger
  readonly #metrics = new Metrics()
  #strangerTold = Number.NEGATIVE_INFINITY

  /** What Prometheus reads. */
  get registry(): Registry {
    return this.#metrics.registry
  }

  constructor(level: string, destination?: pino.DestinationStream) {
    this.#log = pino({ level, base: null, redact, timestamp: pino.stdTimeFunctions.isoTime }, destination)
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
    this.#metrics.connections.inc({ listener })
  }

  login(listener: ListenerName, result: 'ok' | 'wrong' | 'delayed', ip: string): void {
    this.#metrics.logins.inc({ listener, result })
    this.#log[result === 'ok' ? 'debug' : 'warn']({ event: 'login', listener, result, ip })
  }

  /** Tokens are judged by keys of their issuer, which could not be had. */
  tokenKeysFailed(error: Error): void {
    this.#metrics.tokenKeyFailures.inc({})
    this.#log.warn({ event: 'token-keys', error: error.message })
  }

  passwordHashed(): void {
    this.#metrics.hashes.inc({})
  }

  /** `refused`: too many wait. `lost`: beyond its time or memory, and its thread with it. */
  trustJob(outcome: 'done' | 'refused' | 'lost', error?: Error): void {
    this.#metrics.judgements.inc({ outcome })
    if (error !== undefined) this.#log.error({ event: 'trust-thread-lost', error: told(error) })
  }

  quotaReached(level: number): void {
    this.#metrics.quotaReached.inc({ level: String(level) })
  }

  accepted(octets: number, recipients: number, duplicate: boolean): void {
    this.#metrics.accepted.inc({ duplicate: String(duplicate) })
    this.#metrics.octets.inc({}, octets)
    this.#log.info({ event: 'accepted', octets, recipients, duplicate })
  }

  refused(code: FailureCode, evidence: string | undefined): void {
    this.#metrics.refused.inc({ code })
    this.#log.info({ event: 'refused', code, evidence })
  }

  /** Who connected is a peer; `identity`: how that is known. */
  peerKnown(peer: string, identity: 'certificate' | 'address'): void {
    this.#metrics.peerConnections.inc({ peer, identity })
  }

  peerUnknown(ip: string): void {
    this.#metrics.peerStrangers.inc({})
    // Anybody can make these lines: the metric counts them all, the log shows one a minute.
    const now = performance.now()
    const isNews = now - this.#strangerTold > STRANGER_LINES_MS
    if (isNews) this.#strangerTold = now
    this.#log[isNews ? 'warn' : 'debug']({ event: 'not-a-peer', ip })
  }

  dispatchTaken(peer: string, intake: string, octets: number, recipients: number): void {
    this.#metrics.dispatches.inc({ peer, outcome: 'taken' })
    this.#log.info({ event: 'dispatch', peer, outcome: 'taken', intake, octets, recipients })
  }

  dispatchRejected(peer: string, intake: string, reason: string, code: string): void {
    this.#metrics.dispatches.inc({ peer, outcome: 'rejected' })
    this.#log.warn({ event: 'dispatch', peer, outcome: 'rejected', intake, reason, code })
  }

  /** The peer had not heard our answer; it gets the same evidence again. */
  dispatchRepeated(peer: string, intake: string): void {
    this.#metrics.dispatches.inc({ peer, outcome: 'repeated' })
    this.#log.info({ event: 'dispatch', peer, outcome: 'repeated', intake })
  }

  peerEvidenceTaken(peer: string, intake: string, outcome: string, repeated: boolean): void {
    this.#metrics.peerEvidence.inc({ peer, outcome, repeated: String(repeated) })
    this.#log.info({ event: 'peer-evidence', peer, intake, outcome, repeated })
  }

  peerEvidenceRefused(peer: string, reason: string): void {
    this.#metrics.evidenceRefused.inc({ peer, reason })
    this.#log.warn({ event: 'peer-evidence-refused', peer, reason })
  }

  hint(peer: string, kept: boolean): void {
    this.#metrics.hints.inc({ peer, kept: String(kept) })
  }

  operatorMail(peer: string): void {
    this.#metrics.operatorMail.inc({ peer })
    this.#log.info({ event: 'operator-mail', peer })
  }

  peerRefused(peer: string, code: FailureCode): void {
    this.#metrics.peerRefused.inc({ peer, code })
    this.#log.info({ event: 'peer-refused', peer, code })
  }

  evidenceIssued(type: string, id: string): void {
    this.#metrics.evidence.inc({ type })
    this.#log.info({ event: 'evidence', type, id })
  }

  foreignEvidence(type: string, id: string): void {
    this.#metrics.foreignEvidence.inc({ type })
    this.#log.info({ event: 'foreign-evidence', type, id })
  }

  /** `handed-over`: the peer has the dispatch and owes evidence; else the outcome that was decided, by it or by us. */
  relayRecipients(
    peer: string,
    outcome: 'handed-over' | OutcomeName | EventFacts['hook'],
    recipients = 1,
  ): void {
    this.#metrics.relayRecipients.inc({ peer, outcome }, recipients)
  }

  /** A peer's evidence and an outcome that was final cannot both be true. Told once a recipient. */
  contradicted(provider: string, row: string): void {
    this.#metrics.contradictions.inc({ peer: provider })
    this.#log.warn({ event: 'contradiction', peer: provider, row })
  }

  workSettled(kind: string, outcome: 'done' | 'retry' | 'held', row: string, error?: string): void {
    this.#metrics.work.inc({ kind, outcome })
    if (outcome !== 'done')
      this.#log[outcome === 'held' ? 'error' : 'warn']({ event: 'work', kind, outcome, row, error })
  }

  stamped(seconds: number): void {
    this.#metrics.stampTime.observe(seconds)
  }

  tsaFailed(url: string, code: string): void {
    this.#metrics.tsaFailures.inc({ code })
    this.#log.warn({ event: 'tsa', url, code })
  }

  timestampCredit(url: string, left: number, isLow: boolean): void {
    this.#metrics.credit.set({ url }, left)
    if (isLow) this.#log.warn({ event: 'timestamp-credit', url, left })
  }

  /** A PKCS#12 file whose password protects it little. */
  weakKeyFile(file: string): void {
    this.#log.warn({ event: 'weak-key-file', file })
  }

  certificateExpires(use: string, serial: string, leftMs: number, isNear: boolean): void {
    this.#metrics.expiry.set({ use }, leftMs / 1000)
    if (isNear)
      this.#log.warn({ event: 'certificate-expires', use, serial, days: Math.floor(leftMs / 86_400_000) })
  }

  /** All of them: one that is not believed any more has no line. */
  trustLists(lists: readonly { file: string; leftMs: number; isNear: boolean }[]): void {
    this.#metrics.trustLists.reset()
    for (const { file, leftMs, isNear } of lists) {
      this.#metrics.trustLists.set({ file }, leftMs / 1000)
      const days = Math.floor(leftMs / 86_400_000)
      if (leftMs < 0) this.#log.error({ event: 'trust-list-outdated', file, days })
      else if (isNear) this.#log.warn({ event: 'trust-list-expires', file, days })
    }
  }

  /** A signer who had been revoked before the acceptance is the operator's affair: the evidence stands. */
  rechecked(outcome: 'held' | 'revoked-before' | 'unknown', intake: string): void {
    this.#metrics.rechecks.inc({ outcome })
    if (outcome === 'revoked-before') this.#log.error({ event: 'late-revocation', intake })
    else if (outcome === 'unknown') this.#log.warn({ event: 'recheck-unknown', intake })
  }

  /** @param ageMs of the oldest evidence without validation data; 0 where there is none */
  validationData(ageMs: number): void {
    this.#metrics.withoutData.set(ageMs / 1000)
    if (ageMs > 86_400_000)
      this.#log.error({ event: 'validation-data-late', hours: Math.floor(ageMs / 3_600_000) })
  }

  clockSkew(milliseconds: number): void {
    this.#metrics.skew.set(milliseconds / 1000)
    if (Math.abs(milliseconds) > 1000) this.#log.warn({ event: 'clock-skew', milliseconds })
  }

  backlog(
    rows: readonly { kind: string; state: string; rows: number; oldestSince: number }[],
    now: number,
  ): void {
    this.#metrics.backlog.reset()
    this.#metrics.backlogAge.reset()
    for (const { kind, state, rows: count, oldestSince } of rows) {
      this.#metrics.backlog.set({ kind, state }, count)
      if (state === 'pending') this.#metrics.backlogAge.set({ kind }, Math.max(0, (now - oldestSince) / 1000))
    }
  }

  freeSpace(octets: number): void {
    this.#metrics.free.set(octets)
  }

  retrieved(): void {
    this.#metrics.retrievals.inc({})
  }

  relayAttempted(peer: string, result: string, row: string, details?: string): void {
    this.#metrics.relayAttempts.inc({ peer, result })
    this.#log[result === 'answered' ? 'info' : 'warn']({ event: 'relay', peer, result, row, details })
  }

  /** `crash`: found so at a start. `connection`: it went after the last octets. */
  relayUncertain(peer: string, after: 'crash' | 'connection', row: string): void {
    this.#metrics.relayUncertain.inc({ peer, after })
    this.#log.warn({ event: 'relay-uncertain', peer, after, row })
  }

  relayTlsFailed(peer: string, reason: string): void {
    this.#metrics.relayTls.inc({ peer, reason })
  }

  relayQueues(
    queues: readonly { queue: string; pending: number; held: number; oldestSince: number | undefined }[],
    now: number,
  ): void {
    this.#metrics.relayQueue.reset()
    this.#metrics.relayAge.reset()
    for (const { queue: peer, pending, held, oldestSince } of queues) {
      this.#metrics.relayQueue.set({ peer, state: 'pending' }, pending)
      this.#metrics.relayQueue.set({ peer, state: 'held' }, held)
      if (oldestSince !== undefined)
        this.#metrics.relayAge.set({ peer }, Math.max(0, (now - oldestSince) / 1000))
    }
  }

  relayConnections(peer: string, open: number): void {
    this.#metrics.relayConnections.set({ peer }, open)
  }

  /**
   * Messages for which something was `reserved`, `released` (not accepted after all) or, of those, `swept` (found so later);
   * recipients `settled` and `given-back`; notices by `sms`; what a purse did not cover.
   */
  purse(what: 'reserved' | 'released' | 'swept' | 'settled' | 'given-back' | 'sms' | 'insufficient'): void {
    this.#metrics.purse.inc({ what })
    this.#log[what === 'swept' ? 'warn' : 'debug']({ event: 'purse', what })
  }

  /** Messages deleted from the `trash`, intakes `purged`, blobs `swept`. */
  retention(what: 'trash' | 'purged' | 'swept', count: number): void {
    if (count === 0) return
    this.#metrics.retention.inc({ what }, count)
    this.#log.info({ event: 'retention', what, count })
  }

  textFilter(what: 'made' | 'removed' | 'unreadable', count: number): void {
    this.#metrics.textFilters.inc({ what }, count)
  }

  textFiltersWait(messages: number): void {
    this.#metrics.textFiltersWaiting.set(messages)
  }

  /** A document that took too much, and may be a hostile one; or no process could be started to read it. */
  pdfUnread(why: 'given-up' | 'not-started'): void {
    this.#log.warn({ event: 'pdf-unread', why })
    this.#metrics.pdfUnread.inc({ why })
  }

  directoryQuery(outcome: QueryOutcome): void {
    this.#metrics.queries.inc({ outcome })
  }

  /** undefined: it is configured no more. */
  directorySource(peer: string, report: Omit<ImportReport, 'faults'> | undefined): void {
    const outcome = report === undefined ? 'removed' : report.whole && report.faulty === 0 ? 'read' : 'faulty'
    this.#metrics.sources.inc({ peer, outcome })
    this.#log[outcome === 'faulty' ? 'warn' : 'info']({ event: 'directory-source', peer, outcome, ...report })
  }

  directorySourceFailed(peer: string, error: unknown): void {
    this.#metrics.sources.inc({ peer, outcome: 'failed' })
    this.#log.error({ event: 'directory-source', peer, outcome: 'failed', error: told(error) })
  }

  keyUsed(role: string): void {
    this.#metrics.keyOperations.inc({ role })
  }

  /** What waits for the signature is tried again. */
  signingFailed(role: string, code: string, error: unknown): void {
    this.#metrics.signingFailures.inc({ role, code })
    this.#log.error({ event: 'signing-failed', role, code, error: told(error) })
  }

  /** A responder, a list or an issuer's certificate could not be had, or what came is not believed. */
  statusFailed(kind: StatusKind, url: string, error: Error): void {
    this.#metrics.statusFailures.inc({ kind })
    this.#log.warn({ event: 'certificate-status', kind, url, error: error.message })
  }

  /** A person was told of new mail, or was not; `code` is what the other side said, without its words. */
  notification(channel: string, outcome: string, row: string, code?: string): void {
    this.#metrics.notifications.inc({ channel, outcome })
    if (outcome !== 'sent' && outcome !== 'stopped')
      this.#log[outcome === 'retry' ? 'info' : 'warn']({ event: 'notification', channel, outcome, row, code })
  }

  /** A plugin's remark for the operator; a code, never words of a message. */
  noticed(plugin: string, code: string): void {
    this.#metrics.notices.inc({ plugin, code })
    this.#log.warn({ event: 'notice', plugin, code })
  }

  pluginFailed(plugin: string, hook: string, error: unknown): void {
    this.#metrics.errors.inc({ where: 'plugin' })
    this.#log.error({ event: 'plugin', plugin, hook, error: told(error) })
  }

  internalError(
    where: ListenerName | 'work' | 'relay' | 'notify' | 'ops' | 'purse' | 'store',
    error: unknown,
  ): void {
    this.#metrics.errors.inc({ where })
    this.#log.error({ event: 'internal-error', where, error: told(error) })
  }

  /** A peer that breaks TLS or the connection is no error of ours. */
  socketError(listener: ListenerName, error: Error): void {
    this.#log.debug({ event: 'socket', listener, error: error.message })
  }
}

/** Name, message and stack of our own code; never the values that an error carries along. */
const told = (error: unknown): object =>
  error instanceof Error
    ? { name: error.name, message: error.message, stack: error.stack }
    : { name: typeof error }
