import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../../../config/load.ts'
import type { PeerEntryInput } from '../../../../config/relay.ts'
import { type Config, configSchema } from '../../../../config/schema.ts'
import type { PemKey } from '../../../../config/signing.ts'
import { tariff as tariffSchema } from '../../../../config/tariff.ts'
import { octetString } from '../../../../evidence/asn1/writer.ts'
import { privateKeyPem } from '../../../../evidence/keys/generate.ts'
import { makePkcs12 } from '../../../../evidence/keys/pkcs12.ts'
import { toPem } from '../../../../evidence/x509/certificate.ts'
import { extension } from '../../../../evidence/x509/extensions.ts'
import { systemClock } from '../../../../mail/clock.ts'
import { developmentConfig } from '../../../../server/development/config.ts'
import { ensureDevelopmentPki } from '../../../../server/development/pki.ts'
import { checkConfig } from '../../../../server/ops/config-check.ts'
import { readTrustedRoles } from '../../../../server/trusted.ts'
import { peerText, pemOf } from '../../../fakes/peer-entry.ts'
import { daysFromNow, type Holder, makeKey, makeRoot, pki } from '../../../fakes/pki.ts'
import { TARIFF } from '../../../fakes/tariff.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'
import { listXml, signedList } from '../../../fakes/trust-list.ts'

const example = fileURLToPath(new URL('../../../../config/production.example.yaml', import.meta.url))
const urls = { tsa: 'http://127.0.0.1:1/tsa', crl: 'http://127.0.0.1:1/ca.crl' }
const folder = new TemporaryFolder()
let development: Config
let production: Config

beforeAll(async () => {
  await ensureDevelopmentPki(folder.path, { domain: 'hs98.kep.tr', clock: systemClock })
  development = developmentConfig(folder.path, { urls })
  const pair = (name: string, { key, certificate, signer }: Holder) => {
    const files = { key: folder.file(`${name}.key.pem`), certificate: folder.file(`${name}.crt.pem`) }
    writeFileSync(files.key, privateKeyPem(key), { mode: 0o600 })
    const chain = [certificate, ...signer.chain]
    writeFileSync(files.certificate, chain.map(({ der }) => toPem('CERTIFICATE', der)).join(''))
    return files
  }
  const anchor = folder.file('anchor.pem')
  writeFileSync(anchor, toPem('CERTIFICATE', pki().root.certificate.der))
  const provider = pair('provider', pki().provider)
  const storeKey = folder.file('store.key')
  writeFileSync(storeKey, '00'.repeat(32), { mode: 0o600 })
  production = {
    ...loadConfig(example),
    tls: pair('tls', pki().tls),
    signing: {
      ...loadConfig(example).signing,
      envelope: [provider],
      evidence: [provider],
      archive: [provider],
    },
    trust: {
      users: [anchor],
      providers: [anchor],
      tsas: [anchor],
      lists: [],
      crls: [],
      privateHosts: [],
      aiaHosts: [],
    },
    storage: { replica: folder.file('copy'), keys: [{ file: storeKey }], checkAtStart: 'small' },
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
    'storage.keys.0.file',
  ])
})

test('a trusted list is read as at a start', async () => {
  const supervisor = pki().provider
  const signer = folder.file('supervisor.pem')
  writeFileSync(signer, toPem('CERTIFICATE', supervisor.certificate.der))
  const service = { certificates: [pki().intermediate.certificate], type: 'CA/QC', status: 'granted' }
  const publish = async (name: string, nextUpdate: string) => {
    const xml = listXml({ services: [{ ...service, from: '2020-01-01T00:00:00Z' }], nextUpdate })
    writeFileSync(folder.file(name), await signedList(xml, supervisor))
    return { file: folder.file(name), signers: [signer] }
  }
  const [good, old] = [
    await publish('good.xml', '2099-01-01T00:00:00Z'),
    await publish('old.xml', '2020-01-01T00:00:00Z'),
  ]
  const faultsOf = async (...lists: Config['trust']['lists']) =>
    (await checkConfig({ ...production, mode: 'development', trust: { ...production.trust, lists } })).map(
      ({ path, reason }) => `${path}: ${reason}`,
    )
  expect(await faultsOf({ ...good, roles: ['users'] })).toEqual([])
  expect(await faultsOf({ ...old, roles: ['users'] }, { ...good, roles: ['users', 'tsas'] })).toEqual([
    expect.stringContaining('OUTDATED'),
    `trust.lists.1: ${good.file} approves nobody for tsas`,
  ])

  // Believed until it ran out: no reason to refuse new keys at a reload.
  const trust = { ...production.trust, lists: [{ ...old, roles: ['users' as const] }] }
  const reloaded: Config = { ...production, mode: 'development', trust }
  const believed = await readTrustedRoles(trust, new Date('2019-01-01T00:00:00Z'))
  expect(await checkConfig(reloaded, 'x.yaml', { believed })).toEqual([])
})

describe('what is without fault', () => {
  test('the development provider, which is not worth a notice either', async () => {
    const notices: unknown[] = []
    expect(await checkConfig(development, 'x.yaml', { onNotice: (notice) => notices.push(notice) })).toEqual(
      [],
    )
    expect(notices).toEqual([])
  })
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
      'storage.replica',
      'tsa.urls.0',
      'trust.privateHosts.0',
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

describe('demands of time-stamps', () => {
  const [url] = ['https://zd.example.tr/tsa']
  const tsaOf = (demands: unknown): Config['tsa'] => configSchema.shape.tsa.parse({ urls: [url], demands })

  test('of addresses that are asked, once each', async () => {
    const faultsOf = (...demands: unknown[]) => pathsOf({ ...production, tsa: tsaOf(demands) })
    const exact = { url, maxAccuracy: '1 s' }
    expect(await faultsOf({ ...exact, policies: ['2.16.792.1.2.3'] })).toEqual([])
    expect(await faultsOf({ ...exact, url: `${url}/` })).toEqual(['tsa.demands.0.url'])
    expect(await faultsOf(exact, exact)).toEqual(['tsa.demands.1.url'])
    expect(await faultsOf({ url })).toEqual(['tsa.demands.0'])
  })

  test.each([
    ['no policy', { policies: [] }],
    ['a name', { policies: ['baseline'] }],
    ['one arc', { policies: ['2'] }],
    ['no first arc', { policies: ['3.1.2'] }],
    ['a second arc over 39', { policies: ['1.40.2'] }],
    ['an arc with a zero before it', { policies: ['2.16.01'] }],
    ['an arc that no token can be read with', { policies: ['2.25.9007199254740993'] }],
    ['a bare number', { maxAccuracy: 1 }],
    ['another word', { accuracy: '1 s' }],
  ])('%s is refused', (_name, demand) => expect(() => tsaOf([{ url, ...demand }])).toThrow())
})

describe('storage', () => {
  const MONGODB = 'mongodb://db.example.tr/kep'
  const of = (storage: unknown): Config => ({
    ...production,
    storage: configSchema.shape.storage.parse(storage),
  })

  test.each([[{ replica: 'none' }], [{ replica: '/copy' }], [MONGODB], [{ mongodb: MONGODB }]])(
    'two disks, or the word that one was chosen: %o',
    async (storage) => expect(await pathsOf(of(storage))).toEqual([]),
  )

  test('one disk, by no word at all', async () => {
    expect(await pathsOf(of({}))).toEqual(['storage.replica'])
    expect(await pathsOf({ ...development, storage: of({}).storage })).toEqual([])
  })

  test('a key, or an address, that is not there or that others can read; a password in the configuration', async () => {
    const [{ file }] = production.storage.keys as [{ file: string }]
    const address = folder.file('address')
    writeFileSync(address, MONGODB, { mode: 0o644 })
    chmodSync(file, 0o644)
    expect(
      await pathsOf(of({ mongodbFile: address, keys: [{ file }, { file: '/none' }, { command: ['x'] }] })),
    ).toEqual(['storage.mongodbFile', 'storage.keys.0.file', 'storage.keys.1.file'])
    chmodSync(file, 0o600)
    expect(await pathsOf(of('mongodb://kep:gizli@db.example.tr/kep'))).toEqual(['storage.mongodb'])
  })

  test.each([
    ['an address of something else', 'postgres://db'],
    ['a replica of MongoDB', { mongodb: MONGODB, replica: '/copy' }],
    ['two addresses', { mongodb: MONGODB, mongodbFile: 'x' }],
  ])('%s has not the form', (_, storage) => {
    expect(configSchema.shape.storage.safeParse(storage).success).toBe(false)
  })
})

describe('signing', () => {
  const { privateKey } = makeKey('p256')
  const write = (name: string, content: string | Uint8Array, mode = 0o600): string => {
    writeFileSync(folder.file(name), content, { mode })
    chmodSync(folder.file(name), mode)
    return folder.file(name)
  }
  const told = async (
    signing: Partial<Config['signing']>,
  ): Promise<{ faults: string[]; notices: string[] }> => {
    const notices: string[] = []
    const config = { ...production, signing: { ...production.signing, ...signing } }
    const faults = await checkConfig(config, 'x.yaml', { onNotice: ({ path }) => notices.push(path) })
    return { faults: faults.map(({ path }) => path), notices }
  }
  const validFor = (from: number, until: number) =>
    pki().issue(
      { kind: 'provider', email: 'kep@hs98.kep.tr' },
      { notBefore: daysFromNow(from), notAfter: daysFromNow(until) },
    )
  const p12Of = ({ key, certificate, signer }: Holder, name: string, chain = signer.chain) => {
    const certificates = [certificate, ...chain]
    return {
      p12: write(name, makePkcs12({ key, certificates, password: 'parola', friendlyName: 'x' })),
      passwordFile: write('parola', 'parola\n'),
    }
  }

  test('the seals of the archive want a key of their own', async () => {
    expect(await told({})).toEqual({ faults: [], notices: ['signing.archive'] })
    expect(await told({ archive: undefined })).toEqual({ faults: [], notices: ['signing.archive'] })
    expect(await told({ archive: [p12Of(validFor(-1, 10), 'a.p12')] })).toEqual({ faults: [], notices: [] })
  })
  test('what no verification would pass is refused: keys for TLS and stamps, of persons, and with an account’s address for the archive', async () => {
    const { provider, qualifiedUser, tls, tsa } = pki()
    const file = (holder: Holder) => p12Of(holder, `${holder.certificate.serial}.p12`)
    const of = (address: string) => file(pki().issue({ kind: 'provider', email: address }))
    const unfit = [tls, tsa, qualifiedUser].map(file)
    const places = (role: string) => unfit.map((_, index) => `signing.${role}.${index}`)
    for (const role of ['envelope', 'evidence', 'archive'])
      expect((await told({ [role]: unfit })).faults.filter((path) => /\d$/.test(path))).toEqual(places(role))
    const { domain } = production.provider
    expect((await told({ archive: [of(`arsiv@${domain}`)] })).faults).toEqual(['signing.archive'])
    for (const address of [`KEP@${domain}`, 'arsiv@example.tr'])
      expect((await told({ archive: [of(address)] })).faults).toEqual([])
    expect((await told({ archive: [file(provider)] })).faults).toEqual([])
    const subject = { commonName: 'zarf', organization: 'Baska', country: 'TR' }
    const foreign = file(pki().issue({ kind: 'provider', email: `kep@${domain}` }, { subject }))
    expect((await told({ envelope: [foreign] })).faults).toEqual(['signing.envelope'])
    expect((await told({ archive: [foreign] })).faults).toEqual(['signing.archive'])
    expect((await told({ envelope: [foreign], evidence: [foreign], archive: [foreign] })).faults).toEqual([])
  })
  test('every key of a list is opened, and all that is wrong is told at once', async () => {
    const good = p12Of(validFor(-1, 10), 'good.p12')
    const [key] = production.signing.evidence
    const locked = privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' })
    const evidence = [
      good,
      { ...good, passwordFile: write('wrong', 'wrong') },
      { ...good, passwordFile: write('open', 'parola', 0o644) },
      { ...good, p12: folder.file('none.p12') },
      {
        ...(key as PemKey),
        key: write('locked.pem', locked.toString()),
        passwordFile: write('wrong', 'wrong'),
      },
      { pkcs11: { module: folder.file('none.so'), token: 'x', pinFile: write('pin', '1234'), key: 'x' } },
      { pkcs11: { module: folder.file('none.so'), token: 'x', pinFile: folder.file('nothing'), key: 'x' } },
    ]
    expect((await told({ evidence })).faults).toEqual([
      'signing.evidence.1',
      'signing.evidence.2.passwordFile',
      'signing.evidence.3.p12',
      'signing.evidence.4',
      'signing.evidence.5',
      'signing.evidence.6.pkcs11.pinFile',
    ])
  })
  test('one whose signatures nobody passes who believes the same providers is noticed, and no fault', async () => {
    const archive = [p12Of(validFor(-1, 10), 'archive.p12')]
    const reasonsOf = async (signing: Partial<Config['signing']>, trust = production.trust) => {
      const notices: string[] = []
      const config = { ...production, trust, signing: { ...production.signing, archive, ...signing } }
      const onNotice = ({ path, reason }: { path: string; reason: string }) =>
        notices.push(`${path}: ${/\((\w+)/.exec(reason)?.[1]}`)
      expect(await checkConfig(config, 'x.yaml', { onNotice })).toEqual([])
      return notices
    }
    expect(await reasonsOf({})).toEqual([])
    const [good, next, past] = [validFor(-1, 10), validFor(5, 20), validFor(-20, -2)]
    const keys = [p12Of(good, 'good.p12'), p12Of(next, 'next.p12'), p12Of(past, 'past.p12')]
    expect(await reasonsOf({ evidence: keys })).toEqual(['signing.evidence: undefined']) // the gap alone
    const alone = p12Of(good, 'alone.p12', [])
    expect(await reasonsOf({ evidence: [alone] })).toEqual(['signing.evidence: NO_PATH'])
    const unknown = extension('1.3.6.1.4.1.99999.7', true, octetString(Buffer.from('x')))
    const odd = pki().issue({ kind: 'provider', email: 'kep@hs98.kep.tr' }, { extensions: [unknown] })
    expect(await reasonsOf({ evidence: [keys[0]!, p12Of(odd, 'odd.p12')] })).toEqual([
      'signing.evidence.1: UNKNOWN_CRITICAL_EXTENSION',
    ])
    // A trusted list may name the issuer.
    const signer = write('list-signer.pem', toPem('CERTIFICATE', pki().provider.certificate.der))
    const from = '2020-01-01T00:00:00Z'
    const service = {
      certificates: [pki().intermediate.certificate],
      type: 'EDS/REM',
      status: 'granted',
      from,
    }
    const list = {
      file: write('providers.xml', await signedList(listXml({ services: [service] }), pki().provider)),
      signers: [signer],
      roles: ['providers' as const],
    }
    const stranger = write('stranger.pem', toPem('CERTIFICATE', makeRoot('Yabancı').certificate.der))
    const believing = { ...production.trust, providers: [stranger] }
    const all = ['envelope', 'evidence', 'archive'].map((role) => `signing.${role}: NO_PATH`)
    expect(await reasonsOf({}, believing)).toEqual(all)
    expect(await reasonsOf({}, { ...believing, lists: [list] })).toEqual([])
  })
  test('one is valid now, and the next before that one ends', async () => {
    const keys = (...spans: [number, number][]) =>
      spans.map(([from, until], index) => p12Of(validFor(from, until), `${index}.p12`))
    expect(await told({ evidence: keys([-5, 10], [5, 20]) })).toEqual({ faults: [], notices: [] })
    expect(await told({ evidence: keys([12, 20], [-5, 10]) })).toEqual({
      faults: [],
      notices: ['signing.evidence'],
    })
    expect(await told({ evidence: keys([-9, -5], [12, 20]) })).toEqual({
      faults: ['signing.evidence'],
      notices: ['signing.evidence'],
    })
  })
})

test('a key of another certificate is told', async () => {
  const key = folder.file('provider.key.pem')
  expect(await pathsOf({ ...production, tls: { ...production.tls, key } })).toEqual(['tls'])
})

test('an issuer before the certificate of the key, which TLS does not take', async () => {
  const chain = folder.file('turned.pem')
  const [issuer, own] = [pki().intermediate, pki().tls].map(({ certificate }) =>
    toPem('CERTIFICATE', certificate.der),
  )
  writeFileSync(chain, `${issuer}${own}`)
  const turned = { key: production.tls.key, certificate: chain }
  const faults = await checkConfig({
    ...production,
    tls: turned,
    relay: { ...production.relay, client: turned },
  })
  const reason = `${chain}: the first certificate is not that of the key: put the certificate of the key first (leaf), its issuers after it`
  expect(faults.map((fault) => [fault.path, fault.reason])).toEqual([
    ['tls.certificate', reason],
    ['relay.client.certificate', reason],
  ])
})

describe('peers', () => {
  const file = (name: string, text: string): string => {
    writeFileSync(folder.file(name), text)
    return folder.file(name)
  }
  const entry = (over: Partial<PeerEntryInput> = {}) =>
    peerText({
      tls: { ca: [file('peer-ca.pem', pemOf(pki().root.certificate))] },
      signing: [{ certificate: file('peer.pem', pemOf(pki().provider.certificate)) }],
      ...over,
    })
  const told = (...peers: ReturnType<typeof entry>[]) => pathsOf({ ...production, peers })

  test('a real one is without fault', async () => expect(await told(entry())).toEqual([]))

  test('one that registers a certificate under which nothing passes', async () => {
    const { qualifiedUser, tls } = pki()
    const signing = [qualifiedUser, tls].map(({ certificate }) => ({
      certificate: file(`${certificate.serial}.pem`, pemOf(certificate)),
    }))
    expect(await told(entry({ signing }))).toEqual([
      'peers.0.signing.0.certificate',
      'peers.0.signing.1.certificate',
    ])
  })

  test('directories of our own domain, or named twice; a file that is away is none', async () => {
    const sources = [production.provider.domain, 'hs02.kep.tr', 'hs02.kep.tr'].map((provider) => ({
      provider,
      file: folder.file('none.jsonl'),
    }))
    const directory = { ...production.directory, sources }
    expect(await pathsOf({ ...production, directory })).toEqual([
      'directory.sources.0.provider',
      'directory.sources.2.provider',
    ])
  })

  test('our own domain, one named twice, files that are not there: all at once', async () => {
    expect(
      await told(
        entry({ provider: production.provider.domain }),
        entry(),
        entry({ signing: [{ certificate: 'none.pem' }], client: { ca: ['none.pem'] } }),
      ),
    ).toEqual([
      'peers.0.provider',
      'peers.2.provider',
      'peers.2.client.ca.0',
      'peers.2.signing.0.certificate',
    ])
  })

  test('a signing certificate that expired, and times that end before they begin', async () => {
    const old = pki().issue({ kind: 'provider', email: 'kep@hs99.kep.tr' }, { notAfter: daysFromNow(-1) })
    const certificate = file('old.pem', pemOf(old.certificate))
    const signing = [{ certificate }, { ...entry().signing[0]!, from: '2026-02-01', until: '2026-01-01' }]
    expect(await told(entry({ signing }))).toEqual(['peers.0.signing.0.certificate', 'peers.0.signing.1'])
  })

  test('production refuses certificates of development', async () => {
    const [ca = ''] = development.trust.providers
    expect(await told(entry({ tls: { ca: [ca] } }))).toEqual(['peers.0.tls.ca.0'])
    expect(await pathsOf({ ...development, peers: [entry({ tls: { ca: [ca] } })] })).toEqual([])
  })
})

describe('relay', () => {
  const withRelay = (over: Partial<Config['relay']>) =>
    pathsOf({ ...production, relay: { ...production.relay, ...over } })

  test('a client pair that does not fit', async () =>
    expect(await withRelay({ client: { ...production.tls, key: folder.file('provider.key.pem') } })).toEqual([
      'relay.client',
    ]))

  test('a DKIM key that others can read, is of another kind, or is not there', async () => {
    const key = folder.file('dkim.pem')
    const write = (text: string, mode: number): void => {
      writeFileSync(key, text)
      chmodSync(key, mode)
    }
    write(privateKeyPem(pki().provider.key), 0o600) // RSA
    const dkim = { selector: '2026', key }
    expect(await withRelay({ dkim })).toEqual([])
    chmodSync(key, 0o644)
    expect(await withRelay({ dkim })).toEqual(['relay.dkim.key'])
    write(privateKeyPem(pki().tls.key), 0o600) // ECDSA
    expect(await withRelay({ dkim })).toEqual(['relay.dkim.key'])
    expect(await withRelay({ dkim: { selector: '2026', key: 'none.pem' } })).toEqual(['relay.dkim.key'])
  })
})

test('a tariff has a price for whatever may be submitted', async () => {
  const tariff = tariffSchema.parse(TARIFF)
  expect(await pathsOf({ ...production, tariff })).toEqual(await pathsOf(production))
  const small = {
    ...tariff.types,
    eYazisma: { ...tariff.types.eYazisma, bands: [{ upTo: 1, units: 1, price: 1 }] },
  }
  expect(await pathsOf({ ...production, tariff: { ...tariff, types: small } })).toContain(
    'tariff.types.eYazisma.bands',
  )
})

test('notices: secrets are looked for in the configuration’s folder, are not empty, and their owner’s alone', async () => {
  const text = readFileSync(example, 'utf8')
  const from = text.indexOf('# notify:')
  const section = text.slice(from, text.indexOf('\n\n', from)).replaceAll(/^# ?/gm, '')
  const path = folder.file('notices.yaml')
  writeFileSync(path, `${text}\n${section}\n`)
  const { notify } = loadConfig(path)
  const passwordFile = folder.file('keys/bildirim.password')
  const secret = folder.file('keys/sms.authorization')
  expect(notify).toMatchObject({
    email: { auth: { passwordFile } },
    sms: { http: { secretHeaders: { Authorization: secret } } },
  })
  const told = () => pathsOf({ ...production, notify })
  const names = ['notify.email.passwordFile', 'notify.sms.http.Authorization']
  expect(await told()).toEqual(names)
  mkdirSync(folder.file('keys'))
  writeFileSync(passwordFile, 'gizli\n', { mode: 0o600 })
  writeFileSync(secret, '\n', { mode: 0o600 })
  expect(await told()).toEqual(names.slice(1))
  writeFileSync(secret, 'gizli\n')
  expect(await told()).toEqual([])
  chmodSync(secret, 0o640)
  expect(await told()).toEqual(names.slice(1))
})

test('tokens of the admin API are looked for beside the configuration, long enough, and their owner’s alone', async () => {
  const file = folder.file('portal.token')
  const api = { port: 10_081, host: ['127.0.0.1'], tokens: [{ name: 'portal', file }] }
  const told = () => pathsOf({ ...production, api })
  const usual = await pathsOf(production)
  expect(await told()).toEqual([...usual, 'api.tokens.0.file'])
  writeFileSync(file, 'kisa', { mode: 0o600 })
  expect(await told()).toEqual([...usual, 'api.tokens.0.file'])
  writeFileSync(file, `${'a'.repeat(40)}\n`)
  expect(await told()).toEqual(usual)
  chmodSync(file, 0o644)
  expect(await told()).toEqual([...usual, 'api.tokens.0.file'])
})
