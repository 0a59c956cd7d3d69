import { resolve } from 'node:path'
import { withoutBrackets } from '../../mail/ids.ts'
import type { PackReport } from '../../server/archive/audit-pack.ts'
import { takeOverCommands } from './archive-take-over.ts'
import { type Command, UsageError } from './command.ts'
import { ask } from './reach.ts'
import { type Screen, shownTime } from './screen.ts'

const archiveCheck: Command = {
  name: 'archive check',
  usage: '[--bodies N]',
  summary: {
    tr: 'delil zincirini baştan sona, son iletileri sekizli sekizli denetler',
    en: 'walks the whole chain of evidence and reads the latest messages again',
  },
  options: { bodies: { type: 'string' } },
  positionals: [0, 0],
  async run(args, screen) {
    const bodies = Number(args.one('bodies') ?? 100)
    if (!Number.isSafeInteger(bodies) || bodies < 0) throw new UsageError('--bodies is a number')
    const report = await ask(args, screen, 'archive check', { bodies })
    screen.show(report, () => [
      screen.text(
        report.broken === undefined
          ? { tr: `Zincir sağlam: ${report.entries} delil`, en: `The chain holds: ${report.entries} entries` }
          : {
              tr: `ZİNCİR KIRIK: ${report.broken.sequence}. kayıt, ${report.broken.failure}`,
              en: `THE CHAIN IS BROKEN at ${report.broken.sequence}: ${report.broken.failure}`,
            },
      ),
      ...(report.head === undefined ? [] : [report.head]),
      screen.text(
        report.brokenEvents === undefined
          ? { tr: `Olay kayıtları sağlam: ${report.events}`, en: `The log of events holds: ${report.events}` }
          : {
              tr: `OLAY KAYITLARI KIRIK: ${report.brokenEvents.sequence}. kayıt, ${report.brokenEvents.failure}`,
              en: `THE LOG OF EVENTS IS BROKEN at ${report.brokenEvents.sequence}: ${report.brokenEvents.failure}`,
            },
      ),
      ...report.others
        .filter(({ broken }) => broken !== undefined)
        .map(({ chain, broken }) =>
          screen.text({
            tr: `ZİNCİR KIRIK: ${chain}, ${broken?.sequence}. kayıt, ${broken?.failure}`,
            en: `THE CHAIN ${chain} IS BROKEN at ${broken?.sequence}: ${broken?.failure}`,
          }),
        ),
      screen.text({ tr: `Okunan ileti: ${report.bodies}`, en: `Messages read: ${report.bodies}` }),
      ...report.brokenBodies.map(({ intake, reason }) => `  <${intake}>: ${reason}`),
    ])
    return report.ok ? 0 : 1
  },
}

const archiveSeal: Command = {
  name: 'archive seal',
  usage: '',
  summary: {
    tr: 'son mühürden sonra eklenenleri şimdi mühürler (her gün kendiliğinden yapılır)',
    en: 'seals now what was appended since the last seal (done daily by itself)',
  },
  options: {},
  positionals: [0, 0],
  async run(args, screen) {
    const report = await ask(args, screen, 'archive seal', {})
    screen.show(report, () => [
      report.seal === undefined
        ? screen.text({ tr: 'Mühürlenecek bir şey yok', en: 'There is nothing to seal' })
        : report.made
          ? screen.text({ tr: `Mühürlendi: ${report.seal}`, en: `Sealed: ${report.seal}` })
          : screen.text({
              tr: `Yeni bir şey yok; son mühür ${report.seal}, ${shownTime(report.at ?? '')}`,
              en: `Nothing new; the last seal is ${report.seal}, ${shownTime(report.at ?? '')}`,
            }),
    ])
    return 0
  },
}

const archiveRenew: Command = {
  name: 'archive renew',
  usage: '[--all]',
  summary: {
    tr: 'eskiyen mühürleri yeni zaman damgasıyla ya da yeni özetle yeniler',
    en: 'renews seals that age, by a further time-stamp or by a new digest',
  },
  options: { all: { type: 'boolean' } },
  positionals: [0, 0],
  async run(args, screen) {
    const report = await ask(args, screen, 'archive renew', { all: args.flag('all') })
    screen.show(report, () => [
      screen.text({
        tr: `Yeniden damgalanan: ${report.renewed}, yeniden özetlenen: ${report.rehashed}`,
        en: `Stamped again: ${report.renewed}, digested anew: ${report.rehashed}`,
      }),
    ])
    return 0
  },
}

const string = { type: 'string' } as const

/** An export seals first; what came meanwhile, or while no TSA answered, is not sealed. */
const packLines = (folder: string, report: PackReport, screen: Screen): string[] => [
  screen.text({
    tr: `${folder}: ${report.messages} ileti, ${report.evidence} delil, ${report.files} dosya, ${report.octets} sekizli`,
    en: `${folder}: ${report.messages} messages, ${report.evidence} evidence, ${report.files} files, ${report.octets} octets`,
  }),
  ...(report.unsealed === 0
    ? []
    : [
        screen.text({
          tr: `  ${report.unsealed} kayıt henüz mühürlenmedi: birazdan yeniden alın`,
          en: `  ${report.unsealed} records are not sealed yet: export them again in a while`,
        }),
      ]),
]

const archiveExport: Command = {
  name: 'archive export',
  usage: 'DIR [ID…] [--from TIME] [--to TIME] [--party ADDRESS] [--all]',
  summary: {
    tr: 'ağ ve veri tabanı olmadan doğrulanan bir denetim paketi yazar',
    en: 'writes an audit pack that verifies with no network and no database',
  },
  options: { from: string, to: string, party: string, all: { type: 'boolean' } },
  positionals: [1, Number.POSITIVE_INFINITY],
  async run(args, screen) {
    const [folder = '', ...ids] = args.words
    const report = await ask(args, screen, 'archive export', {
      folder: resolve(folder),
      ids: ids.map(withoutBrackets),
      everything: args.flag('all'),
      ...args.given({ from: 'from', to: 'to', party: 'party' }),
    })
    screen.show(report, () => packLines(resolve(folder), report, screen))
    return 0
  },
}

const archiveHandover: Command = {
  name: 'archive handover',
  usage: 'DIR --to PROVIDER',
  summary: {
    tr: 'arşivin tümünü, onu bundan sonra saklayacak KEPHS için yazar (devir)',
    en: 'writes the whole archive for the provider that keeps it from now on',
  },
  options: { to: string },
  positionals: [1, 1],
  async run(args, screen) {
    const folder = resolve(args.word(0))
    const report = await ask(args, screen, 'archive handover', { folder, to: args.required('to') })
    screen.show(report, () => packLines(folder, report, screen))
    return 0
  },
}

export const archiveCommands: readonly Command[] = [
  archiveCheck,
  archiveSeal,
  archiveRenew,
  archiveExport,
  archiveHandover,
  ...takeOverCommands,
]
