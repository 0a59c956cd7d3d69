import { expect, test } from 'vitest'
import { isHouseKeyword } from '../../../../mail/house-keywords.ts'
import type { SubmissionRecord } from '../../../../mail/submission-record.ts'
import { Filed } from '../../../../server/issue/filed.ts'
import { markSent } from '../../../../server/issue/mark-sent.ts'
import type { Store } from '../../../../storage/port.ts'
import { message } from '../../../contract/store/material.ts'
import { Disk } from '../../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../../fakes/memory-store.ts'

const SENDER = 'a@hs98.kep.tr'
const TYPE = '$KEPType-standart'

const recordOf = (recipients: number, id = 'i', decidedAt = '2026-01-01'): SubmissionRecord =>
  ({
    id,
    origin: 'submission',
    sender: { address: SENDER, name: 'A' },
    decidedAt,
    recipients: Array.from({ length: recipients }, (_, n) => ({ address: `r${n}@hs99.kep.tr` })),
    header: { messageType: undefined },
  }) as unknown as SubmissionRecord

async function house(recipients = 1) {
  const store = await openMemoryStore(new Disk())
  const [sent, archive] = [
    await store.mailboxes.create(SENDER, 'Giden Kutusu', {}),
    await store.mailboxes.create(SENDER, 'Arşiv', {}),
  ]
  const given = await message(store, 'sent', { flags: ['\\Seen', 'benim'] })
  await store.mailboxes.append(sent.id, given)
  const record = recordOf(recipients)
  await new Filed(store).put(record, given.body.hash)
  const keywords = async () =>
    (await store.mailboxes.ofBody(SENDER, given.body.hash)).map(({ row }) => {
      expect(row.flags).toContain('benim')
      return row.flags.filter(isHouseKeyword).sort()
    })
  return { store, sent, archive, record, keywords, hash: given.body.hash }
}

/** A peer's word, as the row that it decides. */
const decide = (store: Store, recipient: number, slot: string, outcome: string) =>
  store.work.insert([
    {
      intake: 'i',
      recipient,
      slot,
      kind: 'evidence',
      due: 0,
      payload: JSON.stringify({ provider: 'hs99.kep.tr', eventId: 'e', outcome }),
    },
  ])

test('a message that is moved while it is marked is marked where it lies then', async () => {
  const { store, sent, archive, record, keywords } = await house()
  await decide(store, 1, 'transport', 'delivery')
  const { ofBody } = store.mailboxes
  let looks = 0
  const mailboxes: Store['mailboxes'] = {
    ...store.mailboxes,
    ofBody: async (account, hash) => {
      const placed = await ofBody(account, hash)
      if (++looks === 1) await store.mailboxes.move(sent.id, [1], archive.id, 1)
      return placed
    },
  }
  await markSent({ store: { ...store, mailboxes } }, record, [1])
  expect(await keywords()).toEqual([['$KEPDelivered', TYPE]])
})

test('what is decided while a message is marked counts', async () => {
  const { store, record, keywords } = await house()
  await decide(store, 1, 'reading', 'retrieval')
  let writes = 0
  const mailboxes: Store['mailboxes'] = {
    ...store.mailboxes,
    store: async (mailbox, uids, change) => {
      // Its own mark comes first and finds nothing to clear.
      if (++writes === 1) {
        await decide(store, 1, 'transport', 'non-delivery')
        await markSent({ store }, record, [1])
      }
      return store.mailboxes.store(mailbox, uids, change)
    },
  }
  await markSent({ store: { ...store, mailboxes } }, record, [1])
  expect(await keywords()).toEqual([['$KEPFailed', TYPE]])
})

test('an event of ours counts once its evidence is archived', async () => {
  const { store, record, keywords } = await house()
  const facts = { hook: 'delivered', id: 'e', at: '', recipient: 1 }
  const payload = JSON.stringify({ facts })
  await store.work.insert([{ intake: 'i', recipient: 1, slot: 'transport', kind: 'issue', due: 0, payload }])
  await markSent({ store }, record, [1])
  expect(await keywords()).toEqual([[TYPE]])
  const [row] = await store.work.claim(['issue'], { now: 1, limit: 1, leaseMs: 1 })
  await store.work.settle(row!, { done: true })
  await markSent({ store }, record, [1])
  expect(await keywords()).toEqual([['$KEPDelivered', TYPE]])
})

test('octets that were accepted twice show what became of them the second time', async () => {
  const { store, record, keywords, hash } = await house()
  await decide(store, 1, 'transport', 'non-delivery')
  await markSent({ store }, record, 'all')
  const again = recordOf(1, 'again', '2026-02-01')
  await new Filed(store).put(again, hash)
  // Late work of the first changes nothing any more.
  await new Filed(store).put(record, hash)
  await markSent({ store }, again, 'all')
  await decide(store, 1, 'reading', 'retrieval')
  await markSent({ store }, record, 'all')
  expect(await keywords()).toEqual([[TYPE]])
})

test('what is not filed yet, or gone, is nobody’s trouble', async () => {
  const { store, sent, record, keywords } = await house()
  await markSent({ store }, recordOf(1, 'other'), [1])
  await store.mailboxes.delete(sent.id)
  await decide(store, 1, 'transport', 'delivery')
  await markSent({ store }, record, [1])
  expect(await keywords()).toEqual([])
})

test.each(['in order', 'from the end'])(
  'a thousand recipients who come %s cost no million of reads',
  async (order) => {
    const { store, record, keywords } = await house(1_000)
    let reads = 0
    const work: Store['work'] = {
      ...store.work,
      get: async (...key) => {
        reads++
        return store.work.get(...key)
      },
    }
    const parts = { store: { ...store, work } }
    for (let n = 1; n <= 1_000; n++) {
      const position = order === 'in order' ? n : 1_001 - n
      await decide(store, position, 'transport', 'delivery')
      await markSent(parts, record, [position])
    }
    expect(await keywords()).toEqual([['$KEPDelivered', TYPE]])
    // Three rows a look; some ten looks a recipient are expected, and five times that is never seen.
    expect(reads).toBeLessThan(150_000)
  },
)
