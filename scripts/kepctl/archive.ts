import { type Command, UsageError } from './command.ts'
import { ask } from './reach.ts'

export const archiveCheckCommand: Command = {
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
      screen.text({ tr: `Okunan ileti: ${report.bodies}`, en: `Messages read: ${report.bodies}` }),
      ...report.brokenBodies.map(({ intake, reason }) => `  <${intake}>: ${reason}`),
    ])
    return report.ok ? 0 : 1
  },
}
