import { Readable } from 'node:stream'
import type { Clock } from '../../../mail/clock.ts'
import { parseKepAddress } from '../../../mail/kep-address.ts'
import type { MessageRecord } from '../../../mail/message-record.ts'
import { readPositions } from '../../../mail/positions.ts'
import type { BlobRef, BlobStore, LeasedWork, Store, WorkOutcome } from '../../../storage/port.ts'
import type { Events } from '../../ops/events.ts'
import type { SendPayload } from '../payloads.ts'
import type { Peer, Peers } from '../peer.ts'
import { queueIdOf } from '../queue-id.ts'
import type { SendResult } from '../send-result.ts'
import { Unreachable } from './connect.ts'
import type { ConnectionPool } from './connection-pool.ts'
import { type DkimKey, dkimField } from './dkim.ts'
import type { OutgoingMail } from './peer-connection.ts'
import { receivedFields } from './received-fields.ts'

/** What one attempt works with; the same for all peers. */
export interface AttemptParts {
  readonly store: Store
  readonly clock: Clock
  readonly events: Events
  readonly peers: Peers
  /** Our domain, to which returned messages come. */
  readonly domain: string
  readonly dkim: () => DkimKey | undefined
  /** Of an intake; the same few are asked for again and again. */
  readonly recordOf: (intake: string) => Promise<MessageRecord>
  /** Whether anybody still waits for this to be sent; asked before anything is done. */
  readonly stillWanted: (row: LeasedWork, payload: SendPayload) => Promise<boolean>
  /** What follows from a result. `retryAt` is when the row would be tried again. */
  readonly settleSend: (
    row: LeasedWork,
    payload: SendPayload,
    record: MessageRecord,
    result: SendResult,
    retryAt: number,
  ) => Promise<WorkOutcome>
}

/**
 * Said of the peer itself by an attempt; undefined where none was asked. `shaken`: it was there and broke off, which is a
 * matter of the one message for its outcome, and of the peer for how many others are tried meanwhile.
 */
export type Contact = 'reached' | 'shaken' | 'unreachable' | undefined

/** What the lane does with an attempt. */
export interface AttemptTurns {
  /** The peer is done with: another row may have its connection while this one is settled. */
  readonly left: (contact: Contact) => void
  /** When the row would be tried again; asked once, after {@link left}. */
  readonly retryAt: (result: SendResult) => number
}

/** The row in work, under the lease of now: where its lease lapsed meanwhile, the next one is put here. */
export interface Held {
  row: LeasedWork
}

/** A message that has passed more systems goes in a circle. [RFC 5321 §6.3] */
const MAX_RECEIVED = 30
/** The library works through each piece at one go; larger ones would hold everybody else up. */
const DKIM_PIECE = 65_536

/** The row was given to another since: whatever was done, the other decides. */
class LeaseLost extends Error {}

/** One attempt at one row: undefined where the row is no longer ours. */
export async function attempt(
  parts: AttemptParts,
  pool: ConnectionPool,
  held: Held,
  queue: string,
  { left, retryAt }: AttemptTurns,
): Promise<WorkOutcome | undefined> {
  const { row } = held
  const name = queueIdOf(row, queue)
  let payload: SendPayload = JSON.parse(row.payload)
  const note = async (changed: Pick<SendPayload, 'phase' | 'uncertain'>): Promise<void> => {
    const next = { ...payload, ...changed }
    if (!(await parts.store.work.note(held.row, JSON.stringify(next)))) throw new LeaseLost()
    payload = next
  }
  const now = (): string => parts.clock.now().toISOString()
  try {
    if (payload.phase === 'data') {
      // An earlier life ended after the last octets may have left: the peer removes the copy, should it have both.
      parts.events.relayUncertain(queue, 'crash', name)
      await note({ phase: 'queued', uncertain: payload.uncertain ?? now() })
    }
    if (!(await parts.stillWanted(row, payload))) return { done: true }
    const record = await parts.recordOf(row.intake)
    const noted: { last: Promise<void> | undefined } = { last: undefined }
    const tried = await handOver(parts, pool, { row, payload, record, queue }, () => {
      noted.last = note({ ...uncertainOf(payload), phase: 'data' })
      return noted.last
    })
    await noted.last?.catch(() => {}) // it was awaited, or its message was over before
    const { result } = tried
    left(tried.contact)
    parts.events.relayAttempted(queue, result.kind, name, detailsOf(result))
    if (result.kind === 'uncertain') parts.events.relayUncertain(queue, 'connection', name)
    if (payload.phase === 'data' && !isDecided(result))
      await note({
        phase: 'queued',
        ...uncertainOf(result.kind === 'uncertain' ? { uncertain: payload.uncertain ?? now() } : payload),
      })
    return await parts.settleSend(held.row, payload, record, result, retryAt(result))
  } catch (error) {
    if (error instanceof LeaseLost) return undefined
    throw error
  }
}

interface Handed {
  readonly row: LeasedWork
  readonly payload: SendPayload
  readonly record: MessageRecord
  readonly queue: string
}

async function handOver(
  parts: AttemptParts,
  pool: ConnectionPool,
  handed: Handed,
  beforeLast: () => Promise<void>,
): Promise<{ result: SendResult; contact: Contact }> {
  const { payload, queue } = handed
  const peer = parts.peers.of(queue)
  if (peer === undefined)
    return failed({ reason: 'R_REMMD_NotIdentified', details: `${queue} is no peer of ours` })
  const { blobs } = parts.store
  if (payload.what === 'dispatch' && (await receivedFields(blobs, payload.mail)) > MAX_RECEIVED)
    return failed({ reason: 'R_REMMD_Malfunction', details: '5.4.6 too many Received fields: a loop' })
  const mail = mailOf(handed, peer, parts.domain)
  try {
    for (let fresh = false; ; fresh = true) {
      const connection = await pool.take(peer, fresh)
      try {
        const field = await dkimOf(parts, payload.mail)
        const result = await connection.send({
          ...mail,
          size: payload.mail.size + field.length,
          content: () => withFront(field, blobs.open(payload.mail)),
          beforeLast,
        })
        if (connection.stale && !fresh) continue
        return { result, contact: connection.shaken ? 'shaken' : 'reached' }
      } finally {
        pool.give(connection, peer)
      }
    }
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    if (error.tls) parts.events.relayTlsFailed(queue, error.reason)
    return {
      result: { kind: 'unreachable', reason: error.reason, details: error.message },
      contact: 'unreachable',
    }
  }
}

function mailOf(
  { row, payload, record, queue }: Handed,
  peer: Peer,
  domain: string,
): Pick<OutgoingMail, 'from' | 'to' | 'eightBit'> {
  const { eightBit } = payload
  if (payload.what === 'evidence') {
    if (payload.to === undefined) throw new Error('an evidence message without a recipient')
    return { from: '', to: [payload.to], eightBit }
  }
  const to = readPositions(payload.positions ?? '').map((position) => {
    const address = record.recipients[position - 1]?.address
    // KEP mail goes to the recipient's own provider and nowhere else.
    if (address === undefined || parseKepAddress(address)?.provider !== peer.provider)
      throw new Error(`recipient ${position} is none of ${peer.provider}`)
    return address
  })
  return { from: `bounce+${queueIdOf(row, queue)}@${domain}`, to, eightBit }
}

async function dkimOf({ dkim, store, clock }: AttemptParts, mail: BlobRef): Promise<Buffer> {
  const key = dkim()
  if (key === undefined) return Buffer.alloc(0)
  const pieces = Readable.from(small(store.blobs.open(mail)), { objectMode: false })
  return Buffer.from(await dkimField(pieces, key, clock.now()), 'latin1')
}

async function* small(pieces: ReturnType<BlobStore['open']>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces)
    for (let start = 0; start < piece.length; start += DKIM_PIECE)
      yield piece.subarray(start, start + DKIM_PIECE)
}

async function* withFront(
  front: Uint8Array,
  rest: ReturnType<BlobStore['open']>,
): AsyncGenerator<Uint8Array> {
  if (front.length > 0) yield front
  yield* rest
}

const failed = (
  why: Omit<Extract<SendResult, { kind: 'failed' }>, 'kind'>,
): {
  result: SendResult
  contact: Contact
} => ({ result: { kind: 'failed', ...why }, contact: undefined })

/** The peer's word is final for everyone: nothing of the row is tried again. */
const isDecided = (result: SendResult): boolean =>
  result.kind === 'failed' || (result.kind === 'answered' && result.deferred.length === 0)

const uncertainOf = ({ uncertain }: Pick<SendPayload, 'uncertain'>): Pick<SendPayload, 'uncertain'> =>
  uncertain === undefined ? {} : { uncertain }

const detailsOf = (result: SendResult): string =>
  result.kind === 'answered'
    ? `${result.accepted.length} accepted, ${result.refused.length} refused, ${result.deferred.length} deferred: ${result.reply}`
    : result.details
