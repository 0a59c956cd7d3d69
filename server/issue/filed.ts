import { z } from 'zod'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import type { Store } from '../../storage/port.ts'
import { changeDocument } from '../change-document.ts'

/** The message that lies in the sender's mailbox: the octets as they were sent, or the client's own copy of them. */
const byIntake = z.strictObject({ hash: z.string() })
/** The latest acceptance of these octets. */
const byBody = z.strictObject({ intake: z.string(), decidedAt: z.string() })

/** Looked at again where another process wrote in between; each of them is another acceptance of the same octets. */
const MAX_TRIES = 20

/** Accepted messages as they lie with their senders. Found by acceptance and, within an account, by octets. */
export class Filed {
  readonly #store: Pick<Store, 'filed'>

  constructor(store: Pick<Store, 'filed'>) {
    this.#store = store
  }

  /** Repeatable. Of two acceptances of the same octets, which are one message for the client, the later counts. */
  async put({ id, sender, decidedAt }: SubmissionRecord, hash: string): Promise<void> {
    const { filed } = this.#store
    await filed.put(intakeKey(id), JSON.stringify({ hash } satisfies z.output<typeof byIntake>), 0)
    await changeDocument(
      filed,
      bodyKey(sender.address, hash),
      (row) => {
        const known = row && byBody.parse(JSON.parse(row.document))
        if (known !== undefined && (known.intake === id || known.decidedAt >= decidedAt)) return undefined
        return JSON.stringify({ intake: id, decidedAt } satisfies z.output<typeof byBody>)
      },
      MAX_TRIES,
    )
  }

  /** undefined while it is not filed yet. */
  async bodyOf(intake: string): Promise<string | undefined> {
    const row = await this.#store.filed.get(intakeKey(intake))
    return row && byIntake.parse(JSON.parse(row.document)).hash
  }

  /** undefined where the account sent no such octets. */
  async intakeOf(account: string, hash: string): Promise<string | undefined> {
    const row = await this.#store.filed.get(bodyKey(account, hash))
    return row && byBody.parse(JSON.parse(row.document)).intake
  }
}

const intakeKey = (intake: string): string => `intake/${intake}`
/** Addresses have an @ before any slash, so no two kinds of keys are alike. */
const bodyKey = (account: string, hash: string): string => `${account}/${hash}`
