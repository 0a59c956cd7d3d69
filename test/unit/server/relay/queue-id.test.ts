import { describe, expect, test } from 'vitest'
import { queueIdOf, readQueueId } from '../../../../server/relay/queue-id.ts'

const intake = '0123456789abcdef0123456789abcdef'
const queue = 'hs99.kep.tr'

describe('the name of a row in a queue', () => {
  test.each([
    [{ intake, recipient: 0, slot: 'send/hs99.kep.tr' }, `${intake}-hs99`],
    [{ intake, recipient: 3, slot: 'transport-receipt-send' }, `${intake}-hs99-3-transport-receipt`],
    [{ intake, recipient: 0, slot: 'relay-in/ab12-send' }, `${intake}-hs99-0-relay-in/ab12`],
    [{ intake, recipient: 1, slot: 'x-hs98-2-y-send' }, `${intake}-hs99-1-x-hs98-2-y`],
  ])('%j', (key, name) => {
    expect(queueIdOf(key, queue)).toBe(name)
    expect(readQueueId(name)).toEqual({ queue, key })
    expect(readQueueId(`<${name}>`)).toEqual({ queue, key })
  })

  test.each([
    '',
    intake,
    `${intake}-hs9`,
    `${intake}-hs99-`,
    `${intake}-hs99-1`,
    `${intake}-hs99-x-y`,
    `${intake}-hs99-1-a b`,
    `${intake.toUpperCase()}-hs99`,
    `a${intake}-hs99`,
    `${intake}-hs99-1-${'x'.repeat(201)}`,
  ])('none: %s', (text) => expect(readQueueId(text)).toBeUndefined())
})
