import { createHash, hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { composeEnvelope } from '../../../../evidence/envelope/compose.ts'
import { verifyFile } from '../../../../evidence/verify/verify-file.ts'
import { readHeader } from '../../../../mail/header-read.ts'
import { MimeIndexer } from '../../../../mail/mime-index.ts'
import { dispatchOf, receiptFor, signedEvidence, trustOptions, userMessage } from '../../../fakes/evidence.ts'
import { pki } from '../../../fakes/pki.ts'

const index = (octets: Buffer) => {
  const indexer = new MimeIndexer()
  indexer.push(octets)
  return indexer.end().root
}
const verify = (octets: Buffer) => verifyFile({ name: 'x.eml', octets }, trustOptions())

describe('dispatch [TS 102 640-2 §4]', () => {
  test.each([
    ['7bit', 'Merhaba'],
    ['8bit', 'Şöyle böyle'],
    ['with the look of boundaries', '--u2\r\n--=_kep_00\r\n.\r\nFrom x'],
  ])('the original goes through untouched: %s', async (_name, body) => {
    const original = await userMessage(body)
    const dispatch = await dispatchOf(original)
    const root = index(dispatch)
    const [mixed, signature] = root.children
    expect(mixed?.children.map(({ type, subtype }) => `${type}/${subtype}`)).toEqual([
      'multipart/alternative',
      'message/rfc822',
      'application/xml',
    ])
    expect(`${signature?.type}/${signature?.subtype}`).toBe('application/pkcs7-signature')
    const part = mixed!.children[1]!
    expect(dispatch.subarray(part.bodyStart, part.bodyEnd).equals(original)).toBe(true)
    expect(part.encoding).toBe(original.some((octet) => octet > 127) ? '8bit' : '7bit')
    expect(mixed?.children[2]?.params.get('name')).toBe('SubmissionAcceptanceRejection.xml')
    const report = await verify(dispatch)
    expect(report).toMatchObject({ verdict: 'TOTAL-PASSED', kind: 'dispatch', revocation: 'checked' })
    expect(report.signatures.map(({ role }) => role)).toEqual(['envelope', 'evidence', 'user'])
    expect(report.timestamps).toHaveLength(2)
    expect(report.fields).toMatchObject({
      remmdId: '<rem.1@hs98.kep.tr>',
      alicilar: ['deneme.alici@hs98.kep.tr', 'ikinci@hs99.kep.tr'],
    })
  })

  test('header', async () => {
    const dispatch = await dispatchOf(await userMessage('x'))
    const fields = new Map(readHeader(dispatch).map(({ name, value }) => [name, value]))
    expect(fields.get('From')).toMatch(/ <kep@hs98\.kep\.tr>$/)
    expect(fields.get('Reply-To')).toMatch(/ <deneme\.gonderen@hs98\.kep\.tr>$/)
    expect(fields.get('Message-ID')).toBe('<rem.1@hs98.kep.tr>')
    expect(fields.get('References')).toBe('<0@istemci.example> <1@istemci.example>')
    expect(fields.get('X-TR-REM-iletiTip')).toBe('standart')
    expect(fields.get('X-REM-Evidence-Type')).toBe('SubmissionAcceptanceRejection')
    for (const line of dispatch.toString('latin1').split('\r\n')) expect(line.length).toBeLessThanOrEqual(998)
    const html = dispatch
      .toString('latin1')
      .split('Content-Type: text/html')[1]
      ?.split('--=_kep')[0]
      ?.replaceAll('=\r\n', '')
    expect(html).toContain('&lt;script&gt;')
    expect(html).not.toMatch(/<script|src=3D|href=3D|url\(|https?:/)
  })

  test('a changed original is no dispatch', async () => {
    const original = await userMessage('x')
    const other = Buffer.from(original)
    other[other.length - 1]! ^= 1
    const evidence = await signedEvidence(other)
    await expect(dispatchOf(original, evidence).then(verify)).resolves.toMatchObject({
      verdict: 'TOTAL-FAILED',
      subIndication: 'HASH_FAILURE',
      reason: 'DIGEST_MISMATCH',
    })
  })

  test('an original that is not what was evidenced is not sent to its end', async () => {
    const pieces = composeEnvelope({
      header: 'Subject: x\r\n',
      introduction: { title: 'x', text: 'x', rows: [] },
      sectionHeader: 'X-REM-Section-Type',
      evidence: [],
      signer: pki().provider.signer,
      signingTime: new Date(),
      original: {
        size: 1,
        eightBit: false,
        digest: { hash: 'sha256', value: hash('sha256', 'a', 'buffer') },
        async *open() {
          yield Buffer.from('b')
        },
      },
    })
    await expect(Array.fromAsync(pieces)).rejects.toMatchObject({ code: 'ORIGINAL_CHANGED' })
  })

  test('a large original passes in pieces, never whole', async () => {
    const piece = Buffer.alloc(65_536, 'x'.repeat(62) + '\r\n')
    const digest = createHash('sha256')
    for (let n = 0; n < 320; n++) digest.update(piece)
    const pieces = composeEnvelope({
      header: 'Subject: x\r\n',
      introduction: { title: 'x', text: 'x', rows: [] },
      sectionHeader: 'X-REM-Section-Type',
      evidence: [],
      signer: pki().provider.signer,
      signingTime: new Date(),
      original: {
        size: 320 * piece.length,
        eightBit: false,
        digest: { hash: 'sha256', value: digest.digest() },
        async *open() {
          for (let n = 0; n < 320; n++) yield piece
        },
      },
    })
    let same = 0
    let largest = 0
    for await (const out of pieces) {
      if (out === piece) same++
      largest = Math.max(largest, out.length)
    }
    expect([same, largest]).toEqual([320, piece.length])
  })
})

describe('receipt', () => {
  test('header and verdict', async () => {
    const receipt = await receiptFor(await userMessage('x'))
    const fields = new Map(readHeader(receipt).map(({ name, value }) => [name, value]))
    expect(fields.get('In-Reply-To')).toBe('<1@istemci.example>')
    expect(fields.get('Message-ID')).toBe('<receipt.1@hs98.kep.tr>')
    expect(fields.get('Auto-Submitted')).toBe('auto-generated')
    expect(await verify(receipt)).toMatchObject({ verdict: 'TOTAL-PASSED', kind: 'receipt' })
  })
})

describe('what lies outside the signed part', () => {
  const attacks: [string, (text: string) => string, string | undefined][] = [
    ['trace fields in front', (t) => `Received: from a\r\n by b\r\nReturn-Path: <>\r\n${t}`, undefined],
    ['another field in front', (t) => `X-Note: a\r\n${t}`, 'UNSIGNED_OCTETS'],
    ['a second Subject', (t) => `Subject: Vazgeç\r\n${t}`, 'UNSIGNED_OCTETS'],
    ['a field removed', (t) => t.replace(/^Reply-To:.*\r\n/m, ''), 'UNSIGNED_OCTETS'],
    ['an epilogue', (t) => `${t}Ek not\r\n`, 'UNSIGNED_OCTETS'],
    ['a preamble', (t) => t.replace('\r\n\r\n--=_kep', '\r\n\r\nnot\r\n--=_kep'), 'UNSIGNED_OCTETS'],
    ['another To', (t) => t.replace('To: <deneme.alici', 'To: <baska'), 'UNSIGNED_OCTETS'],
  ]
  test.each(attacks)('%s', async (_name, attack, expected) => {
    const text = (await dispatchOf(await userMessage('x'))).toString('latin1')
    const report = await verify(Buffer.from(attack(text), 'latin1'))
    expect(report.reason).toBe(expected)
  })
})
