import { describe, expect, test } from 'vitest'
import { DEFAULT_PROFILE } from '../../../../../evidence/index.ts'
import { readEvidence } from '../../../../../evidence/model/read.ts'
import { parseXml } from '../../../../../evidence/xml/parse.ts'
import { readForeignPositions } from '../../../../../mail/positions.ts'
import { plainId, timeIn } from '../../../../../server/relay/inbound/dispatch-facts.ts'
import { matchEvidence } from '../../../../../server/relay/inbound/match-evidence.ts'
import { traceFields } from '../../../../../server/relay/inbound/trace-fields.ts'
import { Disk } from '../../../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../../../fakes/memory-store.ts'
import { peerEvidence } from '../../../../fakes/peer-mail.ts'

test.each([
  ['2026-01-01T10:00:00Z', '2026-01-01T10:00:00.000Z'],
  ['2026-01-01T13:00:00.5+03:00', '2026-01-01T10:00:00.500Z'],
  ['2026-01-01T10:00:00', '2026-01-01T10:00:00.000Z'],
  ['2026-13-01T10:00:00Z', undefined],
  ['10:00', undefined],
  ['', undefined],
  [undefined, undefined],
])('xs:dateTime %j', (text, time) => expect(timeIn(text)).toBe(time))

test.each([
  ['1', 3, [1]],
  ['1-3', 3, [1, 2, 3]],
  ['3,1', 3, [3, 1]],
  ['1-4', 3, undefined],
  ['0', 3, undefined],
  ['2-1', 3, undefined],
  ['1,1', 3, undefined],
  ['1-999999999999', 3, undefined],
  ['1,', 3, undefined],
  [' 1', 3, undefined],
])('positions of others: %j of %i', (text, count, positions) =>
  expect(readForeignPositions(text, count)).toEqual(positions),
)

describe('evidence whose fields are no use', () => {
  test.each([
    ['an id that is no key', { id: 'ğ' }],
    ['an id without end', { id: 'a'.repeat(300) }],
    ['no id', { id: '' }],
    ['no time', { eventTime: 'now' }],
    ['no message', { message: undefined }],
  ])('%s', async (_, changes) => {
    const octets = await peerEvidence(Buffer.from('x'), { outcome: 'delivery', changes: { refersTo: 1 } })
    const fields = { ...readEvidence(parseXml(octets)), ...changes }
    await using store = await openMemoryStore(new Disk())
    expect(
      await matchEvidence(store, { fields, outcome: 'delivery', octets }, 'hs99.kep.tr', {
        domain: 'hs98.kep.tr',
        profile: DEFAULT_PROFILE,
      }),
    ).toBe('FIELDS')
  })
})

test('nothing that a client says ends its place in the trace fields', () => {
  const said = 'x>\r\nSubject: y (\\' + 'z'.repeat(5000)
  const arrived = { id: 'a', at: new Date(0), ip: '::1', clientName: said, mailFrom: said, tls: said }
  const text = traceFields(arrived, 'hs98.kep.tr').toString()
  expect(text.split('\r\n').map((line) => line.split(/[ :]/)[0])).toEqual([
    'Return-Path',
    'Received',
    '',
    '',
    '',
    '',
  ])
  expect(text).toContain('([IPv6:::1])')
  for (const line of text.split('\r\n')) expect(line.length).toBeLessThanOrEqual(998)
})

test('an id is printable and short', () => {
  expect(plainId(`<ğ ${'a'.repeat(300)}>`)).toMatch(/^<\?\?a{247}$/)
})
