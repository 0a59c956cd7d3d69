import type { Completion } from './completion.ts'
import type { Database } from './database.ts'
import { number, optionalRow, type Row, text } from './fields.ts'
import type { Mailboxes } from './mailboxes.ts'

/** What a process that died left half done in mailboxes; nobody else need have gone. */
export class Recovery {
  readonly #database: Database
  readonly #mailboxes: Mailboxes
  readonly #completion: Completion
  readonly #finishMove: (id: string) => Promise<void>

  constructor(
    database: Database,
    mailboxes: Mailboxes,
    completion: Completion,
    finishMove: (id: string) => Promise<void>,
  ) {
    this.#database = database
    this.#mailboxes = mailboxes
    this.#completion = completion
    this.#finishMove = finishMove
  }

  async run(): Promise<void> {
    const boxes = this.#database.collection('mailboxes')
    const fields = { gone: 1, 'pend.id': 1, 'leaving.id': 1, account: 1, made: 1, version: 1 } as const
    for await (const row of boxes.each({ unfinished: true }, fields)) {
      const id = text(row, '_id')
      if (row['gone'] === true) await this.#mailboxes.clear(id)
      else if (optionalRow(row, 'pend') !== undefined || optionalRow(row, 'leaving') !== undefined) {
        await this.#completion.ofBox(id)
        await this.#finishMove(id)
      } else await this.#nameOrRemove(row)
    }
  }

  async #nameOrRemove(row: Row): Promise<void> {
    const boxes = this.#database.collection('mailboxes')
    const seen = { _id: text(row, '_id'), version: number(row, 'version') }
    const named = (await this.#mailboxes.list(text(row, 'account'))).some(({ id }) => id === seen._id)
    if (named) await boxes.update(seen, { $unset: { unfinished: '' } })
    else if (number(row, 'made') < Date.now() - ABANDONED_MS) await boxes.remove(seen)
  }
}

/** Whoever made a mailbox so long ago and gave it no name has died. */
const ABANDONED_MS = 86_400_000
