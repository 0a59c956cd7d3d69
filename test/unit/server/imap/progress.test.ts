import { expect, test } from 'vitest'
import { Progress } from '../../../../server/imap/progress.ts'
import type { Session } from '../../../../server/imap/session.ts'

test('long work is told of every ten seconds, and not at its end [RFC 9585 §4]', async () => {
  let now = 0
  const told: string[] = []
  const session = {
    tag: 'a"1',
    requireClient: () => {},
    parts: { clock: { now: () => new Date(now) } },
    out: { untagged: (text: string) => told.push(text), flush: async () => {} },
  } as unknown as Session
  const progress = new Progress(session, 100)
  for (let step = 0; step < 10; step++) {
    now += 4_000
    await progress.advance(10)
  }
  const open = new Progress(session, undefined)
  now += 10_000
  await open.advance(7)
  expect(told.pop()).toBe('OK [INPROGRESS ("a\\"1" 7 NIL)] Suruyor / Still at work')
  expect(told).toEqual([
    'OK [INPROGRESS ("a\\"1" 30 100)] Suruyor / Still at work',
    'OK [INPROGRESS ("a\\"1" 60 100)] Suruyor / Still at work',
    'OK [INPROGRESS ("a\\"1" 90 100)] Suruyor / Still at work',
  ])
})
