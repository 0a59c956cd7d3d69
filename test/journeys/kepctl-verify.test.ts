import { hash } from 'node:crypto'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signDetached, signEnclosed } from '../../evidence/index.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { signedEvidence, userMessage } from '../fakes/evidence.ts'
import { kepctl } from '../fakes/kepctl.ts'
import { pki } from '../fakes/pki.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const folder = new TemporaryFolder()
const ca = folder.file('ca.pem')
const put = (name: string, octets: Uint8Array | string): string => {
  writeFileSync(folder.file(name), octets)
  return folder.file(name)
}
const verify = (...args: string[]) => kepctl(['verify', ...args, '--trust', ca])
const turkish = (...args: string[]) => kepctl(['verify', ...args, '--trust', ca], { language: 'tr_TR.UTF-8' })
const detached = async (content: string) =>
  await signDetached({
    digest: hash('sha256', content, 'buffer'),
    signer: pki().user.signer,
    signingTime: new Date(),
  })
const errorsOf = (err: string): { error: { code: string; message: string } }[] =>
  err
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

beforeAll(async () => {
  const anchors = [pki().root, pki().intermediate].map(({ certificate }) => certificate.der)
  writeFileSync(ca, anchors.map((der) => toPem('CERTIFICATE', der)).join(''))
  put('good.xml', await signedEvidence(Buffer.from('x')))
})
afterAll(() => folder[Symbol.dispose]())
const good = () => folder.file('good.xml')

describe('what cannot be looked at: exit 3, a code, and the results of the others', () => {
  test('a file that is not there, beside one that is', async () => {
    const ran = await verify(good(), folder.file('missing.xml'), '--json')
    expect(ran.code).toBe(3)
    expect(JSON.parse(ran.out)).toMatchObject([{ verdict: 'TOTAL-PASSED' }])
    expect(errorsOf(ran.err)).toMatchObject([{ error: { code: 'NO_SUCH_FILE' } }])
    expect((await turkish(folder.file('missing.xml'))).err).toContain('böyle bir dosya yok')
  })

  test('what is no plain file, and a folder that is no pack', async () => {
    mkdirSync(folder.file('no-pack'))
    const codes = async (...args: string[]) => {
      const { code, err } = await verify(...args, '--json')
      return [code, errorsOf(err)[0]?.error.code]
    }
    expect(await codes('/dev/zero')).toEqual([3, 'NOT_A_FILE'])
    expect(await codes(folder.file('no-pack'))).toEqual([3, 'NOT_A_PACK'])
    expect(await codes(good(), '--crl', folder.file('no.crl'))).toEqual([3, 'NO_SUCH_FILE'])
    expect(await codes(good(), '--content', folder.file('none'))).toEqual([3, 'NO_SUCH_FILE'])
    const { code, err } = await kepctl(['verify', good(), '--trust', folder.file('no.pem'), '--json'])
    expect([code, errorsOf(err)[0]?.error.code]).toEqual([3, 'NO_SUCH_FILE'])
  })

  test('content that is there and cannot be read is not missing', async () => {
    symlinkSync('loop.txt', folder.file('loop.txt'))
    const ran = await verify(put('loop.txt.p7s', await detached('belge')), '--json')
    expect(ran.code).toBe(3)
    expect(errorsOf(ran.err)).toMatchObject([{ error: { code: 'NOT_READABLE' } }])
    const signing = { signer: pki().user.signer, signingTime: new Date() }
    const around = put('loop.txt.p7s', await signEnclosed(Buffer.from('belge'), signing))
    expect(await verify(around)).toMatchObject({ code: 0, err: '' })
  })
})

describe('no option is passed over', () => {
  test.each([
    ['--at 2026-02-30', 'takvim'],
    ['--at 2026-13-01', 'takvim'],
    ['--outdated sha256=2040-01-01', 'klasör'],
    ['--outdated sha256=2040-02-30', 'takvim'],
    ['--proved-by .', 'klasör'],
    ['--content CA', '--content yalnız'],
    ['--ocsp CA', 'OCSP yanıtı değil'],
    ['--crl CA', 'iptal listesi değil'],
  ])('%s', async (line, told) => {
    const options = line.split(' ').map((word) => (word === 'CA' ? ca : word))
    const english = await verify(good(), ...options)
    expect(english).toMatchObject({ code: 2, out: '' })
    expect((await turkish(good(), ...options)).err).toContain(told)
  })

  test('--content counts for any name of a signature, and for one', async () => {
    const content = put('asil.txt', 'belge')
    const signature = put('belge.sig', await detached('belge'))
    expect(await verify(signature, '--content', content)).toMatchObject({ code: 0 })
    expect(await verify(signature, signature, '--content', content)).toMatchObject({ code: 2 })
    expect(await verify(folder.path, '--content', content)).toMatchObject({ code: 2 })
    put('BUYUK', 'belge')
    expect(await verify(put('BUYUK.P7S', await detached('belge')))).toMatchObject({ code: 0 })
  })

  test('wrong use with --json is one line of JSON', async () => {
    for (const line of [
      ['verify', '--json'],
      ['verify', good(), '--json', '--nonsense'],
      ['--json', 'none'],
    ]) {
      const ran = await kepctl(line)
      expect(ran).toMatchObject({ code: 2, out: '' })
      expect(errorsOf(ran.err)).toMatchObject([{ error: { code: 'USAGE' } }])
    }
  })
})

describe('what the screen says', () => {
  test('what is left open stands beside the verdict', async () => {
    const { out } = await verify(good())
    expect(out).toMatch(
      /^Doğrulama: TOTAL-PASSED — revocation was not checked; that a provider signed was not/,
    )
    const lists = pki().crls.map((list, index) => put(`list${index}.crl`, list))
    const crls = lists.flatMap((file) => ['--crl', file])
    const whole = await kepctl(
      ['verify', good(), ...['providers', 'users', 'tsas'].flatMap((role) => [`--${role}`, ca]), ...crls],
      {},
    )
    expect(whole.code).toBe(0)
    expect(whole.out).not.toContain('not checked')
  })

  test('why it does not pass, in the language of who asks, with detail', async () => {
    const changed = put('x.eml', (await userMessage('xyz')).toString().replace('xyz', 'xyy'))
    const english = (await verify(changed)).out
    expect(english.split('\n').slice(0, 2)).toEqual([
      'Doğrulama: TOTAL-FAILED (HASH_FAILURE, CMS_DIGEST_MISMATCH)',
      '  CMS_DIGEST_MISMATCH: The content was changed after it was signed, or the signature belongs to another one; ask for the original.',
    ])
    expect(english).toContain('  -- ')
    expect((await turkish(changed)).out).toContain(
      '  CMS_DIGEST_MISMATCH: İçerik imzalandıktan sonra değişmiş',
    )
  })

  test('times say their zone', async () => {
    const { out } = await verify(good())
    const times = out.match(/\d{4}-\d\d-\d\d.\d\d:\d\d:\d\d.{0,16}/g) ?? []
    expect(times.length).toBeGreaterThan(2)
    expect(times.filter((one) => !one.endsWith(' Europe/Istanbul'))).toEqual([])
  })

  test('an opaque signature with a file beside it', async () => {
    const cms = await signEnclosed(Buffer.from('belge'), {
      signer: pki().user.signer,
      signingTime: new Date(),
    })
    const file = put('op.p7s', cms)
    put('op', 'belge')
    expect(await verify(file)).toMatchObject({ code: 0 })
    expect((await verify(file)).out).toContain('the same as what is inside')
    put('op', 'baska')
    expect((await verify(file)).out).toContain('CONTENT_DIFFERS')
  })

  test('names cannot speak to the terminal, in text or in JSON', async () => {
    const name = 'a\u0085\u200f\u061c\u202e\u2066\u2028.xml'
    const file = put(name, '<x/>')
    const text = (await verify(file)).out
    expect(text).not.toMatch(/[\x80-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/)
    const { out } = await verify(file, '--json')
    expect(out).not.toMatch(/[\x80-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/)
    expect(JSON.parse(out)[0].file).toBe(name)
  })

  test('help tells the exit codes', async () => {
    const { code, out } = await kepctl(['help', 'verify'])
    expect(code).toBe(0)
    expect(out).toContain('3 a file that was named could not be looked at')
    expect((await kepctl(['verify', '--help'])).out).toBe(out)
  })
})
