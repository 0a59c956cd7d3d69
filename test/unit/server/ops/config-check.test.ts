import { chmodSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../../../config/load.ts'
import type { Config } from '../../../../config/schema.ts'
import { privateKeyPem } from '../../../../evidence/keys/generate.ts'
import { toPem } from '../../../../evidence/x509/certificate.ts'
import { systemClock } from '../../../../mail/clock.ts'
import { developmentConfig } from '../../../../server/development/config.ts'
import { ensureDevelopmentPki } from '../../../../server/development/pki.ts'
import { checkConfig } from '../../../../server/ops/config-check.ts'
import { type Holder, pki } from '../../../fakes/pki.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'

const example = fileURLToPath(new URL('../../../../config/production.example.yaml', import.meta.url))
const urls = { tsa: 'http://127.0.0.1:1/tsa', crl: 'http://127.0.0.1:1/ca.crl' }
const folder = new TemporaryFolder()
let development: Config
let production: Config

beforeAll(async () => {
  await ensureDevelopmentPki(folder.path, { domain: 'hs98.kep.tr', clock: systemClock })
  development = developmentConfig(folder.path, { urls })
  const pair = (name: string, { key, certificate }: Holder) => {
    const files = { key: folder.file(`${name}.key.pem`), certificate: folder.file(`${name}.crt.pem`) }
    writeFileSync(files.key, privateKeyPem(key), { mode: 0o600 })
    writeFileSync(files.certificate, toPem('CERTIFICATE', certificate.der))
    return files
  }
  const anchor = folder.file('anchor.pem')
  writeFileSync(anchor, toPem('CERTIFICATE', pki().root.certificate.der))
  const provider = pair('provider', pki().provider)
  production = {
    ...loadConfig(example),
    tls: pair('tls', pki().tls),
    signing: { envelope: provider, evidence: provider },
    trust: { users: [anchor], providers: [anchor], tsas: [anchor], crls: [] },
  }
})
afterAll(() => folder[Symbol.dispose]())

const pathsOf = async (config: Config): Promise<string[]> =>
  (await checkConfig(config, 'x.yaml')).map(({ path }) => path)

test('the example has the form of a configuration, and says what its files lack', async () => {
  const config = loadConfig(example)
  expect(config.mode).toBe('production')
  const faults = await checkConfig(config, example)
  expect(faults.map(({ path }) => path)).toEqual([
    'tls.key',
    'tls.certificate',
    'signing.envelope.key',
    'signing.envelope.certificate',
    'signing.evidence.key',
    'signing.evidence.certificate',
    'trust.users.0',
    'trust.providers.0',
    'trust.tsas.0',
  ])
})

describe('what is without fault', () => {
  test('the development provider', async () => expect(await pathsOf(development)).toEqual([]))
  test('production with real certificates', async () => expect(await pathsOf(production)).toEqual([]))
})

describe('production refuses', () => {
  test('everything of development, all at once', async () => {
    expect(await pathsOf({ ...development, mode: 'production' })).toEqual([
      'tls.certificate',
      'signing.envelope.certificate',
      'signing.evidence.certificate',
      'trust.users.0',
      'trust.providers.0',
      'trust.tsas.0',
      'tsa.urls.0',
      'trust.crls.0',
    ])
  })

  test('a key that others can read', async () => {
    const { key } = production.tls
    chmodSync(key, 0o640)
    expect(await pathsOf(production)).toEqual(['tls.key'])
    chmodSync(key, 0o600)
  })

  test.each([
    'http://localhost/tsa',
    'http://127.1.2.3/tsa',
    'http://2130706433/tsa',
    'http://[::1]/tsa',
    'http://[::ffff:127.0.0.1]/tsa',
    'http://0.0.0.0/',
    'http://tsa.localhost/',
  ])('a time-stamp from %s', async (url) => {
    expect(await pathsOf({ ...production, tsa: { ...production.tsa, urls: [url] } })).toEqual(['tsa.urls.0'])
  })
})

test('a key of another certificate is told', async () => {
  const { key } = production.signing.envelope
  expect(await pathsOf({ ...production, tls: { ...production.tls, key } })).toEqual(['tls'])
})
