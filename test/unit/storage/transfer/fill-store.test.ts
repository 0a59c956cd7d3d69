import { expect, test } from 'vitest'
import type { StoreRecord } from '../../../../storage/port.ts'
import { fillStore } from '../../../../storage/transfer/fill-store.ts'
import type { Source } from '../../../../storage/transfer/source.ts'
import { Disk } from '../../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../../fakes/memory-store.ts'

const NOW = Date.UTC(2026, 0, 1)

test.each([
  ['before its mailboxes', (counter: StoreRecord, mailboxes: StoreRecord[]) => [counter, ...mailboxes]],
  ['after them', (counter: StoreRecord, mailboxes: StoreRecord[]) => [...mailboxes, counter]],
])(
  'a state of before whose counter comes %s: no UIDVALIDITY is given out a second time',
  async (_, inOrder) => {
    await using from = await openMemoryStore(new Disk())
    const given = new Set<number>()
    for (const name of ['A', 'B', 'C']) given.add((await from.mailboxes.create('a@x', name, {})).uidValidity)
    const records = await Array.fromAsync(from.copy.records())
    const mailboxes = records.filter(({ kind }) => kind === 'mailbox')
    const counter: StoreRecord = { kind: 'counter', name: 'uidValidity', value: Math.max(...given) }
    const source: Source = {
      records: async function* () {
        yield* inOrder(counter, mailboxes)
      },
      open: () => from.blobs.open({ hash: '', size: 0 }),
    }
    await using to = await openMemoryStore(new Disk())
    await fillStore(to, source, { wentBackAt: NOW })
    const restored = (await to.mailboxes.list('a@x')).map(({ uidValidity }) => uidValidity)
    const fresh = (await to.mailboxes.create('a@x', 'D', {})).uidValidity
    expect(new Set([...given, ...restored, fresh]).size).toBe(3 + 3 + 1)
    expect(Math.min(...restored)).toBeGreaterThan(NOW / 1000)
    expect(fresh).toBeGreaterThan(Math.max(...restored))
  },
)
