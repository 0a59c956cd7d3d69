import type { Arguments } from './arguments.ts'
import { type Command, UsageError } from './command.ts'
import { ask } from './reach.ts'
import { shownTime, table } from './screen.ts'

const string = { type: 'string' } as const
const subject = { account: string, message: string, reason: string } as const
const usage = '(--account ADDRESS | --message ID) --reason TEXT'

const holdPlace: Command = {
  name: 'hold place',
  usage,
  summary: {
    tr: 'hukuki saklama koyar: hesabın ya da iletinin hiçbir şeyi silinmez',
    en: 'places a legal hold: nothing of the account or the message is purged',
  },
  options: subject,
  positionals: [0, 0],
  async run(args, screen) {
    const held = await ask(args, screen, 'hold place', asked(args))
    screen.show(held, () => [
      screen.text({ tr: `${held.subject} saklanıyor`, en: `${held.subject} is held` }),
    ])
    return 0
  },
}

const holdLift: Command = {
  name: 'hold lift',
  usage,
  summary: { tr: 'hukuki saklamayı kaldırır', en: 'lifts a legal hold' },
  options: subject,
  positionals: [0, 0],
  async run(args, screen) {
    const lifted = await ask(args, screen, 'hold lift', asked(args))
    screen.show(lifted, () => [
      screen.text({ tr: `${lifted.subject} artık saklanmıyor`, en: `${lifted.subject} is held no longer` }),
    ])
    return 0
  },
}

const holdList: Command = {
  name: 'hold list',
  usage: '',
  summary: { tr: 'hukuki saklamaları sıralar', en: 'lists the legal holds' },
  options: {},
  positionals: [0, 0],
  async run(args, screen) {
    const { holds } = await ask(args, screen, 'hold list', {})
    screen.show({ holds }, () =>
      holds.length === 0
        ? [screen.text({ tr: 'saklanan yok', en: 'nothing is held' })]
        : table(holds.map(({ subject, since, by, reason }) => [subject, shownTime(since), by, reason])),
    )
    return 0
  },
}

function asked(args: Arguments) {
  const [account, message, reason] = [args.one('account'), args.one('message'), args.one('reason')]
  if (reason === undefined) throw new UsageError({ tr: '--reason eksik', en: '--reason is missing' })
  if (account !== undefined && message === undefined) return { subject: { account }, reason }
  if (message !== undefined && account === undefined) return { subject: { message }, reason }
  throw new UsageError({
    tr: '--account ya da --message: yalnız biri',
    en: '--account or --message: one of them',
  })
}

export const holdCommands: readonly Command[] = [holdPlace, holdLift, holdList]
