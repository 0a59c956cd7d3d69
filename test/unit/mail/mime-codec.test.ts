import { describe, expect, test } from 'vitest'
import { formatEnvelope } from '../../../mail/imap-envelope.ts'
import { structurePieces } from '../../../mail/imap-structure.ts'
import {
  decodeIndex,
  encodeIndex,
  envelopeFields,
  keptEnvelope,
  keptStructure,
} from '../../../mail/mime-codec.ts'
import { MimeIndexer } from '../../../mail/mime-index.ts'
import type { MimeIndex } from '../../../mail/mime-part.ts'
import { mimeShapes } from '../../fakes/mime-shapes.ts'

const indexOf = (message: string | Buffer): MimeIndex => {
  const indexer = new MimeIndexer()
  indexer.push(Buffer.from(message))
  return indexer.end()
}
/** As rows of stores that were filled before have it. */
const bare = (index: MimeIndex): Buffer =>
  Buffer.from(JSON.stringify(index, (_, value: unknown) => (value instanceof Map ? [...value] : value)))

describe('what is kept beside a message', () => {
  test.each([...mimeShapes])('%s: it is told as it would be worked out', (_, octets) => {
    const index = indexOf(octets)
    const kept = encodeIndex(index)
    expect(decodeIndex(kept)).toEqual(index)
    expect(keptEnvelope(kept)).toBe(formatEnvelope(index.root.envelope ?? {}))
    expect(keptStructure(kept)).toBe([...structurePieces(index.root, true)].join(''))
    expect(envelopeFields(kept)).toEqual(index.root.envelope)
  })

  test('octets that are no ASCII stay the same octets', () => {
    const index = indexOf(Buffer.from('Subject: g\u00fcn\r\nFrom: \xfe <a@b.example>\r\n\r\nx\r\n', 'latin1'))
    const kept = encodeIndex(index)
    expect(decodeIndex(kept)).toEqual(index)
    expect(keptEnvelope(kept)).toContain('{3}\r\ng\xfcn ')
  })

  test('without a layout, as it was kept before: it is read, and nothing is told of it at a glance', () => {
    const index = indexOf('Subject: eski\r\nMessage-ID: <1@b.example>\r\n\r\nx\r\n')
    const kept = bare(index)
    expect(decodeIndex(kept)).toEqual(index)
    expect([keptEnvelope(kept), keptStructure(kept)]).toEqual([undefined, undefined])
    expect(envelopeFields(kept)).toEqual({ subject: 'eski', messageId: '<1@b.example>' })
  })

  test('what is longer than anybody asks for often is worked out', () => {
    const parts = '--b\r\nContent-Type: text/plain\r\n\r\nx\r\n'.repeat(1_000)
    const index = indexOf(
      `Subject: ${'s'.repeat(20_000)}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${parts}--b--\r\n`,
    )
    const kept = encodeIndex(index)
    expect([keptEnvelope(kept), keptStructure(kept)]).toEqual([undefined, undefined])
    expect(decodeIndex(kept)).toEqual(index)
    expect(envelopeFields(kept).subject).toHaveLength(20_000)
  })

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['another layout', Buffer.from([2, ...Buffer.alloc(20)])],
    ['a layout that is cut off', Buffer.from([1, 0, 0])],
  ])('%s is refused', (_, octets) => {
    expect(() => decodeIndex(octets)).toThrow(SyntaxError)
    expect(() => keptEnvelope(octets)).toThrow(SyntaxError)
  })
})
