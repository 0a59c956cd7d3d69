import { describe, expect, test } from 'vitest'
import { LineReader } from '../../../../server/ops/line-reader.ts'

const read = (limit: number, chunks: readonly string[]): (string[] | undefined)[] => {
  const reader = new LineReader(limit)
  return chunks.map((chunk) => reader.push(Buffer.from(chunk)))
}

describe('lines', () => {
  test.each([
    [['a\nb\n'], [['a', 'b']]],
    [
      ['a', 'b\nc'],
      [[], ['ab']],
    ],
    [['\n\n'], [['', '']]],
    [['ç\n'], [['ç']]],
    [['12345\n'], [['12345']]],
    [['123456\n'], [undefined]],
    [
      ['123', '456'],
      [[], undefined],
    ],
    [
      ['1234', '56\n'],
      [[], undefined],
    ],
  ])('%j: %j', (chunks, lines) => expect(read(5, chunks)).toEqual(lines))

  test('a character that is cut between two chunks', () => {
    const reader = new LineReader(10)
    const octets = Buffer.from('ğ\n')
    expect(reader.push(octets.subarray(0, 1))).toEqual([])
    expect(reader.push(octets.subarray(1))).toEqual(['ğ'])
  })
})
