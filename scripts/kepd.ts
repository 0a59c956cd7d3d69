#!/usr/bin/env -S node --max-semi-space-size=2
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
/**
 * The daemon. `kepd --config FILE --data DIR`, or `kepd --development` for a provider that makes everything it needs
 * under the data folder. One JSON line on stdout says when it is ready; exit 2 says that it could not start, and why.
 */
import { parseArgs } from 'node:util'
import { environment } from '../config/environment.ts'
import { ConfigError, developmentFile, loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { systemClock } from '../mail/clock.ts'
import { PluginListError } from '../plugins/pipeline.ts'
import { type Authority, startAuthority } from '../server/development/authority.ts'
import { AUTHORITY_PORT, developmentConfig } from '../server/development/config.ts'
import { ensureDevelopmentPki } from '../server/development/pki.ts'
import { seedDevelopmentAccounts } from '../server/development/seed.ts'
import { KeyFileError } from '../server/key-files.ts'
import { type Given, type Provider, start } from '../server/main.ts'
import { startApi } from '../server/ops/api/listener.ts'
import { startControl } from '../server/ops/api/socket.ts'
import { verifierOf } from '../server/ops/api/verifier.ts'
import { checkConfig } from '../server/ops/config-check.ts'
import { controlSocketPath, DataFolderLocked, lockDataFolder } from '../server/ops/data-lock.ts'
import { operationSettings } from '../server/ops/operation-settings.ts'
import { probeWith } from '../server/relay/outbound/settings.ts'
import { ALL_ROLES, parseRoles, type Role } from '../server/roles.ts'
import type { TrustedRoles } from '../server/trusted.ts'
import { StoreKeyError } from '../storage/encryption/read-keys.ts'
import { StoreError } from '../storage/port.ts'
import { takeExclusiveLock } from '../storage/sqlite/exclusive-lock.ts'

const USAGE = `kepd --config FILE --data DIR     start with a configuration (OPENKEP_CONFIG, OPENKEP_DATA)
kepd --development [--data DIR]   start the development provider; data under ./data
     --roles LIST                 submission,peer,imap,relay,issue,ops: some of them, where a MongoDB is shared
     --free-ports                 development only: let the system choose every port`

/** Whoever can start the daemon but not keep it is told the reason and gets this code. */
const CANNOT_START = 2

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: {
      config: { type: 'string' },
      data: { type: 'string' },
      development: { type: 'boolean', default: false },
      roles: { type: 'string' },
      'free-ports': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return
  }
  const folder = resolve(values.data ?? environment.data ?? 'data')
  const file = values.config ?? environment.config
  if (!values.development && file === undefined)
    throw new UsageError('kepd needs --config FILE, or --development')

  const roles = values.roles === undefined ? ALL_ROLES : rolesOf(values.roles)

  await using parts = new AsyncDisposableStack()
  await mkdir(folder, { recursive: true, mode: 0o700 })
  parts.use(await lockDataFolder(folder, takeExclusiveLock))

  const source = values.development
    ? await developmentSource(folder, values['free-ports'], parts)
    : fileSource(resolve(file ?? ''))
  let config = await source.load()
  const provider = await start(config, folder, source.given, roles)
  parts.defer(() => provider.close())
  const {
    store,
    directory,
    eventLog,
    events,
    peers,
    purses,
    listings,
    relay,
    failSend,
    backUp,
    archiveDesk,
  } = provider
  const reload = async (): Promise<{ needsRestart: string[] }> => {
    const next = await source.load(provider.trusted())
    const done = await provider.reload(next)
    config = next
    return done
  }
  const operations = {
    store,
    directory,
    eventLog,
    clock: systemClock,
    ...operationSettings(config),
    peers,
    purses,
    listings,
    relay,
    failSend,
    backUp,
    archiveDesk,
    exportPack: archiveDesk.export.bind(archiveDesk),
    probePeer: probeWith(() => config),
    reload,
  }
  const api = { operations, events, verify: verifierOf(() => config) }
  parts.use(await startControl(controlSocketPath(folder), api))
  // Who asks by a token may be anywhere: what writes files here is not for them.
  const elsewhere = { ...api, operations: { ...operations, backUp: undefined, exportPack: undefined } }
  const listening = config.api && parts.use(await startApi(config.api, elsewhere))
  const opened = Object.entries(provider.ports).filter(([, port]) => port !== 0)
  const ports = { ...Object.fromEntries(opened), ...(listening && { api: listening.port }) }

  const stopped = stopSignals(provider, reload)
  console.log(JSON.stringify({ ready: true, pid: process.pid, ports }))
  // For people, and not among the lines that programs read; who asks for free ports is a program.
  if (!values['free-ports'] && source.hint !== undefined) console.error(source.hint(provider.ports))
  await stopped
}

function rolesOf(text: string): ReadonlySet<Role> {
  try {
    return parseRoles(text)
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

interface Source {
  /**
   * Rejects with ConfigError: all faults at once.
   *
   * @param believed until now; undefined at a start
   */
  readonly load: (believed?: TrustedRoles) => Promise<Config>
  readonly given: Given
  readonly hint?: (ports: Provider['ports']) => string
}

const fileSource = (file: string): Source => ({
  load: (believed) => checked(loadConfig(file), file, believed),
  given: {},
})

/** The development CA and TSA run beside the daemon and are foreign to it: it knows their addresses, nothing else. */
async function developmentSource(
  folder: string,
  freePorts: boolean,
  parts: AsyncDisposableStack,
): Promise<Source> {
  const domain = 'hs98.kep.tr'
  const clock = systemClock
  await ensureDevelopmentPki(folder, { domain, clock })
  const port = freePorts ? 0 : AUTHORITY_PORT
  const authority: Authority = parts.use(await startAuthority(folder, { port, host: '127.0.0.1', clock }))
  const listeners = ['submissions', 'submission', 'peer', 'imaps', 'imap', 'http']
  const changes = freePorts ? listeners.map((name) => [['listen', name, 'port'], 0] as const) : []
  const load: Source['load'] = (believed) =>
    checked(developmentConfig(folder, authority, changes), developmentFile, believed)
  const {
    quota: { default: quota },
  } = await load()
  return {
    load,
    given: { prepare: (directory) => seedDevelopmentAccounts(directory, { domain, quota }) },
    hint: (ports) => developmentHint(folder, ports),
  }
}

const developmentHint = (folder: string, ports: Provider['ports']): string => `
OpenKEP geliştirme sağlayıcısı hazır / the development provider is ready.
  Accounts   deneme.gonderen@hs98.kep.tr, deneme.alici@hs98.kep.tr   password: deneme
  Submission 127.0.0.1:${ports.submissions} (TLS), :${ports.submission} (STARTTLS)
  IMAP       127.0.0.1:${ports.imaps} (TLS), :${ports.imap} (STARTTLS)
  CA         ${folder}/dev/ca.pem      keys: ${folder}/dev/users/
  Next       npx kepctl send --help, or see README.md for curl, Thunderbird and mutt`

async function checked(config: Config, file: string, believed?: TrustedRoles): Promise<Config> {
  const faults = await checkConfig(config, file, { believed })
  if (faults.length > 0) throw new ConfigError(faults)
  return config
}

/** Resolves when it is time to stop. A second signal ends the process at once. */
function stopSignals(provider: Provider, reload: () => Promise<object>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let asked = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (asked) process.exit(1)
      asked = true
      provider.events.stopping(signal)
      resolve()
    })
  process.on('SIGHUP', () => {
    reload().catch((error: unknown) => provider.events.internalError('ops', error))
  })
  return promise
}

class UsageError extends Error {}

function reasonOf(error: unknown): string {
  if (error instanceof UsageError) return `${error.message}\n\n${USAGE}`
  const known =
    error instanceof ConfigError ||
    error instanceof PluginListError ||
    error instanceof KeyFileError ||
    error instanceof DataFolderLocked ||
    error instanceof StoreError ||
    error instanceof StoreKeyError
  if (known) return `kepd: ${error.message}`
  if (error instanceof Error && 'code' in error) return `kepd: ${error.message}`
  return `kepd: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}

try {
  await run()
} catch (error) {
  console.error(reasonOf(error))
  process.exit(CANNOT_START)
}
