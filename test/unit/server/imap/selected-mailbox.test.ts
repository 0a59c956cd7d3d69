import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { Enabled } from '../../../../server/imap/enabled.ts'
import { KnownValues } from '../../../../server/imap/known-values.ts'
import { Output } from '../../../../server/imap/output.ts'
import { RecentMessages } from '../../../../server/imap/recent.ts'
import { SelectedMailbox } from '../../../../server/imap/selected-mailbox.ts'
import type { Session } from '../../../../server/imap/session.ts'
import { ShownFlags } from '../../../../server/imap/shown-flags.ts'
import { Slice } from '../../../../server/imap/slice.ts'
import {
  type Changes,
  type MailboxRow,
  type MailboxStore,
  type MessageRow,
  type Store,
  StoreError,
} from '../../../../storage/port.ts'

const ROW: MailboxRow = {
  id: '1',
  account: 'a@hs98.kep.tr',
  name: 'INBOX',
  specialUse: undefined,
  uidValidity: 1,
  fixed: true,
}
const message = (uid: number, modseq: number) => ({ uid, modseq, flags: [] }) as unknown as MessageRow
const of = (modseq: number, changed: MessageRow[], vanished: number[] = []): Changes => ({
  modseq,
  changed,
  vanished,
})

const annotations = { get: async () => undefined } as unknown as Store['annotations']
const SHOWN = {
  flags: new ShownFlags(undefined, []),
  recent: new RecentMessages({ annotations }, ROW, 'never'),
}

/** A mailbox with UIDs 1 and 2 at modseq 2, whose changes are answered one after the other. */
async function selected(...answers: (Changes | 'UNAVAILABLE')[]) {
  const mailboxes = {
    head: async () => ({ modseq: 2, uidNext: 3 }),
    uids: async () => Uint32Array.of(1, 2),
    changes: async (_: string, since: number) => {
      const next = answers.shift() ?? of(since, [])
      if (next === 'UNAVAILABLE') throw new StoreError('UNAVAILABLE', 'MongoDB: away')
      return next
    },
  } as unknown as MailboxStore
  const wire = new PassThrough()
  const out = new Output(wire)
  const box = (
    await SelectedMailbox.open(
      { store: { mailboxes } as Store, knownValues: new KnownValues() },
      ROW,
      false,
      SHOWN,
    )
  )?.selected
  if (box === undefined) throw new Error('it is there')
  const told = async (): Promise<string[]> => {
    await out.flush()
    return String(wire.read() ?? '')
      .split('\r\n')
      .slice(0, -1)
  }
  return {
    box,
    told,
    sync: () => box.sync({ out, slice: new Slice(), enabled: new Enabled() } as unknown as Session, 'all'),
  }
}

test('what was heard before the store failed half-way is told the next time', async () => {
  const { box, told, sync } = await selected(of(3, [message(3, 3)]), 'UNAVAILABLE', of(4, [message(4, 4)]))
  await expect(sync()).rejects.toThrow('away')
  expect(box.isCurrent(3)).toBe(false)
  await sync()
  expect(await told()).toEqual(['* 4 EXISTS'])
  expect([...box.uids.slice(0, 9)]).toEqual([1, 2, 3, 4])
})

test('what came and went within one look is never told', async () => {
  const { box, told, sync } = await selected(of(3, [message(3, 3)]), of(4, [message(4, 4)], [3]))
  await sync()
  expect(await told()).toEqual(['* 3 EXISTS'])
  expect([...box.uids.slice(0, 9)]).toEqual([1, 2, 4])
})
