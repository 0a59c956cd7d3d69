import { resolve } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import { systemClock } from '../../mail/clock.ts'
import { lockDataFolder } from '../../server/ops/data-lock.ts'
import { openFillTarget } from '../../storage/fill-target.ts'
import { openStore } from '../../storage/open-store.ts'
import { takeExclusiveLock } from '../../storage/sqlite/exclusive-lock.ts'
import { fillStore } from '../../storage/transfer/fill-store.ts'
import { storeSource } from '../../storage/transfer/source.ts'
import { type Command, Refused, UsageError } from './command.ts'
import { configOf } from './reach.ts'

export const migrateStoreCommand: Command = {
  name: 'migrate-store',
  usage: '--to-config FILE [--to-data DIR]',
  summary: {
    tr: 'her şeyi başka ayarların (storage) deposuna taşır; hizmet dururken',
    en: 'copies everything into the store of another configuration, while no daemon runs',
  },
  options: { 'to-config': { type: 'string' }, 'to-data': { type: 'string' } },
  positionals: [0, 0],
  async run(args, screen) {
    const target = args.one('to-config')
    if (target === undefined) throw new UsageError({ tr: '--to-config eksik', en: '--to-config is missing' })
    const folder = resolve(args.data)
    const other = resolve(args.one('to-data') ?? args.data)
    const [from, to] = [configOf(args, folder).storage, loadConfig(target).storage]
    if (folder === other && JSON.stringify(placeOf(from)) === JSON.stringify(placeOf(to)))
      throw new Refused('SAME_STORE', 'both configurations name the same store')
    await using _lock = await lockDataFolder(folder, takeExclusiveLock)
    await using _other = folder === other ? undefined : await lockDataFolder(other, takeExclusiveLock)
    const now = systemClock.now().getTime()
    await using source = (await openStore(folder, from, now)).store
    await using filled = await openFillTarget(other, to, {
      now,
      what: `the store of ${folder}`,
      onWait: (ms) => screen.waits(ms),
    })
    let records = 0
    const { withoutBody } = await fillStore(filled.store, storeSource(source), {
      progress: (done) => {
        records = done.records
        screen.progress(records, undefined)
      },
    })
    await filled.finish()
    screen.show({ records, withoutBody }, () => [
      screen.text({
        tr: `${records} kayıt taşındı; hizmeti ${target} ile başlatın`,
        en: `${records} records were copied; start the daemon with ${target}`,
      }),
      ...(withoutBody === 0
        ? []
        : [
            screen.text({
              tr: `  ${withoutBody} ileti gövdesiz: eski depoda bulunmadı ya da taşınırken silindi`,
              en: `  ${withoutBody} messages without body: the old store held none, or they were deleted meanwhile`,
            }),
          ]),
    ])
    return 0
  },
}

/** What decides which store it is. */
const placeOf = ({
  mongodb,
  mongodbFile,
}: {
  mongodb?: string | undefined
  mongodbFile?: string | undefined
}) => [mongodb, mongodbFile]
