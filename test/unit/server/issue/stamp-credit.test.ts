import { expect, test } from 'vitest'
import { stampCredit } from '../../../../server/issue/stamp-credit.ts'

test('each TSA is asked, also when one before it fails, and little credit is told', async () => {
  const told: unknown[] = []
  const failure = new Error('away')
  const duty = stampCredit({
    timestamper: {
      credit: async (url) => {
        if (url === 'b') throw failure
        return url === 'a' ? 99 : 100
      },
    },
    events: { timestampCredit: (...credit) => told.push(credit) },
    urls: ['a', 'b', 'c'],
    low: 100,
  })
  await expect(duty.round(new AbortController().signal)).rejects.toMatchObject({ errors: [failure] })
  expect(told).toEqual([
    ['a', 99, true],
    ['c', 100, false],
  ])
})
