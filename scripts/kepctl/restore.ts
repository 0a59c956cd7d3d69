import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Config } from '../../config/schema.ts'
import { systemClock } from '../../mail/clock.ts'
import { EventLog } from '../../server/event-log/event-log.ts'
import { lockDataFolder } from '../../server/ops/data-lock.ts'
import { checkArchive } from '../../server/ops/operations/archive-check.ts'
import { squareRestoredBooks } from '../../server/purse/restored-books.ts'
import { type FillTarget, openFillTarget } from '../../storage/fill-target.ts'
import { STORE_FOLDER, storeKeysOf } from '../../storage/open-store.ts'
import { StoreError } from '../../storage/port.ts'
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
    const report = await restored(folder, config, backup, screen, args.flag('replace'))
    const { madeAt } = backup.manifest
    screen.show({ restored: madeAt, ...report }, () => [
      screen.text({ tr: `Geri yüklendi: ${madeAt} yedeği`, en: `Restored: the backup of ${madeAt}` }),
      screen.text({
        tr: `  zincirler sağlam: ${report.entries} delil, ${report.events} olay`,
        en: `  the chains hold: ${report.entries} entries of evidence, ${report.events} of events`,
      }),
      ...(report.withoutBody === 0
        ? []
        : [
            screen.text({
              tr: `  ${report.withoutBody} ileti gövdesiz: yedek alınırken silinmişti`,
              en: `  ${report.withoutBody} messages without body: they were deleted while the backup was made`,
            }),
          ]),
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
  /** Messages that were deleted while the backup was made. */
  readonly withoutBody: number
  /** Where the store that was there has gone. */
  readonly before?: string
}

/** In its place, and to be opened by others, only when everything has been found whole. */
async function restored(
  folder: string,
  config: Config,
  backup: OpenedBackup,
  screen: Screen,
  replaces: boolean,
): Promise<Restored> {
  const { madeAt } = backup.manifest
  await using target = await targetOf(folder, config, `the backup of ${madeAt}`, screen, replaces)
  const { store } = target
  const { withoutBody } = await fillStore(store, backup, {
    wentBackAt: systemClock.now().getTime(),
    progress: ({ records }) => screen.progress(records, recordsIn(backup)),
  })
  const report = await checkArchive(store, BODIES_CHECKED, () => {})
  if (!report.ok)
    throw new Refused(
      'CORRUPT',
      `the backup of ${madeAt} is not whole: ${JSON.stringify(report.broken ?? report.brokenEvents ?? report.brokenBodies)}`,
    )
  await squareRestoredBooks(store, systemClock)
  const eventLog = new EventLog({
    store,
    clock: systemClock,
    keepYears: config.evidence.retentionYears,
    lost: (error) => {
      throw error
    },
  })
  await eventLog.record({ what: 'restored', by: { operator: 'console' }, details: { madeAt } })
  const before = await target.finish()
  const { entries, events } = report
  return { entries, events, withoutBody, ...(before !== undefined && { before }) }
}

async function targetOf(
  folder: string,
  { storage }: Config,
  what: string,
  screen: Screen,
  replaces: boolean,
): Promise<FillTarget> {
  try {
    return await openFillTarget(folder, storage, {
      now: systemClock.now().getTime(),
      what,
      replaces,
      onWait: (ms) => screen.waits(ms),
    })
  } catch (error) {
    if (error instanceof StoreError && error.code === 'NOT_EMPTY' && !isShared(storage))
      throw new Refused(
        error.code,
        `${error.message}: --replace puts it aside, as ${STORE_FOLDER}.before-<time>, and restores in its place`,
      )
    throw error
  }
}

const isShared = ({ mongodb, mongodbFile }: Config['storage']): boolean =>
  (mongodb ?? mongodbFile) !== undefined

const recordsIn = ({ manifest }: OpenedBackup): number =>
  Object.values(manifest.counts).reduce((sum, count) => sum + count, 0)
