import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { message } from '../material.ts'
import { stores } from '../stores.ts'

const { open } = stores.find(({ name }) => name === 'MongoDB')!
const MESSAGES = 150

test.each(['copy', 'move'] as const)(
  '%s while the mailbox is deleted: all of it with all that belongs to it, or nothing',
  async (how) => {
    await using under = await open()
    const { mailboxes } = under.store
    for (const delay of [2, 6, 10]) {
      const [from, to] = [
        await mailboxes.create('a', `A${delay}`, {}),
        await mailboxes.create('a', `B${delay}`, {}),
      ]
      const messages = Array.from({ length: MESSAGES }, (_, n) =>
        message(under.store, 'same', { opId: `${delay}/${n}` }),
      )
      await mailboxes.appendAll(from.id, await Promise.all(messages))
      const uids = [...(await mailboxes.uids(from.id))]
      const answer = mailboxes[how](from.id, uids, to.id, 1).then(
        ({ pairs }) => pairs.length,
        (error: unknown) => error,
      )
      await setTimeout(delay)
      await mailboxes.delete(from.id)
      const told = await answer
      if (told !== MESSAGES) expect(told).toMatchObject({ code: 'NO_SUCH_MAILBOX' })
      const now = [...(await mailboxes.uids(to.id))]
      expect(now, `after ${delay} ms`).toHaveLength(told === MESSAGES ? MESSAGES : 0)
      for (const [uid, index] of await mailboxes.indexes(to.id, now))
        expect(index.length, `after ${delay} ms, of ${uid}`).toBeGreaterThan(0)
      expect((await mailboxes.indexes(to.id, now)).size).toBe(now.length)
    }
  },
)
