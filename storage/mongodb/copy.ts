import type { StoreCopy, StoreRecord, WorkRow } from '../port.ts'
import { COLLECTIONS, type MessageRecord } from '../port-copy.ts'
import { AcceptancesRead } from './acceptances-read.ts'
import { readEntry, readSegment } from './chain-rows.ts'
import { slicesOf } from './collection.ts'
import { blobRecords } from './copy-blobs.ts'
import type { Database } from './database.ts'
import { readDocument } from './documents.ts'
import { number, type Row, text, texts } from './fields.ts'
import { headWithout } from './heads.ts'
import type { Indexes } from './indexes.ts'
import { dedupOf, readFirst, readIntake } from './intake-documents.ts'
import type { Intakes } from './intakes.ts'
import { Load } from './load.ts'
import type { MailboxesRead } from './mailboxes-read.ts'
import { isEmpty } from './schema.ts'
import { isGone, joinKeyOf, messageId, readMessage } from './versions.ts'
import { readWork, workId } from './work-rows.ts'

/** Indexes at a time: with the largest of them some hundred MiB less than a process has. */
const PAGE = 200

/**
 * Of one moment they are not. So what is still to be done is read before what doing it leads to; and what follows from an
 * acceptance that came in behind the reading is left out, but for evidence.
 */
export class Copy implements StoreCopy {
  readonly #database: Database
  readonly #intakes: Intakes
  readonly #mailboxesRead: MailboxesRead
  readonly #indexes: Indexes

  constructor(database: Database, intakes: Intakes, mailboxes: MailboxesRead, indexes: Indexes) {
    this.#database = database
    this.#intakes = intakes
    this.#mailboxesRead = mailboxes
    this.#indexes = indexes
  }

  async *records(): AsyncGenerator<StoreRecord> {
    const read = new AcceptancesRead(this.#database, Date.now())
    // First, so that whoever gives out greater numbers knows those that were; and last, as some are given out meanwhile.
    yield* this.#counters()
    yield* this.#acceptances(read)
    yield* this.#documents()
    yield* this.#mailboxes(read)
    yield* this.#counters()
    yield* this.#chains(read)
    yield* blobRecords(this.#database)
  }

  isEmpty(): Promise<boolean> {
    return isEmpty(this.#database)
  }

  load(records: readonly StoreRecord[]): Promise<void> {
    return new Load(this.#database, this.#indexes).records(records)
  }

  /** After everything that has numbers of them. */
  async *#counters(): AsyncGenerator<StoreRecord> {
    for (const name of ['uidValidity', 'mailbox'] as const) {
      const row = await this.#database.collection('counters').get({ _id: name })
      if (row !== undefined) yield { kind: 'counter', name, value: number(row, 'value') }
    }
  }

  async *#acceptances(read: AcceptancesRead): AsyncGenerator<StoreRecord> {
    await this.#intakes.finishAll()
    for await (const row of this.#database.collection('intakes').each()) {
      const id = text(row, '_id')
      if (row['voided'] === true) {
        yield { kind: 'voided', id }
        continue
      }
      const { purged, ...intake } = readIntake(row)
      read.saw(id, intake.at)
      yield { kind: 'intake', ...intake, dedup: dedupOf(row), names: texts(row, 'names'), purged }
      for (const work of await this.#workOf(id, row)) yield { kind: 'work', row: work }
    }
  }

  /** Read until it stands still: a row that is done with what it spawned missing would be lost with it. */
  async #workOf(intake: string, accepted: Row): Promise<WorkRow[]> {
    for (let before: string | undefined; ; ) {
      const found = await this.#database.collection('work').all({ intake }, { sort: { _id: 1 } })
      const now = JSON.stringify(found.map((row) => [row['_id'], row['fence'], row['by'], row['state']]))
      if (now === before) return withFirst(found.map(readWork), accepted)
      before = now
    }
  }

  async *#documents(): AsyncGenerator<StoreRecord> {
    for (const collection of COLLECTIONS)
      for await (const row of this.#database.collection(collection).each())
        yield { kind: 'document', collection, ...readDocument(row) }
    for await (const row of this.#database.collection('subscriptions').each())
      yield { kind: 'subscription', account: text(row, 'account'), name: text(row, 'name') }
  }

  async *#mailboxes(read: AcceptancesRead): AsyncGenerator<StoreRecord> {
    for await (const tree of this.#database.collection('trees').each())
      for (const { row, state } of await this.#mailboxesRead.of(text(tree, '_id'))) {
        const without = await read.withoutIntake(state.rows)
        yield { kind: 'mailbox', row, head: headWithout(state.head, without) }
        // The place of one that is left out stays taken: some client may have seen it.
        const told = state.rows.map((one) => (without.has(one) ? { ...one, gone: true } : one))
        yield* this.#messages(row.id, told)
      }
  }

  async *#messages(mailbox: string, all: readonly Row[]): AsyncGenerator<StoreRecord> {
    for (const page of slicesOf(all, PAGE)) {
      const present = page.filter((row) => !isGone(row))
      const ids = present.map((row) => messageId(mailbox, number(row, 'uid')))
      const found = await this.#database
        .collection('indexes')
        .named(ids, { mailbox }, { octets: 1, sealed: 1 })
      const indexes = new Map(found.map((row) => [text(row, '_id'), this.#indexes.read(row)]))
      for (const row of page) yield recordOf(mailbox, row, indexes)
    }
  }

  async *#chains(read: AcceptancesRead): AsyncGenerator<StoreRecord> {
    for await (const head of this.#database.collection('heads').each()) {
      const [chain, upTo, sealed] = [text(head, '_id'), number(head, 'seq'), number(head, 'sealed')]
      for (let after = 0; after < upTo; ) {
        const page = await this.#database
          .collection('entries')
          .all({ chain, seq: { $gt: after, $lte: upTo } }, { sort: { seq: 1 }, limit: PAGE })
        const entries = page.map((row) => ({ ...readEntry(row), parties: texts(row, 'parties') }))
        yield* read.behind(entries)
        for (const entry of entries) yield { kind: 'entry', chain, entry }
        after = Number(page.at(-1)?.['seq'] ?? upTo)
      }
      const segments = await this.#database
        .collection('segments')
        .all({ chain, from: { $lte: sealed } }, { sort: { from: 1 } })
      for (const row of segments) yield { kind: 'segment', chain, segment: readSegment(row) }
    }
  }
}

function withFirst(found: WorkRow[], accepted: Row): WorkRow[] {
  const first = readFirst(accepted)
  if (first === undefined || found.some((row) => workId(row) === workId(first))) return found
  return [...found, { ...first, state: 'pending', since: first.due, attempts: 0, error: undefined }]
}

function recordOf(
  mailbox: string,
  row: Row,
  indexes: ReadonlyMap<string, Uint8Array | undefined>,
): StoreRecord {
  const opId = text(row, 'opId')
  const [uid, modseq] = [number(row, 'uid'), number(row, 'modseq')]
  if (isGone(row)) return { kind: 'vanished', mailbox, uid, modseq, opId }
  return {
    kind: 'message',
    mailbox,
    row: readMessage(row),
    opId,
    joinKey: joinKeyOf(row),
    index: indexes.get(messageId(mailbox, uid)) ?? new Uint8Array(),
  } satisfies MessageRecord
}
