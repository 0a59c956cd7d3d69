import { expect, test } from 'vitest'
import { systemClock } from '../../../../mail/clock.ts'
import { AccountDirectory } from '../../../../server/accounts/directory.ts'
import { STANDARD_MAILBOXES } from '../../../../server/accounts/standard-mailboxes.ts'
import { Disk } from '../../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../../fakes/memory-store.ts'

test("processes that start at once on a new store all find the operator's box", async () => {
  const store = await openMemoryStore(new Disk())
  const directory = new AccountDirectory(store, undefined as never, 'hs98.kep.tr', systemClock)
  const boxes = await Promise.all(
    Array.from({ length: 4 }, () => directory.ensureOperatorBox('OpenKEP Deneme', 1e9)),
  )
  expect(new Set(boxes)).toEqual(new Set(['postmaster@hs98.kep.tr']))
  const made = await store.mailboxes.list('postmaster@hs98.kep.tr')
  expect(made.map(({ name }) => name).sort()).toEqual(STANDARD_MAILBOXES.map(({ name }) => name).sort())
  expect(await store.mailboxes.subscriptions('postmaster@hs98.kep.tr')).toHaveLength(made.length)
})
