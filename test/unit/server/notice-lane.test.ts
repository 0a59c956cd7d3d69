import { expect, test } from 'vitest'
import type { KepAccount } from '../../../mail/account.ts'
import { systemClock } from '../../../mail/clock.ts'
import { NoticeLane, type NoticeTimes } from '../../../server/notify/notice-lane.ts'
import { NoticeError } from '../../../server/notify/sender.ts'
import { Events } from '../../../server/ops/events.ts'
import type { NewWork } from '../../../storage/port.ts'
import { newIntake } from '../../contract/store/material.ts'
import { eventually } from '../../fakes/eventually.ts'
import { Disk } from '../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../fakes/memory-store.ts'

const ADDRESS = 'a@hs98.kep.tr'
const KEY = 'm/1/notice/sms/ayse'
const row: Omit<NewWork, 'due'> = {
  intake: 'm',
  recipient: 1,
  slot: 'notice/sms/ayse',
  kind: 'notify',
  payload: JSON.stringify({ account: ADDRESS, handle: 'ayse', at: 1 }),
  queue: 'notify-sms',
}
const account = {
  state: 'active',
  persons: [
    { handle: 'ayse', active: true, permissions: ['sms-notices'], notices: { phone: '+905551112233' } },
  ],
} as unknown as KepAccount

interface Given {
  readonly send: () => Promise<void>
  readonly times?: Partial<NoticeTimes>
  readonly fails?: number
}

/** What happens to the package while one text message is sent or given up. */
async function lived({ send, times, fails = 0 }: Given): Promise<string[]> {
  await using store = await openMemoryStore(new Disk())
  await store.accept(await newIntake(store, 'm', Date.now()))
  await store.work.insert([{ ...row, due: Date.now() }])
  const acts: string[] = []
  let failing = fails
  const lane = new NoticeLane(
    'sms',
    { send },
    {
      store,
      clock: systemClock,
      events: new Events('silent'),
      accountOf: async () => account,
      takeSms: async (_, key) => {
        acts.push(`take ${key}`)
        return true
      },
      giveBackSms: async (address, key) => {
        if (failing-- > 0) throw new Error('the store is away')
        acts.push(`give back ${key} to ${address}`)
      },
      clockIsCertain: () => true,
      random: () => 0,
      times: { attempt: 20_000, first: 1, longest: 1, expiry: 1_000_000, ...times },
    },
  )
  lane.start()
  try {
    await eventually(async () => {
      const left = await store.work.queues()
      return left.every(({ queue }) => queue !== 'notify-sms') ? true : undefined
    }, 'a row that is done')
  } finally {
    await lane.stop()
  }
  return acts
}
const taken = `take ${KEY}`
const back = `give back ${KEY} to ${ADDRESS}`

test('what was sent stays paid', async () => {
  let left = 1
  const send = async () => {
    if (left-- > 0) throw new NoticeError('SMPP_14', false)
  }
  expect(await lived({ send })).toEqual([taken, taken])
})

test('what the gateway refuses for good goes back, though the store is away meanwhile', async () => {
  const send = () => Promise.reject(new NoticeError('SMPP_b', true))
  expect(await lived({ send })).toEqual([taken, back])
  expect(await lived({ send, fails: 1 })).toEqual([taken, taken, back])
})

test('what expires goes back', async () => {
  expect(await lived({ send: async () => {}, times: { expiry: 0 } })).toEqual([back])
})
