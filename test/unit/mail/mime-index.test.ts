import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeIndex, encodeIndex } from '../../../mail/mime-codec.ts'
import { MimeIndexer } from '../../../mail/mime-index.ts'
import type { MimeIndex, MimeLimits } from '../../../mail/mime-part.ts'
import { multipartSigned } from '../../../scripts/client/signed-message.ts'
import { mimeShapes } from '../../fakes/mime-shapes.ts'

function index(message: Buffer, cuts: readonly number[] = [], limits?: MimeLimits): MimeIndex {
  const indexer = new MimeIndexer(limits)
  let from = 0
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    if (cut <= from || cut >= message.length) continue
    indexer.push(message.subarray(from, cut))
    from = cut
  }
  indexer.push(message.subarray(from))
  return indexer.end()
}

describe('RFC 1847 §2.1: the signed part is found octet for octet', () => {
  test.each([...mimeShapes])('%s', (_, signedPart) => {
    const message = multipartSigned('From: a@b\r\n', signedPart, 'MIIB')
    const { root } = index(message)
    expect(root.children).toHaveLength(2)
    const first = root.children[0]!
    expect(message.subarray(first.headerStart, first.bodyEnd).equals(signedPart)).toBe(true)
    const second = root.children[1]!
    expect(message.subarray(second.bodyStart, second.bodyEnd).toString()).toBe('MIIB')
  })

  test.each([...mimeShapes])('%s: the same in pieces of any size', (_, signedPart) => {
    const message = multipartSigned('From: a@b\r\n', signedPart.subarray(0, 3000), 'MIIB')
    const whole = index(message)
    fc.assert(
      fc.property(fc.array(fc.nat(message.length), { maxLength: 40 }), (cuts) => {
        expect(index(message, cuts)).toEqual(whole)
      }),
      { numRuns: 30 },
    )
    const each = Array.from(message, (_octet, at) => at)
    expect(index(message, each)).toEqual(whole)
  })

  test.each([...mimeShapes])('%s: what is settled while it streams is never taken back', (_, signedPart) => {
    const message = multipartSigned('From: a@b\r\n', signedPart, 'MIIB')
    const first = index(message).root.children[0]!
    const indexer = new MimeIndexer()
    let settled = 0
    for (let at = 0; at < message.length; at += 7) {
      indexer.push(message.subarray(at, at + 7))
      expect(indexer.settled).toBeGreaterThanOrEqual(settled)
      settled = indexer.settled
      if (indexer.signedPart && indexer.signedPart.end === undefined)
        expect(settled).toBeLessThanOrEqual(first.bodyEnd)
    }
    expect(indexer.signedPart).toEqual({ start: first.headerStart, end: first.bodyEnd })
  })
})

describe('RFC 9051 §7.5.2: what BODYSTRUCTURE needs', () => {
  test('lines, parameters, nested messages', () => {
    const nested = 'Subject: inner\r\n\r\none\r\ntwo\r\n'
    const message = Buffer.from(
      `Subject: outer\r\nSubject: second\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\ny\r\n--b\r\n` +
        `Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename="a \\"b\\".eml"\r\n\r\n${nested}\r\n--b--\r\n`,
    )
    const { root } = index(message)
    expect(root.envelope?.subject).toBe('outer')
    const [text, rfc822] = root.children
    expect(text).toMatchObject({ type: 'text', subtype: 'plain', lines: 1 })
    expect(rfc822).toMatchObject({ type: 'message', subtype: 'rfc822', lines: 4 })
    expect(rfc822?.disposition?.params.get('filename')).toBe('a "b".eml')
    expect(rfc822?.children[0]?.envelope?.subject).toBe('inner')
    expect(message.subarray(rfc822!.bodyStart, rfc822!.bodyEnd).toString()).toBe(nested)
  })

  test('an index survives being kept', () => {
    const whole = index(multipartSigned('From: a@b\r\n', mimeShapes.get('nested multipart')!, 'MIIB'))
    expect(decodeIndex(encodeIndex(whole))).toEqual(whole)
  })
})

describe('hostile input', () => {
  const limits = { parts: 50, depth: 8, headerOctets: 4096 }
  test('a part bomb stops at the limit', () => {
    const { root, faults } = index(
      Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\n'.repeat(500)}`),
      [],
      limits,
    )
    expect(root.children.length).toBe(49)
    expect(faults).toEqual(['TOO_MANY_PARTS'])
  })
  test('nesting stops at the limit', () => {
    const levels = Array.from(
      { length: 100 },
      (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`,
    )
    expect(index(Buffer.from(levels.join('')), [], limits).faults).toEqual(['TOO_DEEP'])
  })
  test('endless headers stop at the limit', () => {
    expect(index(Buffer.from('X: y\r\n'.repeat(2000)), [], limits).faults).toEqual(['HEADER_TOO_LARGE'])
  })
  test('any octets are a message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (octets) => {
        const { root, size } = index(Buffer.from(octets))
        expect(size).toBe(octets.length)
        expect(root.bodyEnd).toBe(octets.length)
      }),
    )
  })
})
