import { randomInt } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { ConfigInput } from '../../config/schema.ts'
import { systemClock } from '../../mail/clock.ts'
import { AccountDirectory } from '../../server/accounts/directory.ts'
import { PasswordThread } from '../../server/accounts/password-thread.ts'
import { type Authority, startAuthority } from '../../server/development/authority.ts'
import { type DevelopmentFiles, developmentFiles } from '../../server/development/files.ts'
import { ensureDevelopmentPki } from '../../server/development/pki.ts'
import { seedDevelopmentAccounts } from '../../server/development/seed.ts'
import { bind } from '../../server/listen.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { type Daemon, startDaemon } from '../bench/daemon.ts'

/** A provider that runs as a process, is killed, and starts again where it was. */
export interface SoakProvider {
  readonly domain: string
  readonly folder: string
  readonly files: DevelopmentFiles
  daemon: Daemon
  /** What earlier processes logged, gathered when they ended. */
  readonly logs: string[]
  kill(): Promise<void>
  restart(): Promise<void>
}

const LISTENERS = ['submissions', 'submission', 'peer', 'imaps', 'imap', 'http'] as const
type Ports = Readonly<Record<(typeof LISTENERS)[number], number>>

/** Sections of the configuration beside those that make the providers. */
type ConfigSettings = Pick<ConfigInput, 'limits' | 'tariff'>

interface Prepared {
  readonly domain: string
  readonly folder: string
  readonly files: DevelopmentFiles
  readonly authority: Authority
  readonly ports: Ports
}

/**
 * Providers that know each other, on ports that stay theirs. CA and TSA of each run in this process, so that killing a
 * daemon takes neither away.
 */
export async function startProviders(
  folder: string,
  domains: readonly string[],
  parts: AsyncDisposableStack,
  settings: ConfigSettings = {},
): Promise<SoakProvider[]> {
  const all: Prepared[] = []
  for (const domain of domains) {
    const home = join(folder, domain)
    await mkdir(home)
    await ensureDevelopmentPki(home, { domain, clock: systemClock })
    const authority = parts.use(
      await startAuthority(home, { port: 0, host: '127.0.0.1', clock: systemClock }),
    )
    await seed(home, domain)
    all.push({ domain, folder: home, files: developmentFiles(home), authority, ports: await freePorts() })
  }
  const running: SoakProvider[] = []
  for (const one of all) {
    const config = join(one.folder, 'config.json') // JSON is YAML
    await writeFile(config, JSON.stringify({ ...configOf(one, all), ...settings }))
    const start = () => startDaemon({ folder: one.folder, config })
    const provider: SoakProvider = {
      domain: one.domain,
      folder: one.folder,
      files: one.files,
      daemon: await start(),
      logs: [],
      kill: async () => {
        process.kill(provider.daemon.pid, 'SIGKILL')
        await provider.daemon.exited
        provider.logs.push(provider.daemon.log())
      },
      restart: async () => {
        provider.daemon = await start()
      },
    }
    parts.defer(() => provider.daemon[Symbol.asyncDispose]())
    running.push(provider)
  }
  return running
}

/** Retries are quick, so that a run of minutes sees many of them; deadlines are those of a day. */
function configOf(self: Prepared, all: readonly Prepared[]): object {
  const { domain, files, ports, authority } = self
  const anchors = all.map((one) => one.files.authority.certificate)
  return {
    mode: 'development',
    provider: { domain, name: `OpenKEP Deneme ${domain}` },
    listen: Object.fromEntries(LISTENERS.map((name) => [name, { port: ports[name], host: ['127.0.0.1'] }])),
    tls: files.tls,
    signing: { envelope: files.provider, evidence: files.provider },
    trust: {
      users: [files.authority.certificate],
      providers: anchors,
      tsas: anchors,
      crls: all.map((one) => one.authority.urls.crl),
    },
    tsa: { urls: [authority.urls.tsa] },
    quota: { default: '10 GB' },
    relay: { retry: { first: '1 s', longest: '4 s' } },
    peers: all
      .filter((peer) => peer !== self)
      .map((peer) => ({
        provider: peer.domain,
        name: `OpenKEP Deneme ${peer.domain}`,
        route: { host: '127.0.0.1', port: peer.ports.peer },
        tls: { certificates: [peer.files.tls.certificate] },
        client: { certificates: [peer.files.tls.certificate] },
        signing: [{ certificate: peer.files.provider.certificate }],
      })),
  }
}

async function seed(folder: string, domain: string): Promise<void> {
  await using store = await openSqliteStore(join(folder, 'store'), Date.now())
  await using passwords = new PasswordThread()
  const directory = new AccountDirectory(store, passwords, domain, systemClock)
  await seedDevelopmentAccounts(directory, { domain, quota: 10_000_000_000 })
}

/** Below those that systems give to whoever asks for any: Linux from 32,768 on, others from 49,152. */
const KEEPABLE = { from: 20_000, below: 32_768 } as const

/** What this process gave out, also while nobody listens there. */
const given = new Set<number>()

/** Free now, and still when a daemon comes back to them: the system gives them to nobody who asks for any. */
export async function freePorts(): Promise<Ports> {
  const ports: Record<string, number> = {}
  for (const name of LISTENERS) ports[name] = await freePort()
  return ports as Ports
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(KEEPABLE.from, KEEPABLE.below)
    if (given.has(port)) continue
    const server = createServer()
    try {
      await bind(server, port, '127.0.0.1')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') continue
      throw error
    }
    server.close()
    given.add(port)
    return port
  }
}

export const caOf = ({ files }: SoakProvider): Promise<string> =>
  readFile(files.authority.certificate, 'utf8')
