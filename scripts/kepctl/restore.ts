import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Config } from '../../config/schema.ts'
import { systemClock } from '../../mail/clock.ts'
import { EventLog } from '../../server/event-log/event-log.ts'
import { lockDataFolder } from '../../server/ops/data-lock.ts'
import { checkArchive } from '../../server/ops/operations/archive-check.ts'
import { openStore, openStoreIn, STORE_FOLDER, storeKeysOf } from '../../storage/open-store.ts'
import type { Store } from '../../storage/port.ts'
import { takeExclusiveLock } from '../../storage/sqlite/exclusive-lock.ts'
import { fillStore } from '../../storage/transfer/fill-store.ts'
import { type OpenedBackup, openBackup } from '../../storage/transfer/read-backup.ts'
import { type Command, Refused } from './command.ts'
import { configOf } from './reach.ts'
import type { Screen } from './screen.ts'

/** How many of the latest messages are read again after a restoration. */
const BODIES_CHECKED = 100

export const restoreCommand: Command = {
  name: 'restore',
  usage: 'DIR [--replace]',
  summary: {
    tr: 'yedekten geri yükler; hizmet dururken, boş ya da (--replace ile) yeri değiştirilen depoya',
    en: 'restores a backup while no daemon runs, into an empty store or (--replace) in place of the one there',
  },
  options: { replace: { type: 'boolean' } },
  positionals: [1, 1],
  async run(args, screen) {
    const folder = resolve(args.data)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const config = configOf(args, folder)
    await using _lock = await lockDataFolder(folder, takeExclusiveLock)
    await using backup = await openBackup(resolve(args.word(0)), await storeKeysOf(config.storage))
    const isShared = (config.storage.mongodb ?? config.storage.mongodbFile) !== undefined
    const report = isShared
      ? await intoShared(folder, config, backup, screen)
      : await intoFolder(folder, config, backup, screen, args.flag('replace'))
    const { madeAt } = backup.manifest
    screen.show({ restored: madeAt, ...report }, () => [
      screen.text({ tr: `Geri yüklendi: ${madeAt} yedeği`, en: `Restored: the backup of ${madeAt}` }),
      screen.text({
        tr: `  zincirler sağlam: ${report.entries} delil, ${report.events} olay`,
        en: `  the chains hold: ${report.entries} entries of evidence, ${report.events} of events`,
      }),
      ...(report.before === undefined
        ? []
        : [
            screen.text({
              tr: `  önceki depo: ${report.before}`,
              en: `  the store of before: ${report.before}`,
            }),
          ]),
    ])
    return 0
  },
}

interface Restored {
  readonly entries: number
  readonly events: number
  /** Where the store that was there has gone. */
  readonly before?: string
}

/** Beside the store that is there, and in its place only when everything has been found whole. */
async function intoFolder(
  folder: string,
  config: Config,
  backup: OpenedBackup,
  screen: Screen,
  replaces: boolean,
): Promise<Restored> {
  const [place, fresh] = [join(folder, STORE_FOLDER), join(folder, `${STORE_FOLDER}.restoring`)]
  if (existsSync(place) && !replaces && !(await isEmptyStore(folder, config)))
    throw new Refused(
      'NOT_EMPTY',
      `${place} holds mail already: --replace puts it aside, as ${STORE_FOLDER}.before-<time>, and restores in its place`,
    )
  await rm(fresh, { recursive: true, force: true })
  const { storage } = config
  const opened = await openStoreIn(fresh, { ...storage, replica: 'none' }, systemClock.now().getTime())
  const report = await filled(opened.store, config, backup, screen)
  if (!existsSync(place)) {
    await rename(fresh, place)
    return report
  }
  const before = `${place}.before-${systemClock.now().toISOString().replaceAll(':', '')}`
  await rename(place, before)
  await rename(fresh, place)
  return { ...report, before }
}

async function isEmptyStore(folder: string, { storage }: Config): Promise<boolean> {
  const opened = await openStore(folder, { ...storage, replica: 'none' }, systemClock.now().getTime())
  await using store = opened.store
  return await store.copy.isEmpty()
}

async function intoShared(
  folder: string,
  config: Config,
  backup: OpenedBackup,
  screen: Screen,
): Promise<Restored> {
  const opened = await openStore(folder, config.storage, systemClock.now().getTime())
  return filled(opened.store, config, backup, screen)
}

/** Filled, checked and closed. */
async function filled(given: Store, config: Config, backup: OpenedBackup, screen: Screen): Promise<Restored> {
  await using store = given
  const { counts, madeAt } = backup.manifest
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
  await fillStore(store, backup, {
    wentBackAt: systemClock.now().getTime(),
    progress: ({ records }) => screen.progress(records, all),
  })
  const report = await checkArchive(store, BODIES_CHECKED, () => {})
  if (!report.ok)
    throw new Refused(
      'CORRUPT',
      `the backup of ${madeAt} is not whole: ${JSON.stringify(report.broken ?? report.brokenEvents ?? report.brokenBodies)}`,
    )
  const eventLog = new EventLog({
    store,
    clock: systemClock,
    keepYears: config.evidence.retentionYears,
    lost: (error) => {
      throw error
    },
  })
  await eventLog.record({ what: 'restored', by: { operator: 'console' }, details: { madeAt } })
  return { entries: report.entries, events: report.events }
}
