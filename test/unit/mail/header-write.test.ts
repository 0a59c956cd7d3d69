import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeHeaderText } from '../../../mail/encoded-word.ts'
import { readHeader } from '../../../mail/header-read.ts'
import {
  addressField,
  dateField,
  idField,
  isMessageId,
  parameterField,
  textField,
} from '../../../mail/header-write.ts'

const only = (written: string): string => {
  const fields = readHeader(Buffer.from(written))
  expect(fields).toHaveLength(1)
  return fields[0]?.value ?? ''
}

describe('writing header fields [RFC 5322 §2.2.3]', () => {
  test.each([
    ['plain', 'Merhaba', 'Subject: Merhaba\r\n'],
    ['empty', '', 'Subject: \r\n'],
    ['Turkish', 'Şğı', 'Subject: =?UTF-8?B?xZ7En8Sx?=\r\n'],
    ['looks encoded', '=?x?q?y?=', 'Subject: =?UTF-8?B?PT94P3E/eT89?=\r\n'],
  ])('%s', (_name, text, expected) => {
    expect(textField('Subject', text)).toBe(expected)
  })

  test('any text is one field, folded, and reads back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const written = textField('Subject', text)
        expect(written.split('\r\n').every((line) => line.length <= 78)).toBe(true)
        expect(/^[\x20-\x7e\r\n]*$/.test(written)).toBe(true)
        expect(/\r\n(?![ ]|$)/.test(written)).toBe(false)
        const read = decodeHeaderText(only(written))
        expect(read.trim()).toBe(
          text
            .replace(/\r\n/g, ' ')
            .replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, ' ')
            .trim(),
        )
      }),
    )
  })

  test.each(['a\r\nBcc: b@c', 'a\nX: y', 'a\r\n\r\nbody', 'a\0b', 'a\u2028b'])(
    'no value ends its field: %j',
    (value) => {
      expect(readHeader(Buffer.from(textField('Subject', value)))).toHaveLength(1)
      expect(
        readHeader(Buffer.from(addressField('From', [{ name: value, address: 'a@b.tr' }]))),
      ).toHaveLength(1)
    },
  )

  test('addresses', () => {
    expect(addressField('To', [{ address: 'a@b.tr' }, { name: 'A "x" \\', address: 'c@d.tr' }])).toBe(
      'To: <a@b.tr>, "A \\"x\\" \\\\" <c@d.tr>\r\n',
    )
    expect(addressField('From', [{ name: 'Ayşe (KEP)', address: 'kep@hs98.kep.tr' }])).toBe(
      'From: =?UTF-8?B?QXnFn2UgKEtFUCk=?= <kep@hs98.kep.tr>\r\n',
    )
    for (const address of ['a b@c', 'a@b\r\nX: y', '"a"@b', 'a@', '<a@b>', 'ş@b.tr', ''])
      expect(() => addressField('To', [{ address }])).toThrow(
        expect.objectContaining({ code: 'BAD_ADDRESS' }),
      )
  })

  test('many addresses fold, and long ids too', () => {
    const many = addressField(
      'To',
      Array.from({ length: 100 }, (_, n) => ({ address: `alici${n}@hs98.kep.tr` })),
    )
    expect(many.split('\r\n').every((line) => line.length <= 78)).toBe(true)
    expect(only(many).split(',')).toHaveLength(100)
    expect(idField('References', ['<a@b>', '<c@d>'])).toBe('References: <a@b> <c@d>\r\n')
    for (const id of ['a@b', '<a b>', '<a>\r\nX: y', '<>']) expect(isMessageId(id)).toBe(false)
  })

  test('parameters and dates', () => {
    expect(parameterField('Content-Type', 'text/plain', { charset: 'UTF-8', name: 'a "b".txt' })).toBe(
      'Content-Type: text/plain; charset=UTF-8; name="a \\"b\\".txt"\r\n',
    )
    expect(() => parameterField('X', 'y', { z: 'ş' })).toThrow(
      expect.objectContaining({ code: 'BAD_PARAMETER' }),
    )
    expect(() => textField('X: y\r\nZ', '')).toThrow(expect.objectContaining({ code: 'BAD_NAME' }))
    expect(dateField('Date', new Date('2026-01-01T10:00:00Z'))).toBe(
      'Date: Thu, 01 Jan 2026 10:00:00 +0000\r\n',
    )
  })
})
