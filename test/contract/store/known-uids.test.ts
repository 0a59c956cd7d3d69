import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type KnownUids, uidsOf } from '../../../server/imap/known-uids.ts'
import { KnownValues } from '../../../server/imap/known-values.ts'
import { UidList } from '../../../server/imap/uid-list.ts'
import type { MailboxStore } from '../../../storage/port.ts'
import { message } from './material.ts'
import { stores } from './stores.ts'

const uids = fc
  .uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 5 })
  .map((list) => list.sort((a, b) => a - b))
const step = fc.record({
  kind: fc.constantFrom('append', 'append', 'copy', 'away and back', 'delete', 'open', 'open', 'forget'),
  uids,
  /** Whether the next step begins before this one is done. */
  races: fc.boolean(),
})

/** As a session that opened the mailbox follows it from there, in place. */
async function followed(mailboxes: MailboxStore, id: string, known: KnownUids): Promise<number[]> {
  const list = new UidList(known.uids)
  for (let point = known.modseq; ; ) {
    const { changed, vanished, modseq } = await mailboxes.changes(id, point, 2)
    const { last } = list
    list.append(
      changed
        .map(({ uid }) => uid)
        .filter((uid) => uid > last)
        .sort((a, b) => a - b),
    )
    list.remove(vanished)
    if (modseq <= point) return [...list.slice(0, list.length)]
    point = modseq
  }
}

describe.each(stores)('$name: UIDs that were known', ({ open }) => {
  test('whatever came and went while the mailbox was opened, each is there once', async () => {
    await using under = await open()
    const { store } = under
    const { mailboxes } = store
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        run++
        const [box, other] = [
          await mailboxes.create(`a${run}`, 'A', {}),
          await mailboxes.create(`a${run}`, 'B', {}),
        ]
        const opened: { known: KnownUids; at: readonly number[] }[] = []
        let parts = { store, knownValues: new KnownValues() }
        const perform = async (kind: string, some: readonly number[], at: number): Promise<void> => {
          if (kind === 'append') await mailboxes.append(box.id, await message(store, `${at}`))
          else if (kind === 'copy') await mailboxes.copy(box.id, some, box.id, 9)
          else if (kind === 'away and back') {
            const { pairs } = await mailboxes.move(box.id, some, other.id, 9)
            await mailboxes.move(
              other.id,
              pairs.map(([, to]) => to),
              box.id,
              9,
            )
          } else if (kind === 'delete') {
            await mailboxes.store(box.id, some, { mode: 'add', flags: ['\\Deleted'] })
            await mailboxes.expunge(box.id, some)
          } else if (kind === 'forget') parts = { store, knownValues: new KnownValues() }
          else {
            const head = await mailboxes.head(box.id)
            const known = await uidsOf(parts, box, head!)
            opened.push({ known, at: [...known.uids] })
          }
        }
        const running: Promise<void>[] = []
        for (const [at, { kind, uids: some, races }] of steps.entries()) {
          running.push(perform(kind, some, at))
          if (!races) await Promise.all(running.splice(0))
        }
        await Promise.all(running)
        await perform('open', [], -1)
        const now = [...(await mailboxes.uids(box.id))]
        expect(opened.at(-1)?.at).toEqual(now)
        for (const { known, at } of opened) {
          expect(await followed(mailboxes, box.id, known)).toEqual(now)
          expect([...known.uids]).toEqual(at)
        }
      }),
      { numRuns: 15 },
    )
  })
})
