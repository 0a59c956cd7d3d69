import { parseFlags } from '../flags.ts'
import type { MailboxHead, MailboxRow, NewChainEntry, Segment, StoreRecord, WorkRow } from '../port.ts'
import type { MessageRecord } from '../port-copy.ts'
import type { Named, Update } from './collection.ts'
import type { Database } from './database.ts'
import type { Indexes } from './indexes.ts'
import { restoredIntake, voidedIntake } from './intake-documents.ts'
import { emptyBox } from './mailboxes.ts'
import { layouts } from './schema.ts'
import { messageDocument, messageId, tombstone } from './versions.ts'
import { newRow } from './work-rows.ts'

/** As the attempt that wrote a chain: one that came with a copy. */
const RESTORED = 'restored'

/** Records into a store that nobody else uses: each write replaces what an earlier try left. */
export class Load {
  readonly #database: Database
  readonly #indexes: Indexes

  constructor(database: Database, indexes: Indexes) {
    this.#database = database
    this.#indexes = indexes
  }

  async records(records: readonly StoreRecord[]): Promise<void> {
    for (const record of records) await this.#one(record)
  }

  #one(record: StoreRecord): Promise<unknown> {
    switch (record.kind) {
      case 'counter':
        return this.#change('counters', record.name, { $max: { value: record.value } })
      case 'intake':
        return this.#put('intakes', restoredIntake(record))
      case 'voided':
        return this.#put('intakes', voidedIntake(record.id))
      case 'work':
        return this.#put('work', restoredWork(record.row))
      case 'document':
        return this.#put(record.collection, {
          _id: record.key,
          version: record.version,
          document: record.document,
          by: RESTORED,
        })
      case 'subscription':
        return this.#put('subscriptions', {
          _id: `${record.account}\0${record.name}`,
          account: record.account,
          name: record.name,
        })
      case 'mailbox':
        return this.#mailbox(record.row, record.head)
      case 'message':
        return this.#message(record)
      case 'vanished': {
        const { mailbox, uid, modseq, opId = `vanished/${uid}` } = record
        return this.#put('messages', tombstone(mailbox, uid, modseq, opId))
      }
      case 'entry':
        return this.#entry(record.chain, record.entry)
      case 'segment':
        return this.#segment(record.chain, record.segment)
      case 'blob':
        return Promise.resolve()
    }
  }

  async #mailbox(row: MailboxRow, head: MailboxHead): Promise<void> {
    await this.#put('mailboxes', { ...emptyBox(row), ...head })
    const { account, ...named } = row
    const trees = this.#database.collection('trees')
    await trees.insert({ _id: account, version: 0, rows: [] })
    const rows = { id: row.id }
    await trees.update({ _id: account }, { $pull: { rows } as never, $inc: { version: 1 } })
    await trees.update({ _id: account }, { $push: { rows: named } as never, $inc: { version: 1 } })
    // Ids and validities are never given twice, whatever the copy says of its counters.
    await this.#change('counters', 'mailbox', { $max: { value: Number(row.id) } })
    await this.#change('counters', 'uidValidity', { $max: { value: row.uidValidity } })
  }

  async #message({ mailbox, row, opId, joinKey, index }: MessageRecord): Promise<void> {
    const document = messageDocument(mailbox, row, parseFlags(row.flags), { opId, joinKey })
    await this.#put('messages', document)
    const stored = this.#indexes.toStore(index)
    await this.#put('indexes', { _id: messageId(mailbox, row.uid), mailbox, ...stored })
  }

  async #entry(chain: string, entry: NewChainEntry): Promise<void> {
    await this.#put('entries', {
      _id: `${RESTORED}/${chain}/${entry.seq}`,
      attempt: RESTORED,
      token: 0,
      chain,
      ...entry,
      intake: entry.intake ?? null,
      parties: [...entry.parties],
    })
    await this.#head(chain, { seq: entry.seq, sealed: 0 })
  }

  async #segment(chain: string, { body, ...segment }: Segment): Promise<void> {
    await this.#put('segments', {
      _id: `${RESTORED}/${chain}/${segment.from}`,
      attempt: RESTORED,
      token: 0,
      chain,
      ...segment,
      body: { ...body },
    })
    await this.#head(chain, { seq: 0, sealed: segment.upTo })
  }

  #head(chain: string, { seq, sealed }: { seq: number; sealed: number }): Promise<void> {
    return this.#change('heads', chain, { $max: { seq, sealed, token: 0 } })
  }

  async #put(name: string, document: Named): Promise<void> {
    const { _id, ...fields } = document
    // Where collections are sharded, a document is made on the shard that its key names.
    const key = layouts.find((layout) => layout.name === name)?.shardKey ?? '_id'
    const where = { _id, [key]: document[key] }
    await this.#database.collection(name).update(where, { $set: fields }, true)
  }

  async #change(collection: string, _id: string, update: Update): Promise<void> {
    await this.#database.collection(collection).update({ _id }, update, true)
  }
}

const restoredWork = (row: WorkRow): Named => ({
  ...newRow(row, RESTORED),
  state: row.state,
  since: row.since,
  attempts: row.attempts,
  error: row.error ?? null,
  retried: row.due > row.since,
})
