/**
 * Small inputs that want more work or memory than their size: each of them once took minutes or gigabytes. What is not
 * refused is of a size at which a square of it would outlast the test.
 */
import { describe, expect, test } from 'vitest'
import { readEvidenceRecord } from '../../../evidence/archive/evidence-record.ts'
import { OID } from '../../../evidence/asn1/oid.ts'
import { readWhole } from '../../../evidence/asn1/reader.ts'
import { TAG } from '../../../evidence/asn1/tag.ts'
import { readOctets } from '../../../evidence/asn1/values.ts'
import {
  encode,
  generalizedTime,
  integer,
  octetString,
  oid,
  sequence,
  setOf,
  tagged,
} from '../../../evidence/asn1/writer.ts'
import { parseSignedData } from '../../../evidence/cms/signed-data.ts'
import type { Certificate } from '../../../evidence/ports.ts'
import { writeImprint } from '../../../evidence/tsa/request.ts'
import { verifyToken } from '../../../evidence/tsa/token.ts'
import { strictSignedData } from '../../../evidence/verify/signed-data-shape.ts'
import { readName } from '../../../evidence/x509/name.ts'
import { validatePath } from '../../../evidence/x509/path.ts'
import { readC14n } from '../../../evidence/xades/reference.ts'
import { canonicalize } from '../../../evidence/xml/c14n.ts'
import { MAX_DEPTH, parseXml } from '../../../evidence/xml/parse.ts'
import { MAX_PREFIXES } from '../../../evidence/xml/scope.ts'
import { decodeHeaderText } from '../../../mail/encoded-word.ts'
import { readHeader, readParameters } from '../../../mail/header-read.ts'
import { emptyCrl, makeRoot, pki } from '../../fakes/pki.ts'

const MEGABYTE = 1_048_576
const flood = (octets: string, times: number): Buffer => Buffer.from(octets.repeat(times), 'hex')

describe('header', () => {
  test('a megabyte of blanks in the middle of a value, and of a name', () => {
    const blanks = ' '.repeat(MEGABYTE)
    expect(readHeader(Buffer.from(`Subject: \t a${blanks}b \t\r\n\r\n`))[0]?.value).toBe(`a${blanks}b`)
    expect(readHeader(Buffer.from(`Sub${blanks}ject: x\r\n\r\n`))).toEqual([])
    expect(readHeader(Buffer.from(`Subject${blanks}: x\r\n\r\n`))[0]?.name).toBe('Subject')
  })
  test('a megabyte of semicolons before the only parameter', () => {
    expect(readParameters(`a/b${';'.repeat(MEGABYTE)}c=d`).params.get('c')).toBe('d')
  })
  test('a megabyte of comments, ended and not', () => {
    expect(readParameters(`a/b${'()'.repeat(MEGABYTE / 2)}`).value).toBe('a/b')
    expect(readParameters(`a/b${'('.repeat(MEGABYTE)};c=d`).params.get('c')).toBe('d')
  })
  test('a megabyte of encoded words: those of the first 128 KiB are decoded, the rest stays as it is', () => {
    const word = '=?utf-8?q?a?= '
    const decoded = Math.floor(131_072 / word.length)
    const rest = ` ${word.repeat(MEGABYTE / word.length - decoded)}`
    expect(decodeHeaderText(word.repeat(MEGABYTE / word.length)) === `${'a'.repeat(decoded)}${rest}`).toBe(
      true,
    )
  })
})

describe('XML', () => {
  const levels = (from: number, each: (level: number) => string): string =>
    Array.from({ length: from }, (_, level) => `<a${each(level)}>`).join('')
  test('namespaces without end at one element', () => {
    const text = levels(3, (level) =>
      Array.from({ length: 30 }, (_, at) => ` xmlns:p${level}x${at}="u"`).join(''),
    )
    const nest = `${text}${'</a>'.repeat(3)}`
    expect(() => parseXml(Buffer.from(nest))).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }))
  })
  test('each element declares, and keeps only its own', () => {
    const open = levels(MAX_DEPTH - 2, (level) => ` xmlns:p${level}="u"`)
    const text = `${open}${'<b xmlns:c="d"/>'.repeat(100_000)}${'</a>'.repeat(MAX_DEPTH - 2)}`
    let inner = parseXml(Buffer.from(text))
    while (inner.children[0]?.kind === 'element') inner = inner.children[0]
    expect([...inner.scope.own.keys()]).toEqual(['c'])
    expect(inner.scope.prefixes().size).toBe(MAX_DEPTH)
    expect(MAX_DEPTH).toBeLessThanOrEqual(MAX_PREFIXES)
    expect(canonicalize(inner, { mode: 'inclusive' }).length).toBeGreaterThan(MAX_DEPTH * 10)
  })
  test('a list of prefixes as long as the document', () => {
    const list = Array.from({ length: 1000 }, (_, at) => `p${at}`).join(' ')
    const method = parseXml(
      Buffer.from(
        `<m Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><InclusiveNamespaces xmlns="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="${list}"/></m>`,
      ),
    )
    expect(() => readC14n(method)).toThrow(expect.objectContaining({ failure: 'TRANSFORMS' }))
  })
})

describe('CMS', () => {
  const signedData = (...tail: readonly Uint8Array[]): Uint8Array =>
    sequence(oid(OID.signedData), tagged(0, sequence(integer(1), setOf(), sequence(oid(OID.data)), ...tail)))
  test.each([
    ['signers of two octets', signedData(encode(TAG.set, flood('3000', MEGABYTE / 2)))],
    ['lists of two octets', signedData(tagged(1, flood('3000', MEGABYTE / 2)), setOf())],
    ['certificates of two octets', signedData(tagged(0, flood('3000', MEGABYTE / 2)), setOf())],
    [
      'lists that would all be checked',
      signedData(tagged(1, ...Array.from({ length: 33 }, () => emptyCrl(pki().root))), setOf()),
    ],
  ])('%s', (_name, der) => {
    expect(() => parseSignedData(der)).toThrow(
      expect.objectContaining({ name: 'CmsError', code: 'MALFORMED' }),
    )
  })
  test('a string in segments of no octets is read without keeping them', () => {
    const string = encode(0x24, flood('0400', MEGABYTE / 2), Uint8Array.of(4, 1, 65))
    expect(readOctets(readWhole(string, 'ber', 0x24))).toEqual(Buffer.from('A'))
  })
})

test('a name of a million attributes', () => {
  const name = encode(TAG.sequence, flood('3100', MEGABYTE / 2))
  expect(() => readName(readWhole(name, 'der', TAG.sequence))).toThrow(
    expect.objectContaining({ code: 'TOO_MANY' }),
  )
})

test('evidence records of a million algorithms, chains, time-stamps', () => {
  const many = encode(TAG.sequence, flood('3000', MEGABYTE / 2))
  for (const parts of [
    [many, sequence()],
    [sequence(), many],
    [sequence(), sequence(many)],
  ])
    expect(() => readEvidenceRecord(sequence(integer(1), ...parts))).toThrow(/over \d+ elements/)
})

test('a token of a million digests, signers, parts of its accuracy', () => {
  const many = encode(TAG.set, flood('3000', MEGABYTE / 2))
  const shape = (...parts: readonly Uint8Array[]): Uint8Array =>
    sequence(oid(OID.signedData), tagged(0, sequence(integer(1), ...parts)))
  const data = sequence(oid(OID.data))
  expect(strictSignedData(shape(many, data, setOf()))).toMatch(/over 1 elements/)
  expect(strictSignedData(shape(setOf(), data, many))).toMatch(/over 1 elements/)
  const imprint = new Uint8Array(32)
  const info = sequence(
    integer(1),
    oid('1.2.3'),
    writeImprint('sha256', imprint),
    integer(1),
    generalizedTime(new Date(), true),
    encode(TAG.sequence, flood('0200', MEGABYTE / 2)),
  )
  const token = shape(setOf(), sequence(oid(OID.tstInfo), tagged(0, octetString(info))), setOf())
  expect(() => verifyToken(token, { imprint, hash: 'sha256', trust: pki().trust })).toThrow(/over 3 elements/)
})

test('a bag of CAs of one name, of which each could be the issuer', () => {
  const { user, intermediate, trust } = pki()
  // Without key identifiers only the signature tells them apart.
  const bare = (certificate: Certificate): Certificate => ({ ...certificate, subjectKeyId: undefined })
  const { subject } = intermediate.certificate
  const others = Array.from({ length: 40 }, () => bare({ ...makeRoot('x').certificate, subject }))
  const judge = (before: number) =>
    validatePath(user.certificate, {
      ...trust,
      intermediates: [...others.slice(0, before), bare(intermediate.certificate)],
      at: new Date(),
    })
  expect(judge(14)).toMatchObject({ ok: true })
  expect(judge(40)).toMatchObject({ ok: false, failure: 'BAD_SIGNATURE' })
})
