import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** All that Prometheus is told, under `openkep_`: names, meaning and labels; `Events` feeds them. */
export class Metrics {
  readonly registry = new Registry()
  readonly connections = this.#counter('connections_total', 'Connections admitted', ['listener'])
  readonly logins = this.#counter('logins_total', 'Logins by result', ['listener', 'result'])
  readonly hashes = this.#counter(
    'password_hashes_total',
    'Passwords hashed, each some 50 ms of one core',
    [],
  )
  readonly judgements = this.#counter(
    'trust_jobs_total',
    'Large lists, signatures and evidence that threads beside the loop judged, by how it ended',
    ['outcome'],
  )
  readonly accepted = this.#counter('submissions_accepted_total', 'Messages accepted', ['duplicate'])
  readonly octets = this.#counter('submission_octets_total', 'Octets of accepted messages', [])
  readonly tokenKeyFailures = this.#counter(
    'token_keys_failures_total',
    'Keys of the issuer of tokens that could not be had',
    [],
  )
  readonly statusFailures = this.#counter(
    'certificate_status_failures_total',
    'Responders, lists and issuers that could not be had or were not believed',
    ['kind'],
  )
  readonly refused = this.#counter('submissions_refused_total', 'Refusals after complete DATA', ['code'])
  readonly peerConnections = this.#counter('peer_connections_total', 'Connections of known peers', [
    'peer',
    'identity',
  ])
  readonly peerStrangers = this.#counter('peer_identity_failures_total', 'MAIL of nobody that is a peer', [])
  readonly dispatches = this.#counter('peer_dispatches_total', 'Dispatches of peers by what became of them', [
    'peer',
    'outcome',
  ])
  readonly peerEvidence = this.#counter('peer_evidence_total', 'Deliller of peers that were taken', [
    'peer',
    'outcome',
    'repeated',
  ])
  readonly evidenceRefused = this.#counter(
    'peer_evidence_refused_total',
    'Evidence messages of peers that were refused',
    ['peer', 'reason'],
  )
  readonly hints = this.#counter('peer_hints_total', 'Delivery status reports, which are hints only', [
    'peer',
    'kept',
  ])
  readonly operatorMail = this.#counter('peer_operator_mail_total', "Mail into the operator's box", ['peer'])
  readonly peerRefused = this.#counter('peer_refused_total', 'Other refusals of complete messages of peers', [
    'peer',
    'code',
  ])
  readonly quotaReached = this.#counter('quota_warnings_total', 'Holders told how full their box is', [
    'level',
  ])
  readonly errors = this.#counter('internal_errors_total', 'Errors that were answered as temporary', [
    'where',
  ])
  readonly evidence = this.#counter('evidence_total', 'Evidence issued by type', ['type'])
  readonly foreignEvidence = this.#counter(
    'foreign_evidence_total',
    'Evidence of peers that was verified, matched and archived, by type',
    ['type'],
  )
  readonly relayRecipients = this.#counter(
    'relay_recipients_total',
    'Recipients at a peer by what became of them; those handed over wait for its evidence until one of the others counts',
    ['peer', 'outcome'],
  )
  readonly contradictions = this.#counter(
    'contradictions_total',
    'Recipients about whom a peer contradicts a final outcome',
    ['peer'],
  )
  readonly work = this.#counter('work_total', 'Work settled by kind and outcome', ['kind', 'outcome'])
  readonly stampTime = new Histogram({
    name: 'openkep_timestamp_seconds',
    help: 'Time to get one time-stamp',
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [this.registry],
  })
  readonly tsaFailures = this.#counter(
    'timestamp_failures_total',
    'Answers of TSAs that were not believed, or none',
    ['code'],
  )
  readonly credit = this.#gauge('timestamp_credit', 'Stamps that are left at a TSA', ['url'])
  readonly expiry = this.#gauge('certificate_expires_seconds', 'Until a certificate of ours runs out', [
    'use',
  ])
  readonly trustLists = this.#gauge(
    'trust_list_expires_seconds',
    'Until the next update of a trusted list is due',
    ['file'],
  )
  readonly rechecks = this.#counter(
    'rechecks_total',
    'Acceptances whose signers were judged again after the grace period, by how they were found',
    ['outcome'],
  )
  readonly withoutData = this.#gauge(
    'validation_data_oldest_seconds',
    'Age of the oldest evidence beside which nothing is kept yet that proves it later',
    [],
  )
  readonly skew = this.#gauge('clock_skew_seconds', "The TSA's time minus ours", [])
  readonly backlog = this.#gauge('work_backlog', 'Rows of work that wait', ['kind', 'state'])
  readonly backlogAge = this.#gauge('work_oldest_seconds', 'Age of the oldest row of work that is due', [
    'kind',
  ])
  readonly free = this.#gauge('free_space_bytes', 'Free octets where bodies are kept', [])
  readonly retrievals = this.#counter('retrievals_total', 'First readings of delivered messages', [])
  readonly relayAttempts = this.#counter('relay_attempts_total', 'Attempts to hand mail to a peer', [
    'peer',
    'result',
  ])
  readonly relayUncertain = this.#counter(
    'relay_uncertain_total',
    'Messages of which nobody knows whether the peer has them; sent again',
    ['peer', 'after'],
  )
  readonly relayTls = this.#counter('relay_tls_failures_total', 'Connections to a peer that failed in TLS', [
    'peer',
    'reason',
  ])
  readonly relayQueue = this.#gauge('relay_queue_rows', 'Messages in the queue of a peer', ['peer', 'state'])
  readonly relayAge = this.#gauge('relay_queue_oldest_seconds', 'Age of the oldest message that waits', [
    'peer',
  ])
  readonly relayConnections = this.#gauge('relay_connections', 'Open connections to a peer', ['peer'])
  readonly purse = this.#counter('purse_total', 'What happened in purses', ['what'])
  readonly retention = this.#counter('retention_total', 'What its time has come for: messages and blobs', [
    'what',
  ])
  readonly textFilters = this.#counter(
    'text_filters_total',
    'Filters of messages for search: made, removed, and messages that could not be read for one',
    ['what'],
  )
  readonly textFiltersWaiting = this.#gauge(
    'text_filters_waiting',
    'Messages of accounts with a search index that may have no filter yet',
    [],
  )
  readonly pdfUnread = this.#counter('pdf_unread_total', 'PDF documents that could not be searched', ['why'])
  readonly notices = this.#counter(
    'plugin_notices_total',
    'What plugins tell the operator beside their verdicts',
    ['plugin', 'code'],
  )
  readonly notifications = this.#counter('notifications_total', 'Words to persons that mail came', [
    'channel',
    'outcome',
  ])
  readonly queries = this.#counter('directory_queries_total', 'Queries of the KEP directory', ['outcome'])
  readonly sources = this.#counter(
    'directory_sources_total',
    'Directories of other providers that were read',
    ['peer', 'outcome'],
  )
  readonly signingFailures = this.#counter(
    'signing_failures_total',
    'Signatures that could not be made, by role of the key and reason',
    ['role', 'code'],
  )
  readonly keyOperations = this.#counter('private_key_operations_total', 'Signatures made with our keys', [
    'role',
  ])

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: 'openkep_' })
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
