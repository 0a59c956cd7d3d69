import type { MessageRecord } from '../mail/message-record.ts'
import { type IntakeRow, type Store, StoreError } from '../storage/port.ts'

/** What was written down when the message came. */
export const readRecord = async (
  { blobs }: Pick<Store, 'blobs'>,
  { envelope }: Pick<IntakeRow, 'envelope'>,
): Promise<MessageRecord> => JSON.parse(Buffer.from(await blobs.read(envelope)).toString())

const KEPT = 64

/** A message with a thousand recipients has thousands of rows and one record: the last few are kept at hand. */
export class MessageRecords {
  readonly #store: Store
  readonly #records = new Map<string, Promise<MessageRecord>>()

  constructor(store: Store) {
    this.#store = store
  }

  /** By the intake's id. Rejects with StoreError CORRUPT where there is no such intake. */
  of(intake: string): Promise<MessageRecord> {
    const known = this.#records.get(intake)
    if (known !== undefined) return known
    const record = this.#read(intake)
    this.#records.set(intake, record)
    record.catch(() => this.#records.delete(intake))
    const oldest = this.#records.keys().next().value
    if (this.#records.size > KEPT && oldest !== undefined) this.#records.delete(oldest)
    return record
  }

  async #read(id: string): Promise<MessageRecord> {
    const intake = await this.#store.intake(id)
    if (intake === undefined)
      throw new StoreError('CORRUPT', `work names the intake ${id}, which is not there`)
    return readRecord(this.#store, intake)
  }
}
