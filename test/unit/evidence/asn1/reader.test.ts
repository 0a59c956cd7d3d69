import { describe, expect, test } from 'vitest'
import { Asn1Error } from '../../../../evidence/asn1/error.ts'
import { type Encoding, MAX_DEPTH, Reader, readWhole } from '../../../../evidence/asn1/reader.ts'
import { TAG } from '../../../../evidence/asn1/tag.ts'
import {
  readBoolean,
  readIntegerOctets,
  readNamedBits,
  readOctets,
  readOid,
  readTime,
} from '../../../../evidence/asn1/values.ts'
import {
  generalizedTime,
  integer,
  namedBits,
  oid,
  sequence,
  setOf,
  time,
} from '../../../../evidence/asn1/writer.ts'

const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const codeOf = (act: () => unknown): string => {
  try {
    act()
    return 'none'
  } catch (error) {
    return error instanceof Asn1Error ? error.code : `another error: ${String(error)}`
  }
}
const walk = (octets: Uint8Array, encoding: Encoding): void => {
  const descend = (reader: Reader): void => {
    for (const element of reader) if (element.constructed) descend(element.open())
  }
  descend(new Reader(octets, encoding))
}

describe('X.690 §8.1.3 and §10.1: lengths', () => {
  test.each([
    { name: 'shortest form', hex: '30 03 02 01 05', der: 'none', ber: 'none' },
    { name: 'long form of a short length', hex: '30 81 03 02 01 05', der: 'BAD_LENGTH', ber: 'none' },
    { name: 'leading zero in the length', hex: '30 82 00 03 02 01 05', der: 'BAD_LENGTH', ber: 'none' },
    { name: 'indefinite', hex: '30 80 02 01 05 00 00', der: 'BAD_LENGTH', ber: 'none' },
    { name: 'indefinite without end', hex: '30 80 02 01 05', der: 'BAD_LENGTH', ber: 'TRUNCATED' },
    { name: 'indefinite primitive', hex: '04 80 00 00', der: 'BAD_LENGTH', ber: 'BAD_LENGTH' },
    { name: 'past the end', hex: '30 04 02 01 05', der: 'TRUNCATED', ber: 'TRUNCATED' },
    { name: 'child past its parent', hex: '30 03 02 02 05 05', der: 'TRUNCATED', ber: 'TRUNCATED' },
    { name: 'five length octets', hex: '30 85 00 00 00 00 00', der: 'BAD_LENGTH', ber: 'BAD_LENGTH' },
    { name: 'reserved length', hex: '30 ff', der: 'BAD_LENGTH', ber: 'BAD_LENGTH' },
    { name: 'high tag number', hex: '3f 81 01 00', der: 'BAD_TAG', ber: 'BAD_TAG' },
    { name: 'only a tag', hex: '30', der: 'TRUNCATED', ber: 'TRUNCATED' },
  ])('$name', ({ hex, der, ber }) => {
    expect([codeOf(() => walk(bytes(hex), 'der')), codeOf(() => walk(bytes(hex), 'ber'))]).toEqual([der, ber])
  })
  test('nesting has an end', () => {
    let deep: Uint8Array = integer(1)
    for (let i = 0; i < MAX_DEPTH + 2; i++) deep = sequence(deep)
    expect(codeOf(() => walk(deep, 'der'))).toBe('TOO_DEEP')
    expect(codeOf(() => walk(Buffer.alloc(100_000, bytes('3080')), 'ber'))).toBe('TOO_DEEP')
  })
  test('nothing may follow', () => {
    expect(codeOf(() => readWhole(bytes('3000 00'), 'der', TAG.sequence))).toBe('TRAILING_OCTETS')
  })
})

describe('values', () => {
  const element = (hex: string) => new Reader(bytes(hex), 'ber').next()
  test.each([
    { name: 'padded OID arc', act: () => readOid(element('06 03 55 80 04')) },
    { name: 'cut OID', act: () => readOid(element('06 02 55 84')) },
    { name: 'empty OID', act: () => readOid(element('06 00')) },
    { name: 'padded INTEGER', act: () => readIntegerOctets(element('02 02 00 05')) },
    { name: 'empty INTEGER', act: () => readIntegerOctets(element('02 00')) },
    { name: 'BOOLEAN 1', act: () => readBoolean(element('01 01 01')) },
    { name: 'unused bits without octets', act: () => readNamedBits(element('03 01 07')) },
    {
      name: 'a time zone',
      act: () => readTime(element(`17 11 ${Buffer.from('260101000000+0300').toString('hex')}`)),
    },
    {
      name: '31 February',
      act: () => readTime(element(`17 0d ${Buffer.from('260231000000Z').toString('hex')}`)),
    },
    {
      name: 'no seconds',
      act: () => readTime(element(`17 0b ${Buffer.from('2601010000Z').toString('hex')}`)),
    },
    { name: 'an INTEGER among segments', act: () => readOctets(element('24 03 02 01 00')) },
  ])('refused: $name', ({ act }) => expect(codeOf(act)).toBe('BAD_VALUE'))
  test('segments are joined', () => {
    expect(readOctets(element('24 80 04 01 61 24 80 04 01 62 00 00 04 01 63 00 00'))).toEqual(
      Buffer.from('abc'),
    )
  })
  test.each(['1.2.840.113549.1.7.2', '2.5.29.14', '0.9.2342.19200300.100.1.25', '2.999.1'])(
    'OID %s',
    (dotted) => {
      expect(readOid(new Reader(oid(dotted), 'der').next())).toBe(dotted)
    },
  )
  test.each(['2026-11-21T18:00:01.000Z', '1999-12-31T23:59:59.000Z', '2051-01-01T00:00:00.000Z'])(
    'time %s',
    (iso) => {
      expect(readTime(new Reader(time(new Date(iso)), 'der').next()).toISOString()).toBe(iso)
    },
  )
  test('fractions', () => {
    const date = new Date('2026-01-01T00:00:00.120Z')
    const written = generalizedTime(date, true)
    expect(Buffer.from(written).toString('latin1')).toContain('.12Z')
    expect(readTime(new Reader(written, 'der').next())).toEqual(date)
  })
  test('named bits and sorted sets', () => {
    expect(readNamedBits(new Reader(namedBits([0, 8]), 'der').next())).toEqual([0, 8])
    expect(Buffer.from(setOf(integer(2), integer(1))).toString('hex')).toBe('3106020101020102')
    expect(Buffer.from(integer(128n)).toString('hex')).toBe('02020080')
  })
})
