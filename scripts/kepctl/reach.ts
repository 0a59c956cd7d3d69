import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { systemClock } from '../../mail/clock.ts'
import { AccountDirectory } from '../../server/accounts/directory.ts'
import { PasswordThread } from '../../server/accounts/password-thread.ts'
import { scramKeyMakerOf } from '../../server/accounts/scram-key-maker.ts'
import { AUTHORITY_PORT, developmentConfig } from '../../server/development/config.ts'
import { developmentFiles } from '../../server/development/files.ts'
import { EventLog } from '../../server/event-log/event-log.ts'
import { Listings } from '../../server/listings/listings.ts'
import { callControl, NoDaemon } from '../../server/ops/api/client.ts'
import { controlSocketPath, lockDataFolder } from '../../server/ops/data-lock.ts'
import { operationSettings } from '../../server/ops/operation-settings.ts'
import {
  type InputOf,
  type OperationName,
  perform,
  type ResultOf,
} from '../../server/ops/operations/catalog.ts'
import type { Progress } from '../../server/ops/operations/operation.ts'
import { Purses } from '../../server/purse/purses.ts'
import { probeWith } from '../../server/relay/outbound/settings.ts'
import { PeerDirectory } from '../../server/relay/peers.ts'
import { openStore } from '../../storage/open-store.ts'
import { takeExclusiveLock } from '../../storage/sqlite/exclusive-lock.ts'
import { backUpOf } from '../../storage/transfer/back-up.ts'
import type { Arguments } from './arguments.ts'
import { Refused, UsageError } from './command.ts'
import type { Screen } from './screen.ts'

/**
 * Does an operation where the data is: through the daemon's socket, or, where no daemon holds the lock, on the store
 * itself with the lock held meanwhile.
 */
export async function ask<N extends OperationName>(
  args: Arguments,
  screen: Screen,
  name: N,
  input: InputOf<N>,
): Promise<ResultOf<N>> {
  const folder = resolve(args.data)
  if (!existsSync(folder)) throw new Refused('NO_DATA', `${folder}: there is no such data folder`)
  const progress: Progress = ({ done, of }) => screen.progress(done, of)
  try {
    return await callControl(controlSocketPath(folder), name, input, progress)
  } catch (error) {
    if (!(error instanceof NoDaemon)) throw error
  }
  return alone(folder, configOf(args, folder), name, input, progress)
}

async function alone<N extends OperationName>(
  folder: string,
  config: Config,
  name: N,
  input: InputOf<N>,
  progress: Progress,
): Promise<ResultOf<N>> {
  await using _lock = await lockDataFolder(folder, takeExclusiveLock)
  const opened = await openStore(folder, config.storage, systemClock.now().getTime())
  await using store = opened.store
  await using passwords = new PasswordThread()
  const scram = await scramKeyMakerOf(config.login, store)
  const directory = new AccountDirectory(store, passwords, config.provider.domain, systemClock, scram)
  const parts = {
    store,
    directory,
    eventLog: new EventLog({
      store,
      clock: systemClock,
      keepYears: config.evidence.retentionYears,
      owner: opened.shared ? undefined : 'kepd',
      lost: (error) => {
        throw error
      },
    }),
    clock: systemClock,
    ...operationSettings(config),
    operator: 'console',
    peers: await PeerDirectory.open(store.peers, config.provider.domain, config.peers),
    purses: new Purses({
      store,
      clock: systemClock,
      events: { purse: () => {} }, // nobody asks this process for metrics
      tariff: () => config.tariff,
    }),
    listings: new Listings({
      store,
      accounts: directory,
      clock: systemClock,
      domain: config.provider.domain,
      settings: () => config.directory,
      events: { directoryQuery: () => {} },
    }),
    probePeer: probeWith(() => config),
    backUp: backUpOf(store, opened.keys, () => systemClock.now().getTime()),
  }
  return (await perform(parts, name, input, progress)) as ResultOf<N>
}

/** The one that was named; else the development provider's, where this is its data folder. */
export function configOf(args: Arguments, folder: string): Config {
  if (args.config !== undefined) return loadConfig(args.config)
  if (!existsSync(developmentFiles(folder).authority.certificate))
    throw new UsageError({
      tr: '--config eksik: veri klasörü bir geliştirme sağlayıcısının değil',
      en: '--config is missing: the data folder is not a development provider’s',
    })
  const base = `http://127.0.0.1:${AUTHORITY_PORT}`
  return developmentConfig(folder, { urls: { tsa: `${base}/tsa`, crl: `${base}/ca.crl` } })
}
