import type { MailboxHead, MailboxRow } from '../port.ts'
import type { Boxes } from './boxes.ts'
import type { Database } from './database.ts'
import { rows } from './fields.ts'
import { readMailbox } from './mailboxes.ts'
import type { Move } from './move.ts'
import type { Everything, Reading } from './reading.ts'

interface State extends Everything {
  readonly head: MailboxHead
}

/** Mailboxes as a copy has them, tombstones too. */
export class MailboxesRead {
  readonly #database: Database
  readonly #boxes: Boxes
  readonly #reading: Reading
  readonly #move: Move

  constructor(database: Database, boxes: Boxes, reading: Reading, move: Move) {
    this.#database = database
    this.#boxes = boxes
    this.#reading = reading
    this.#move = move
  }

  /** All mailboxes of an account as of one moment: a message that is moved meanwhile is in one of them. What changed is read on. */
  async of(account: string): Promise<{ row: MailboxRow; state: State }[]> {
    const known = new Map<string, State | undefined>()
    for (;;) {
      const tree = await this.#database.collection('trees').get({ _id: account })
      const named = tree === undefined ? [] : rows(tree, 'rows').map((one) => readMailbox(account, one))
      let isStill = true
      for (const { id } of named) {
        // A message on its way is in both mailboxes, or in one: asked each time, since its mover may have stopped half way.
        await this.#move.finish(id)
        const before = known.get(id)
        if (known.has(id) && (await this.#boxes.head(id))?.modseq === before?.modseq) continue
        isStill = false
        known.set(id, await this.#state(id, before))
      }
      if (!isStill) continue
      return named.flatMap((row) => {
        const state = known.get(row.id)
        return state === undefined ? [] : [{ row, state }]
      })
    }
  }

  /** Everything in a mailbox as of one head. */
  async #state(mailbox: string, before: State | undefined): Promise<State | undefined> {
    for (;;) {
      const state = await this.#reading.everything(mailbox, before)
      const head = await this.#boxes.head(mailbox)
      if (state === undefined || head === undefined) return undefined
      if (head.modseq === state.modseq) return { ...state, head }
    }
  }
}
