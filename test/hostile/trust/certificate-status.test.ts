/** Attacks on the way to a certificate's status: what certificates and their servers could make us do or believe. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CertificateValidator } from '../../../evidence/status/certificate-validator.ts'
import { Web, type WebFailure } from '../../../evidence/status/web.ts'
import { issueCrl } from '../../../evidence/x509/issue.ts'
import { answerStatus } from '../../../evidence/x509/ocsp-status.ts'
import { systemClock } from '../../../mail/clock.ts'
import { authorityInfoAccess } from '../../fakes/crl-parts.ts'
import { answer, delegate, nonceExtension, readOcspRequest } from '../../fakes/ocsp-responder.ts'
import { daysFromNow, freshCrl, makeKey, makeRoot, pki } from '../../fakes/pki.ts'
import { statusSource } from '../../fakes/status-source.ts'
import { octets, startWebServer, type WebServer } from '../../fakes/web-server.ts'

const { root, intermediate } = pki()
let server: WebServer
beforeAll(async () => {
  server = await startWebServer({
    '/root.crl': octets(freshCrl(root)),
    '/ok': octets(Buffer.from('ok')),
    '/to-private': (response) => void response.writeHead(302, { Location: server.url('/ok') }).end(),
    '/huge': (response) => {
      response.writeHead(200, { 'Content-Length': String(2 ** 30) })
      response.write('x')
    },
    '/endless': (response) => {
      const write = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        if (!response.destroyed) response.once('drain', write)
      }
      write()
    },
    '/drip': (response) => {
      const timer = setInterval(() => response.write('x'), 5)
      response.on('close', () => clearInterval(timer))
    },
    '/garbage': octets(Buffer.from('<html>')),
    '/declared': octets(Uint8Array.of(0x30, 0x84, 0x40, 0, 0, 0, 0x0a, 1, 0)),
  })
})
afterAll(() => server[Symbol.asyncDispose]())

const at = (address: string) => async () => [{ address, family: 4 }]
const failure = async (web: Web, url: string, timeoutMs = 5000): Promise<WebFailure | 'fetched'> =>
  web.fetch({ url, maxOctets: 1_000_000, timeoutMs }).then(
    () => 'fetched' as const,
    (error) => error.code,
  )
const web = (given: Partial<ConstructorParameters<typeof Web>[0]> = {}): Web =>
  new Web({ clock: systemClock, privateHosts: () => [], ...given })
const open = () => web({ privateHosts: () => ['127.0.0.1'] })

describe('a certificate that names a door in our own network', () => {
  test.each([
    ['loopback', '127.0.0.1'],
    ['loopback as one number', '2130706433'],
    ['loopback in hex', '0x7f000001'],
    ['loopback, short', '127.1'],
    ['IPv6 loopback', '[::1]'],
    ['IPv4 inside IPv6', '[::ffff:127.0.0.1]'],
    ['cloud metadata', '169.254.169.254'],
    ['a zone', '[fe80::1]'],
  ])('%s', async (_name, host) => {
    const before = server.asked.length
    expect(await failure(web(), `http://${host}:${server.port}/ok`)).toBe('PRIVATE_ADDRESS')
    expect(server.asked.length).toBe(before)
  })
  test('a name that leads there', async () => {
    const before = server.asked.length
    const url = server.url('/ok', 'crl.example')
    expect(await failure(web({ resolve: at('127.0.0.1') }), url)).toBe('PRIVATE_ADDRESS')
    expect(await failure(web({ resolve: at('10.0.0.1') }), url)).toBe('PRIVATE_ADDRESS')
    expect(await failure(web({ resolve: async () => [] }), url)).toBe('PRIVATE_ADDRESS')
    expect(server.asked.length).toBe(before)
  })
  test('other schemes are none', async () => {
    for (const url of ['file:///etc/passwd', 'ldap://x/', 'ftp://x/', 'nothing'])
      expect(await failure(web(), url)).toBe('BAD_URL')
  })
  test('what the operator names is asked', async () => {
    expect(await failure(open(), server.url('/ok'))).toBe('fetched')
    const named = web({ privateHosts: () => ['crl.example'], resolve: at('127.0.0.1') })
    expect(await failure(named, server.url('/ok', 'CRL.example'))).toBe('fetched')
    const byAddress = web({ privateHosts: () => ['127.0.0.1'], resolve: at('127.0.0.1') })
    expect(await failure(byAddress, server.url('/ok', 'any.example'))).toBe('fetched')
  })
})

describe('DNS rebinding to 127.0.0.1', () => {
  test('a name is asked once, and the connection goes to the address that was checked', async () => {
    await using allowed = await startWebServer({ '/ok': octets(Buffer.from('ok')) }, '127.0.0.2')
    const answers = ['127.0.0.2', '127.0.0.1', '127.0.0.1']
    let asked = 0
    const rebinding = web({
      privateHosts: () => ['127.0.0.2'],
      resolve: async () => [{ address: answers[asked++] ?? '127.0.0.1', family: 4 }],
    })
    expect(await failure(rebinding, allowed.url('/ok', 'rebind.example'))).toBe('fetched')
    expect([asked, allowed.asked]).toEqual([1, ['GET /ok']])
    expect(await failure(rebinding, allowed.url('/ok', 'rebind.example'))).toBe('PRIVATE_ADDRESS')
  })
  test('of several addresses only those that may be are used', async () => {
    await using allowed = await startWebServer({ '/ok': octets(Buffer.from('ok')) }, '127.0.0.2')
    const both = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }))
    const mixed = web({ privateHosts: () => ['127.0.0.2'], resolve: async () => both })
    expect(await failure(mixed, allowed.url('/ok', 'mixed.example'))).toBe('fetched')
    expect(allowed.asked).toEqual(['GET /ok'])
  })
})

describe('a server that means harm', () => {
  test('a redirect to a private address is not followed', async () => {
    const before = server.asked.length
    expect(await failure(open(), server.url('/to-private'))).toBe('HTTP_STATUS')
    expect(server.asked.slice(before)).toEqual(['GET /to-private'])
  })
  test('1 GB announced, and no end at all', async () => {
    expect(await failure(open(), server.url('/huge'))).toBe('TOO_LARGE')
    expect(await failure(open(), server.url('/endless'))).toBe('TOO_LARGE')
  })
  test('a slow drip meets one deadline, and the address is left alone after it', async () => {
    const patient = open()
    expect(await failure(patient, server.url('/drip'), 100)).toBe('TIMEOUT')
    const before = server.asked.length
    expect(await failure(patient, server.url('/drip'))).toBe('RESTING')
    expect(server.asked.length).toBe(before)
    expect(await failure(patient, server.url('/ok'))).toBe('fetched')
  })
  test('a name server that never answers', async () => {
    const silent = web({ resolve: () => new Promise(() => {}) })
    expect(await failure(silent, 'http://silent.example/', 50)).toBe('TIMEOUT')
  })
})

describe('answers that are not the responder’s', () => {
  const holder = pki().issue({ kind: 'user', email: 'a@hs98.kep.tr' })
  const certificate = holder.certificate
  const issuer = intermediate.certificate
  const judge = (der: Uint8Array): string => {
    const status = answerStatus(der, { certificate, issuer, at: new Date(), crls: pki().crls })
    return status.status === 'unknown' ? status.code : status.status
  }
  const singles = [{ certificate }]
  const random = { certificate: issuer, key: makeKey('p256').privateKey }
  const through = (signer: typeof holder | typeof random) =>
    answer({ issuer: intermediate, singles, signer, certificates: [signer.certificate] })
  const bent = answer({ issuer: intermediate, singles })
  bent[bent.length - 1]! ^= 1
  const old = { certificate, thisUpdate: daysFromNow(-30), nextUpdate: daysFromNow(-23) }

  test.each([
    { name: 'forged by a random key', der: through(random), code: 'OCSP_SIGNATURE' },
    {
      name: 'forged and long expired',
      der: answer({ issuer: intermediate, singles: [old], signer: random }),
      code: 'OCSP_SIGNATURE',
    },
    {
      name: 'genuine, but expired',
      der: answer({ issuer: intermediate, singles: [old] }),
      code: 'OCSP_EXPIRED',
    },
    {
      name: 'good for another serial',
      der: answer({ issuer: intermediate, singles: [{ certificate: pki().tls.certificate }] }),
      code: 'OCSP_OTHER_CERTIFICATE',
    },
    {
      name: 'the same serial of another CA',
      der: answer({ issuer: makeRoot('x'), singles }),
      code: 'OCSP_OTHER_CERTIFICATE',
    },
    { name: 'signed by an account holder of the same CA', der: through(pki().user), code: 'OCSP_RESPONDER' },
    { name: 'signed by the certificate in question', der: through(holder), code: 'OCSP_RESPONDER' },
    {
      name: 'a delegate without the purpose',
      der: through(pki().tls),
      code: 'OCSP_RESPONDER',
    },
    {
      name: 'a delegate whose certificate names the CA and was signed by a random key',
      der: through(delegate(pki(), { issuer: random })),
      code: 'OCSP_RESPONDER',
    },
    {
      name: 'a delegate of another CA',
      der: through(delegate(pki(), { issuer: makeRoot('x') })),
      code: 'OCSP_RESPONDER',
    },
    { name: 'one bit of the signature turned', der: bent, code: 'OCSP_SIGNATURE' },
    {
      name: 'octets after the end',
      der: Buffer.concat([answer({ issuer: intermediate, singles }), Buffer.of(0)]),
      code: 'OCSP_MALFORMED',
    },
    {
      name: '1 GB declared',
      der: Uint8Array.of(0x30, 0x84, 0x40, 0, 0, 0, 0x0a, 1, 0),
      code: 'OCSP_MALFORMED',
    },
    {
      name: '65 answers',
      der: answer({ issuer: intermediate, singles: Array.from({ length: 65 }, () => ({ certificate })) }),
      code: 'OCSP_MALFORMED',
    },
    {
      name: 'more octets than any answer has',
      der: answer({ issuer: intermediate, singles, extensions: [nonceExtension(Buffer.alloc(70_000))] }),
      code: 'OCSP_MALFORMED',
    },
    { name: 'nothing', der: new Uint8Array(), code: 'OCSP_MALFORMED' },
  ])('$name: $code', ({ der, code }) => expect(judge(der)).toBe(code))

  test('any bit turned is never good', () => {
    const whole = answer({ issuer: intermediate, singles, byName: true })
    for (let position = 0; position < whole.length; position++) {
      const turned = Uint8Array.from(whole)
      turned[position]! ^= 1 << (position % 8)
      expect(judge(turned), `octet ${position}`).not.toBe('good')
    }
  })
})

describe('a responder and lists that the validator asks', () => {
  const validate = async (path: string, more: { crlUrl?: string; trusted?: boolean } = {}) => {
    const failures: string[] = []
    const holder = pki().issue(
      { kind: 'user', email: 'a@hs98.kep.tr' },
      {
        crlUrl: more.crlUrl ?? null,
        extensions: [authorityInfoAccess({ ocsp: server.url(path) })],
        ...(more.trusted === false ? { issuer: makeRoot('nobody') } : {}),
      },
    )
    server.handlers.set('/replayed', (response, body) => {
      const { nonce } = readOcspRequest(body)
      const other = Uint8Array.from(nonce!)
      other[0]! ^= 1
      const extensions = [nonceExtension(other)]
      response.end(
        answer({ issuer: intermediate, singles: [{ certificate: holder.certificate }], extensions }),
      )
    })
    const validator = new CertificateValidator({
      anchors: [root.certificate],
      status: statusSource({ onFailure: (kind, _url, error) => failures.push(`${kind} ${error.message}`) }),
      furtherLists: [server.url('/root.crl')],
    })
    const before = server.asked.length
    const result = await validator.validate(holder.certificate, {
      intermediates: [intermediate.certificate],
      at: new Date(),
      revocation: 'require',
    })
    return { result, failures, asked: server.asked.slice(before) }
  }
  test.each([
    ['a replayed nonce', '/replayed', /OCSP_NONCE/],
    ['garbage', '/garbage', /MALFORMED_OCSP/],
    ['1 GB declared', '/declared', /MALFORMED_OCSP/],
    ['1 GB announced', '/huge', /TOO_LARGE/],
    ['a redirect', '/to-private', /HTTP_STATUS/],
  ])('%s is no answer', async (_name, path, failed) => {
    const { result, failures } = await validate(path)
    expect(result).toMatchObject({ ok: false, failure: 'REVOCATION_UNKNOWN' })
    expect(failures[0]).toMatch(failed)
  })
  test('a list of another issuer, and one cut short', async () => {
    server.handlers.set('/other.crl', octets(freshCrl(makeRoot('other'))))
    const other = await validate('/garbage', { crlUrl: server.url('/other.crl') })
    expect(other.result.ok ? '' : other.result.detail).toContain('CRL_NONE')
    server.handlers.set('/cut.crl', octets(freshCrl(intermediate).subarray(0, 100)))
    const cut = await validate('/garbage', { crlUrl: server.url('/cut.crl') })
    expect(cut.failures.join()).toContain('MALFORMED_CRL')
  })
  test('nothing is asked for a certificate that no anchor stands behind', async () => {
    const { result, asked } = await validate('/replayed', { trusted: false })
    expect(result.ok).toBe(false)
    expect(asked).toEqual([])
  })
  test('a list that names a delta is followed only under the issuer’s signature', async () => {
    const { freshestCrl } = await import('../../fakes/crl-parts.ts')
    const forged = issueCrl({
      issuer: { certificate: intermediate.certificate, key: makeKey('p256').privateKey },
      number: 1,
      thisUpdate: daysFromNow(-0.1),
      nextUpdate: daysFromNow(1),
      revoked: [],
      extensions: [freshestCrl(server.url('/delta.crl'))],
    })
    server.handlers.set('/forged.crl', octets(forged))
    const { asked } = await validate('/garbage', { crlUrl: server.url('/forged.crl') })
    expect(asked).toContain('GET /forged.crl')
    expect(asked).not.toContain('GET /delta.crl')
  })
})
