import type { RecordedEvent } from '../../server/event-log/event-log.ts'
import type { Command } from './command.ts'
import { ask } from './reach.ts'
import { shownTime, table } from './screen.ts'

const string = { type: 'string' } as const

export const logListCommand: Command = {
  name: 'log list',
  usage: '[--account ADDRESS [--person HANDLE]] [--from DATE] [--to DATE]',
  summary: {
    tr: 'olay kayıtları: girişler, ileti işlemleri, yetkiler, işletmen işlemleri',
    en: 'what happened: logins, acts on mail, rights, acts of operators',
  },
  options: { account: string, person: string, from: string, to: string },
  positionals: [0, 0],
  async run(args, screen) {
    const filter = args.given({ account: 'account', person: 'person', from: 'from', to: 'to' })
    const events: RecordedEvent[] = []
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page: { events: readonly RecordedEvent[]; next: number | undefined } = await ask(
        args,
        screen,
        'log list',
        { ...filter, after },
      )
      events.push(...page.events)
      after = page.next
    }
    screen.show(events, () =>
      table(
        events.map(({ sequence, at, what, by, account, person, details }) => [
          String(sequence),
          shownTime(at),
          what,
          [by.operator, by.person, by.ip].filter((part) => part !== undefined).join(' '),
          [account, person].filter((part) => part !== undefined).join('/'),
          details === undefined ? '' : JSON.stringify(details),
        ]),
      ),
    )
    return 0
  },
}
