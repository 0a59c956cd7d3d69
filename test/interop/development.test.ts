/** What the development provider and kepctl write, read by openssl, xmlsec1 and xmllint. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signerFromPkcs12 } from '../../evidence/index.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { systemClock } from '../../mail/clock.ts'
import { signedMessage } from '../../scripts/kepctl/signed-message.ts'
import { type Authority, startAuthority } from '../../server/development/authority.ts'
import { developmentFiles } from '../../server/development/files.ts'
import { ensureDevelopmentPki } from '../../server/development/pki.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { archiveMessage } from '../fakes/archived-message.ts'
import { kepctl } from '../fakes/kepctl.ts'
import { pki } from '../fakes/pki.ts'
import { OpensslFolder } from './openssl.ts'

const run = promisify(execFile)
const schemas = process.env['OPENKEP_SCHEMAS']
const folder = new OpensslFolder()
const files = developmentFiles(folder.path)
const ca = files.authority.certificate
let authority: Authority

beforeAll(async () => {
  await ensureDevelopmentPki(folder.path, { domain: 'hs98.kep.tr', clock: systemClock })
  authority = await startAuthority(folder.path, { port: 0, host: '127.0.0.1', clock: systemClock })
})
afterAll(async () => {
  await authority[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

const ADDRESSES = ['deneme.gonderen@hs98.kep.tr', 'deneme.alici@hs98.kep.tr']

describe('openssl', () => {
  test.each(ADDRESSES)('opens the .p12 of %s', (address) => {
    const out = folder.run('pkcs12', '-in', files.user(address).p12, '-passin', 'pass:deneme', '-nodes')
    expect(out).toContain('BEGIN PRIVATE KEY')
    expect(out.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
  })

  test('every certificate leads to ca.pem, also with the list that the authority serves', async () => {
    const crl = folder.write('ca.crl', Buffer.from(await (await fetch(authority.urls.crl)).arrayBuffer()))
    folder.run('crl', '-inform', 'DER', '-in', crl, '-CAfile', ca, '-out', folder.file('crl.pem'))
    const leaves = [files.provider, files.tsa, files.tls, ...ADDRESSES.map((address) => files.user(address))]
    for (const { certificate } of leaves)
      expect(
        folder.run('verify', '-CAfile', ca, '-CRLfile', folder.file('crl.pem'), '-crl_check', certificate),
      ).toContain('OK')
  })

  test('asks the TSA and believes its token', async () => {
    folder.write('data', 'veri')
    folder.run('ts', '-query', '-data', folder.file('data'), '-sha256', '-cert', '-out', folder.file('q.tsq'))
    const response = await fetch(authority.urls.tsa, {
      method: 'POST',
      headers: { 'Content-Type': 'application/timestamp-query' },
      body: folder.read('q.tsq'),
    })
    folder.write('r.tsr', Buffer.from(await response.arrayBuffer()))
    const [query, reply] = [folder.file('q.tsq'), folder.file('r.tsr')]
    expect(folder.run('ts', '-verify', '-queryfile', query, '-in', reply, '-CAfile', ca)).toBeDefined()
  })

  test.each(['127.0.0.1', '::1', 'localhost', 'hs98.kep.tr'])(
    'the TLS certificate is for %s',
    async (name) => {
      const { key, certificate } = files.tls
      const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) })
      server.on('tlsClientError', () => {})
      await once(server.listen(0, '127.0.0.1'), 'listening')
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      const named = /^[\d.:]+$/.test(name) ? ['-verify_ip', name] : ['-verify_hostname', name]
      const { stdout } = await run('sh', [
        '-c',
        `openssl s_client -connect 127.0.0.1:${port} -CAfile "$0" -verify_return_error "$@" < /dev/null`,
        ca,
        ...named,
      ])
      expect(stdout).toContain('Verify return code: 0')
      server.close()
    },
  )

  test.each(ADDRESSES)('verifies a message that kepctl signs with the key of %s', async (address) => {
    const signer = signerFromPkcs12(readFileSync(files.user(address).p12), 'deneme', { hash: 'sha256' })
    const message = await signedMessage(
      {
        from: { address },
        to: [{ address: 'deneme.alici@hs98.kep.tr' }],
        cc: [],
        subject: 'Deneme',
        body: 'çğışöü\n',
        attachments: [{ name: 'ek ışık.bin', octets: Buffer.alloc(5000, 1) }],
        date: new Date(),
        messageId: '<1@hs98.kep.tr>',
      },
      signer,
    )
    folder.write('message.eml', message)
    const verify = ['cms', '-verify', '-in', folder.file('message.eml'), '-CAfile', ca, '-purpose', 'any']
    expect(folder.run(...verify)).toContain('multipart/mixed')
  })
})

describe('exported evidence', () => {
  const out = folder.file('out')
  beforeAll(async () => {
    {
      await using store = await openSqliteStore(folder.file('store'), Date.now())
      await archiveMessage(store)
    }
    const { code } = await kepctl(['evidence', 'export', '--data', folder.path, '--out', out])
    expect(code).toBe(0)
    folder.write('evidence-ca.pem', toPem('CERTIFICATE', pki().root.certificate.der))
  })

  test('xmlsec1 verifies its signature', async () => {
    const names = readdirSync(out)
    expect(names).toHaveLength(2)
    for (const name of names) {
      const document = join(out, name)
      const root = /<(?:\w+:)?(\w+)[\s>]/.exec(readFileSync(document, 'utf8').replace(/^<\?.*?\?>/, ''))?.[1]
      await run('xmlsec1', [
        '--verify',
        '--trusted-pem',
        folder.file('evidence-ca.pem'),
        '--id-attr:Id',
        root ?? '',
        '--id-attr:Id',
        'SignedProperties',
        document,
      ])
    }
  })

  test.skipIf(schemas === undefined && process.env['CI'] === undefined)(
    'xmllint finds it valid by the schema of TS 102 640-2',
    async () => {
      for (const name of readdirSync(out))
        await run('xmllint', [
          '--nonet',
          '--noout',
          '--schema',
          join(schemas ?? '', 'etsi-ts-102640/rem-evidence-all.xsd'),
          join(out, name),
        ])
    },
  )
})
