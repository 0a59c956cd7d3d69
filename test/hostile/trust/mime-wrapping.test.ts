/**
 * What a signature is about must be what the reader sees: parts around it, beside it, before and behind it, and headers that
 * two programs read otherwise. [RFC 1847 §2.1] [RFC 8551 §3.5]
 */
import { describe, expect, test } from 'vitest'
import { signedContent } from '../../../evidence/smime/signed-content.ts'
import { type OpenRange, readUserSignature } from '../../../evidence/smime/user-signature.ts'
import { verifyFile } from '../../../evidence/verify/verify-file.ts'
import { MimeIndexer } from '../../../mail/mime-index.ts'
import { dispatchOf, trustOptions, userMessage } from '../../fakes/evidence.ts'

const original = (await userMessage('Merhaba')).toString()
const [header = '', body = ''] = original.split('\r\n\r\n--u1\r\n')
/** The message as one entity, to be put into others. */
const ENTITY = original.slice(original.indexOf('Content-Type:'))

async function read(text: string) {
  const octets = Buffer.from(text)
  const indexer = new MimeIndexer()
  indexer.push(octets)
  const index = indexer.end()
  const open: OpenRange = async function* ({ start, end }) {
    yield octets.subarray(start, end)
  }
  const signature = await readUserSignature(index, undefined, open)
  const verdict =
    'report' in signature ? signature.report.signers.map(({ failure }) => failure ?? 'good').join() : ''
  const content = await signedContent(index, signature.form, open)
  const shown = content && octets.subarray(content.root.headerStart, content.root.bodyEnd).toString()
  return { form: signature.form, verdict, shown }
}
const around = (entity: string, type: string): string =>
  `From: a@hs98.kep.tr\r\nContent-Type: ${type}; boundary=w\r\n\r\n--w\r\nContent-Type: text/plain\r\n\r\nevil\r\n--w\r\n${entity}\r\n--w--\r\n`
const signedPart = body.slice(0, body.indexOf('\r\n--u1'))

describe('a signature that is not the outermost layer is none', () => {
  test.each([
    ['under multipart/mixed', around(ENTITY, 'multipart/mixed')],
    ['under multipart/alternative', around(ENTITY, 'multipart/alternative')],
    ['under multipart/related', around(ENTITY, 'multipart/related')],
    ['in a message', `From: a@hs98.kep.tr\r\nContent-Type: message/rfc822\r\n\r\n${original}`],
    [
      'behind another part of it',
      original.replace('--u1\r\n', '--u1\r\nContent-Type: text/plain\r\n\r\nevil\r\n--u1\r\n'),
    ],
    [
      'before another part of it',
      original.replace(/--u1--$/, '--u1\r\nContent-Type: text/plain\r\n\r\nevil\r\n--u1--'),
    ],
    [
      'twice',
      original.replace(/(--u1\r\nContent-Type: application\/x-pkcs7-signature.*)--u1--$/s, '$1$1--u1--'),
    ],
    [
      'before what it signs',
      original.replace(`--u1\r\n${signedPart}`, '').replace(/--u1--$/, `--u1\r\n${signedPart}\r\n--u1--`),
    ],
    [
      'called something else',
      original.replace('application/x-pkcs7-signature; name', 'application/octet-stream; name'),
    ],
    ['alone', original.replace(`--u1\r\n${signedPart}\r\n`, '')],
  ])('%s', async (_name, text) => {
    expect(text).not.toBe(original)
    expect(await read(text)).toMatchObject({ form: 'none', shown: undefined })
  })
})

describe('what stands outside of what is signed is not shown as signed', () => {
  test('as it is', async () => {
    expect(await read(original)).toEqual({ form: 'detached', verdict: 'good', shown: signedPart })
  })
  test.each([
    ['a preamble', original.replace('\r\n\r\n--u1\r\n', '\r\n\r\nevil\r\n--u1\r\n')],
    [
      'a preamble like a part',
      original.replace('\r\n\r\n--u1\r\n', '\r\n\r\nContent-Type: text/plain\r\n\r\nevil\r\n--u1\r\n'),
    ],
    ['an epilogue', `${original}\r\nevil`],
    ['an epilogue like a part', `${original}\r\n--u1\r\nContent-Type: text/plain\r\n\r\nevil\r\n--u1--`],
  ])('%s', async (_name, text) => {
    expect(await read(text)).toEqual({ form: 'detached', verdict: 'good', shown: signedPart })
  })
})

describe('octets that were signed and are no more: DIGEST_MISMATCH', () => {
  test.each([
    ['a field added', original.replace(`--u1\r\n${signedPart}`, `--u1\r\nX: y\r\n${signedPart}`)],
    ['a blank line less', original.replace('8bit\r\n\r\nMerhaba', '8bit\r\nMerhaba')],
    ['a line end more', original.replace('Merhaba\r\n--u1', 'Merhaba\r\n\r\n--u1')],
    ['LF for CRLF', original.replace('8bit\r\n\r\n', '8bit\n\n')],
    ['a fold', original.replace('text/plain; charset', 'text/plain;\r\n charset')],
    ['a space at the end of a line', original.replace('Merhaba', 'Merhaba ')],
    ['a delimiter inside', original.replace('Merhaba', 'Merhaba\r\n--u1--\r\nevil')],
  ])('%s', async (_name, text) => {
    expect(text).not.toBe(original)
    const { verdict, form } = await read(text)
    expect(form === 'none' ? 'none' : verdict).toMatch(/^(none|DIGEST_MISMATCH)$/)
  })
})

describe('headers that programs read otherwise', () => {
  const MIXED = 'Content-Type: multipart/mixed; boundary=u1\r\n'
  test('of two content types the first counts, for the signature and for what is shown', async () => {
    expect(await read(`${MIXED}${original}`)).toMatchObject({ form: 'none' })
    expect(await read(original.replace('\r\n\r\n--u1', `\r\n${MIXED}\r\n--u1`))).toMatchObject({
      verdict: 'good',
      shown: signedPart,
    })
  })
  test('of two boundaries the first counts', async () => {
    expect(await read(original.replace('boundary=u1', 'boundary=u1; boundary=u2'))).toMatchObject({
      verdict: 'good',
    })
    expect(await read(original.replace('boundary=u1', 'boundary=u2; boundary=u1'))).toMatchObject({
      form: 'none',
    })
  })
  test('a boundary that begins like another is another', async () => {
    const text = original.replace(
      '\r\n\r\n--u1\r\n',
      '\r\n\r\n--u10\r\nContent-Type: text/plain\r\n\r\nevil\r\n--u1\r\n',
    )
    expect(await read(text)).toMatchObject({ verdict: 'good', shown: signedPart })
  })
  test('folded, commented, in other letters', async () => {
    const text = original.replace(
      'Content-Type: multipart/signed; protocol',
      'CONTENT-TYPE :\r\n\tMultipart(x)/SIGNED;\r\n protocol',
    )
    expect(await read(text)).toMatchObject({ form: 'detached', verdict: 'good' })
  })
  test('a header that ends before its type', async () => {
    expect(
      await read(
        `${header.slice(0, header.indexOf('Content-Type'))}\r\n${original.slice(header.indexOf('Content-Type'))}`,
      ),
    ).toMatchObject({ form: 'none' })
  })
})

describe('a dispatch of ours', () => {
  const reason = async (octets: Buffer) =>
    (await verifyFile({ name: 'x.eml', octets }, trustOptions())).reason
  test.each<[string, (text: string) => string, string]>([
    ['a field in front', (text) => `Subject: evil\r\n${text}`, 'UNSIGNED_OCTETS'],
    [
      'a second content type',
      (text) =>
        text.replace('\r\nMIME-Version: 1.0\r\n', '\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n'),
      'MESSAGE_NOT_SIGNED',
    ],
    ['a preamble', (text) => text.replace('\r\n\r\n--', '\r\n\r\nevil\r\n--'), 'UNSIGNED_OCTETS'],
    ['an epilogue', (text) => `${text}evil\r\n`, 'UNSIGNED_OCTETS'],
    [
      'inside another message',
      (text) => `From: a@b\r\nContent-Type: message/rfc822\r\n\r\n${text}`,
      'MESSAGE_NOT_SIGNED',
    ],
    [
      'beside another part',
      (text) => around(text.slice(text.indexOf('Content-Type: multipart/signed')), 'multipart/mixed'),
      'MESSAGE_NOT_SIGNED',
    ],
  ])('%s: %s', async (_name, bend, expected) => {
    const text = (await dispatchOf(Buffer.from(original))).toString('latin1')
    expect(await reason(Buffer.from(text, 'latin1'))).toBeUndefined()
    expect(await reason(Buffer.from(bend(text), 'latin1'))).toBe(expected)
  })
})
