/** A whole provider on free ports in a temporary folder, with its own CA, TSA and two accounts. Nothing in it is a mock. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, type ConfigInput, configSchema } from '../../config/schema.ts'
import { privateKeyPem } from '../../evidence/keys/generate.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { type Clock, systemClock } from '../../mail/clock.ts'
import { type Given, type Provider, start } from '../../server/main.ts'
import { ALL_ROLES, type Role } from '../../server/roles.ts'
import { cheapPasswords } from './cheap-passwords.ts'
import { startCrlServer } from './crl-server.ts'
import { type Holder, type Pki, pki } from './pki.ts'
import { type FakeTsa, startTsa } from './tsa.ts'

export const DOMAIN = 'hs98.kep.tr'
export const SENDER = `deneme.gonderen@${DOMAIN}`
export const RECIPIENT = `deneme.alici@${DOMAIN}`
export const PASSWORD = 'deneme parolası'
/** The fewest that clients take; tests set many passwords. [RFC 7677 §4] */
export const SCRAM_ITERATIONS = 4_096

export interface TestProvider extends AsyncDisposable {
  readonly provider: Provider
  readonly tsa: FakeTsa
  readonly folder: string
  readonly ca: string
  readonly domain: string
  readonly clock: Clock
  readonly config: Config
  /** Signs evidence and envelopes. */
  readonly keys: Holder
  readonly tls: Holder
  /** Stops and starts again on the same folder. */
  restart(given?: Given, meanwhile?: () => void): Promise<Provider>
  /** The sum of a metric over all labels but those that are given. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>
}

export interface TestProviderOptions {
  readonly config?: Partial<ConfigInput>
  readonly given?: Given
  readonly pki?: Pki
  /** Another provider of the same CA; its accounts have the same names. */
  readonly domain?: string
  /** Beside its address. */
  readonly tsa?: Omit<Partial<ConfigInput['tsa']>, 'urls'>
  /** The time that the TSA writes; the machine's where it is not given. */
  readonly tsaClock?: Clock
  /** All, where it is not said. */
  readonly roles?: readonly Role[]
  /** Hashed at the cost of production, for tests whose matter it is. */
  readonly dearPasswords?: boolean
  /** `none`: a CA whose lists cannot be had. */
  readonly lists?: 'none'
  /** Where certificates may lead it though that is not public; nowhere where it is not said. */
  readonly privateHosts?: readonly string[]
  /** Serials that its lists name from the start; fetched lists are kept until they age. */
  readonly revoked?: readonly Uint8Array[]
}

export async function startProvider(options: TestProviderOptions = {}): Promise<TestProvider> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'openkep-provider-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const keys = options.pki ?? pki()
  const domain = options.domain ?? DOMAIN
  const { provider: signing, tls } = holdersOf(keys, domain)
  const tsa = stack.use(
    await startTsa({ signer: keys.tsa.signer, ...(options.tsaClock && { clock: options.tsaClock }) }),
  )
  const lists = await startCrlServer(keys, options.given?.clock)
  stack.use(lists)
  for (const serial of options.revoked ?? []) lists.revoke(serial)
  const pair = async (name: string, holder: Holder) => {
    const files = { key: join(folder, `${name}.key.pem`), certificate: join(folder, `${name}.crt.pem`) }
    await writeFile(files.key, privateKeyPem(holder.key), { mode: 0o600 })
    const chain = [holder.certificate, ...holder.signer.chain]
    await writeFile(files.certificate, chain.map(({ der }) => toPem('CERTIFICATE', der)).join(''))
    return files
  }
  const ca = toPem('CERTIFICATE', keys.root.certificate.der)
  const caFile = join(folder, 'ca.pem')
  await writeFile(caFile, ca)
  const provider = await pair('provider', signing)
  const any = { port: 0, host: ['127.0.0.1'] }
  const config = configSchema.parse({
    mode: 'development',
    provider: { domain, name: `Deneme KEPHS ${domain}` },
    listen: { submissions: any, submission: any, peer: any, imaps: any, imap: any, http: any },
    tls: await pair('tls', tls),
    signing: { envelope: provider, evidence: provider },
    trust: {
      users: [caFile],
      providers: [caFile],
      tsas: [caFile],
      crls: options.lists === 'none' ? [] : [...lists.urls],
      privateHosts: [...(options.privateHosts ?? [])],
    },
    tsa: { urls: [tsa.url], ...options.tsa },
    log: { level: 'silent' },
    login: { scramIterations: SCRAM_ITERATIONS },
    ...options.config,
  } satisfies ConfigInput)
  const seeded = (given: Given): Given => ({
    ...(options.dearPasswords !== true && { passwords: cheapPasswords }),
    prepare: async (directory) => {
      for (const [address, name, identityNumber] of [
        [`deneme.gonderen@${domain}`, 'Ayşe Işık', '10000000146'],
        [`deneme.alici@${domain}`, 'Çağrı Öğüt', '10000000078'],
      ] as const) {
        if ((await directory.get(address)) !== undefined) continue
        await directory.create({
          address,
          kind: 'natural',
          service: 'send-receive',
          holder: name,
          identity: { type: 'tckn', number: identityNumber },
          quota: 1_000_000_000,
          persons: [{ handle: address.split('@')[0]!, name, identityNumber }],
          active: true,
        })
        await directory.setPassword(address, undefined, PASSWORD)
      }
    },
    ...given,
  })
  const roles = options.roles === undefined ? ALL_ROLES : new Set(options.roles)
  const test: { provider: Provider } = {
    provider: await start(config, folder, seeded(options.given ?? {}), roles),
  }
  stack.defer(() => test.provider.close())
  const open = stack.move()
  return {
    get provider() {
      return test.provider
    },
    tsa,
    folder,
    ca,
    domain,
    clock: options.given?.clock ?? systemClock,
    config,
    keys: signing,
    tls,
    metric: async (name, labels = {}) => {
      const values = (await test.provider.events.registry.getSingleMetric(name)?.get())?.values ?? []
      return values
        .filter((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))
        .reduce((sum, { value }) => sum + value, 0)
    },
    restart: async (given = options.given ?? {}, meanwhile = () => {}) => {
      await test.provider.close()
      meanwhile()
      test.provider = await start(config, folder, seeded(given), roles)
      return test.provider
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

/** The test PKI's own holders are hs98's; other providers get theirs when they start. */
const holdersOf = (keys: Pki, domain: string): Pick<Pki, 'provider' | 'tls'> =>
  domain === DOMAIN
    ? keys
    : {
        provider: keys.issue(
          { kind: 'provider', email: `kep@${domain}` },
          { kind: 'rsa', subject: { commonName: `Deneme ${domain}`, country: 'TR' } },
        ),
        tls: keys.issue({ kind: 'tls', dns: ['localhost', domain], ip: ['127.0.0.1', '::1'] }),
      }
