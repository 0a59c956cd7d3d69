import { describe, expect, test } from 'vitest'
import type { FileReport } from '../../../../evidence/index.ts'
import { verifyFile } from '../../../../evidence/verify/verify-file.ts'
import { Screen } from '../../../../scripts/kepctl/screen.ts'
import { linesOfAll } from '../../../../scripts/kepctl/verify-lines.ts'
import { html } from '../../../../scripts/kepctl/verify-report/html.ts'
import { reportPage } from '../../../../scripts/kepctl/verify-report/page.ts'
import { uncheckedIn } from '../../../../scripts/kepctl/verify-report/unchecked.ts'
import { dispatchOf, trustOptions, userMessage } from '../../../fakes/evidence.ts'
import { pki } from '../../../fakes/pki.ts'

const pageOf = (name: string, report: FileReport): string =>
  reportPage({
    files: [{ name, octets: 7, sha256: 'a'.repeat(64), sha512: 'b'.repeat(128), reports: [report] }],
    madeAt: '2026-11-22T10:00:00.000Z',
    validationTime: '2026-11-22T09:00:00.000Z',
    revocation: 'if-present',
    crls: 0,
    ocsps: 0,
    outdated: [],
    anchors: [
      { role: 'all', subject: 'CN=Kök', fingerprint: 'c'.repeat(64), notAfter: '2040-01-01T00:00:00.000Z' },
    ],
    program: 'OpenKEP',
  })

const dispatch = async (changes: Partial<FileReport['fields']> = {}) => {
  const octets = await dispatchOf(await userMessage('x'))
  const report = await verifyFile({ name: 'ileti.eml', octets }, trustOptions())
  return { ...report, fields: { ...report.fields, ...changes } }
}

test('names, times in both zones, algorithms, and by what it was judged', async () => {
  const report = await dispatch()
  const page = pageOf('ileti.eml', report)
  const stamped = report.timestamps[0]?.time ?? ''
  for (const told of [
    ...['Remmd ID', 'rem.1@hs98.kep.tr', 'Delil ID', report.fields.delilId, 'TOTAL-PASSED'],
    ...['XAdES B-T', 'CAdES B-T', pki().provider.certificate.serial, pki().tsa.certificate.fingerprint],
    ...[`${stamped} (UTC)`, '(Europe/Istanbul)', '2026-11-22 13:00:00', 'c'.repeat(64), 'Güvenilen kök'],
    ...['a'.repeat(64), 'b'.repeat(128)],
  ])
    expect(page).toContain(told)
})

test('what failed says why, in both languages', async () => {
  const octets = Buffer.from((await userMessage('xyz')).toString().replace('xyz', 'xyy'))
  const page = pageOf('x.eml', await verifyFile({ name: 'x.eml', octets }, trustOptions()))
  expect(page).toContain('HASH_FAILURE · CMS_DIGEST_MISMATCH')
  expect(page).toContain('İçerik imzalandıktan sonra değişmiş')
  expect(page).toContain('The content was changed after it was signed')
})

test('what is left open stands in the topmost box, and nothing where nothing is', async () => {
  const octets = await dispatchOf(await userMessage('x'))
  const top = (page: string): string => page.slice(page.indexOf('<h1>'), page.indexOf('<section'))
  const given = { name: 'x', octets }
  const lists = { ...trustOptions(), crls: [], revocation: 'if-present' } as const
  const page = top(pageOf('x', await verifyFile(given, lists)))
  expect(page).toContain('iptal durumu denetlenmedi; imzalayanın sağlayıcı olduğu denetlenmedi')
  expect(page).toContain('revocation was not checked; that a provider signed was not checked')
  const { anchors } = trustOptions()
  const roles = { ...trustOptions(), userAnchors: anchors, stampAnchors: anchors }
  expect(top(pageOf('x', await verifyFile(given, roles)))).not.toContain('denetlenmedi')
})

test('every finding is on the page', async () => {
  const octets = Buffer.from(
    Buffer.from(await userMessage('x'))
      .toString('latin1')
      .replaceAll('\r\n', '\n'),
    'latin1',
  )
  const page = pageOf('x.eml', await verifyFile({ name: 'x.eml', octets }, trustOptions()))
  expect(page).toContain('TOTAL-FAILED · HASH_FAILURE · LINE_ENDS')
  expect(page).toContain('TOTAL-FAILED · CMS_DIGEST_MISMATCH: İçerik imzalandıktan')
})

test('a status told before the signature is told', async () => {
  const report = await dispatch()
  const [first, ...more] = report.signatures
  const statusOf = new Date(Date.parse(first?.bestSignatureTime ?? '') - 60_000).toISOString()
  const old = { ...report, signatures: [{ ...first!, statusOf }, ...more] }
  expect(uncheckedIn(old).map(({ short }) => short?.en)).toContain('revocation was told before the signature')
  const signatures = report.signatures.map((one) => ({ ...one, statusOf: one.bestSignatureTime }))
  expect(uncheckedIn({ ...report, signatures }).map(({ short }) => short?.en)).not.toContain(
    'revocation was told before the signature',
  )
  const screen = new Screen(false)
  expect(linesOfAll([old], screen)[0]).toMatch(/TOTAL-PASSED — .*(?:told before|imzadan eski)/)
})

describe('strangers’ names', () => {
  const evil = `</td><script>alert(1)</script><img src=x onerror="a" title='b'>&amp;`

  test('are text, wherever they stand', async () => {
    const page = pageOf(
      evil,
      await dispatch({ konu: evil, alicilar: [evil], remmdId: evil, detayMesaji: evil }),
    )
    expect(page).not.toMatch(/<script|<img|onerror="/)
    expect(page.match(/&lt;script&gt;alert\(1\)/g)?.length).toBe(5)
  })

  test('cannot turn the direction of what follows, nor hide', async () => {
    const page = pageOf('x', await dispatch({ konu: 'a\u202egnp.exe\u2066\u200b\u0007\u2028' }))
    expect(page).toContain('<bdi>a\ufffdgnp.exe\ufffd\ufffd\ufffd\ufffd</bdi>')
  })

  test('of any length are cut, and it says so', async () => {
    const page = pageOf('x', await dispatch({ konu: 'ğ'.repeat(1_000_000) }))
    expect(page.length).toBeLessThan(60_000)
    expect(page).toContain('… (+998000)')
  })
})

test('nothing is fetched and nothing runs', async () => {
  const page = pageOf('x', await dispatch())
  expect(page).not.toMatch(
    /<(?:script|link|img|iframe|object|embed|form|base)\b|https?:|url\(|@import|javascript:| on\w+=/i,
  )
  expect(page).toContain("default-src 'none'")
  expect(page).toContain('@page { size: A4;')
})

test('a template escapes what it is not made of', () => {
  expect(html`<p>${['<', html`<b>${'&'}</b>`, undefined, 3]}</p>`.text).toBe('<p>&lt;<b>&amp;</b>3</p>')
})
