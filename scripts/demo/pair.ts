import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { configSchema } from '../../config/schema.ts'
import { systemClock } from '../../mail/clock.ts'
import { type Authority, startAuthority } from '../../server/development/authority.ts'
import { type Changes, developmentConfig } from '../../server/development/config.ts'
import { developmentFiles } from '../../server/development/files.ts'
import { ensureDevelopmentPki } from '../../server/development/pki.ts'
import { seedDevelopmentAccounts } from '../../server/development/seed.ts'
import { type Provider, start } from '../../server/main.ts'

export interface DemoProvider {
  readonly domain: string
  readonly folder: string
  /** PEM of the root that anchors everything of this provider. */
  readonly ca: string
  readonly authority: Authority
  readonly provider: Provider
}

export interface Pair extends AsyncDisposable {
  readonly providers: readonly [DemoProvider, DemoProvider]
}

const LISTENERS = ['submissions', 'submission', 'peer', 'imaps', 'imap', 'http']

/** Two development providers under one folder, each with its own CA and TSA; then each is told of the other. */
export async function startPair(folder: string, domains: readonly [string, string]): Promise<Pair> {
  await using parts = new AsyncDisposableStack()
  const made = await Promise.all(
    domains.map(async (domain) => {
      const home = join(folder, domain)
      await mkdir(home)
      await ensureDevelopmentPki(home, { domain, clock: systemClock })
      const authority = await startAuthority(home, { port: 0, host: '127.0.0.1', clock: systemClock })
      parts.use(authority)
      return { domain, folder: home, authority, ca: await readFile(join(home, 'dev/ca.pem'), 'utf8') }
    }),
  )
  const anchors = made.map((one) => developmentFiles(one.folder).authority.certificate)
  const changes = (domain: string): Changes => [
    ...LISTENERS.map((name) => [['listen', name, 'port'], 0] as const),
    [['provider', 'domain'], domain],
    [['trust', 'providers'], anchors],
    [['trust', 'tsas'], anchors],
    [['trust', 'crls'], made.map(({ authority }) => authority.urls.crl)],
    [['log', 'level'], 'silent'],
  ]
  const running = await Promise.all(
    made.map(async (one): Promise<DemoProvider> => {
      const config = developmentConfig(one.folder, one.authority, changes(one.domain))
      const seed = { domain: one.domain, quota: config.quota.default, clock: systemClock }
      const prepare = (directory: Provider['directory']) => seedDevelopmentAccounts(directory, seed)
      const provider = await start(config, one.folder, { prepare })
      parts.defer(() => provider.close())
      return { ...one, provider }
    }),
  )
  const [here, there] = running
  if (here === undefined || there === undefined) throw new RangeError('a pair has two')
  await introduce(here, there)
  await introduce(there, here)
  const open = parts.move()
  return { providers: [here, there], [Symbol.asyncDispose]: () => open.disposeAsync() }
}

/** What an operator would enter with `kepctl peer add`. */
async function introduce(to: DemoProvider, peer: DemoProvider): Promise<void> {
  const files = developmentFiles(peer.folder)
  const tls = await readFile(files.tls.certificate, 'utf8')
  const [entry] = configSchema.shape.peers.parse([
    {
      provider: peer.domain,
      name: `OpenKEP Deneme ${peer.domain}`,
      route: { host: '127.0.0.1', port: peer.provider.ports.peer },
      tls: { certificates: [tls] },
      client: { certificates: [tls] },
      signing: [{ certificate: await readFile(files.provider.certificate, 'utf8') }],
    },
  ])
  if (entry !== undefined) await to.provider.peers.put(entry)
}
