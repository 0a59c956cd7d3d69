import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SubmissionRecord } from '../../../../mail/submission-record.ts'
import { AccountDirectory } from '../../../../server/accounts/directory.ts'
import { PasswordThread } from '../../../../server/accounts/password-thread.ts'
import { deliver } from '../../../../server/issue/deliver.ts'
import type { StepParts } from '../../../../server/issue/steps.ts'
import { stageBytes } from '../../../../server/stage-bytes.ts'
import type { LeasedWork, NewWork } from '../../../../storage/port.ts'
import { openSqliteStore } from '../../../../storage/sqlite/store.ts'

const ADDRESS = 'deneme.alici@hs98.kep.tr'

test('I4: a delivery that is tried again after a crash says the same of itself, whatever became of the account', async () => {
  await using open = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'openkep-deliver-'))
  open.defer(() => rm(folder, { recursive: true, force: true }))
  const store = open.use(await openSqliteStore(folder, 1))
  let now = Date.UTC(2026, 0, 1)
  const clock = { now: () => new Date(now), monotonic: () => now }
  const directory = new AccountDirectory(store, open.use(new PasswordThread()), 'hs98.kep.tr', clock)
  await directory.create({
    address: ADDRESS,
    kind: 'natural',
    service: 'send-receive',
    holder: 'Alıcı',
    quota: 1,
    persons: [{ handle: 'isik', name: 'Işık Alıcı', identityNumber: '10000000078' }],
    active: true,
  })
  const parts = {
    store,
    directory,
    clock,
    deemedReadMs: 86_400_000,
    quotaLevels: [] as readonly number[],
    noticeChannels: new Set(),
  } as unknown as StepParts
  const submission = {
    recipients: [{ address: ADDRESS, name: undefined, local: true }],
    header: { messageType: undefined },
  } as unknown as SubmissionRecord
  const dispatch = await store.blobs.save(await stageBytes(store, Buffer.from('the dispatch')), 'archive')
  const index = await store.blobs.save(await stageBytes(store, Buffer.from('{}')), 'archive')
  const leased = (work: NewWork): LeasedWork => ({
    ...work,
    state: 'pending',
    since: work.due,
    attempts: 0,
    error: undefined,
    fence: 1,
  })
  const payload = JSON.stringify({ dispatch, index, contentStart: 0, contentEnd: 1 })
  const row = leased({ intake: 'i', recipient: 1, slot: 'deliver', kind: 'deliver', due: now, payload })
  const [put] = await deliver(parts, row, submission)
  expect(put).toMatchObject({ slot: 'put', kind: 'deliver' })

  const first = await deliver(parts, leased(put!), submission)
  now += 3_600_000
  const account = (await store.accounts.get(ADDRESS))!
  await store.accounts.put(ADDRESS, account.document.replace('"active"', '"closed"'), account.version)
  const second = await deliver(parts, leased(put!), submission)

  expect(second).toEqual(first)
  expect(first.map(({ slot }) => slot)).toEqual(['transport', 'expiry'])
  expect(JSON.parse(first[0]!.payload)).toMatchObject({
    facts: { hook: 'delivered', at: '2026-01-01T00:00:00.000Z' },
  })
  const inbox = (await store.mailboxes.byName(ADDRESS, 'INBOX'))!
  expect((await store.mailboxes.head(inbox.id))?.exists).toBe(1)
})
