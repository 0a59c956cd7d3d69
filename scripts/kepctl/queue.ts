import type { QueueLine } from '../../server/ops/operations/queue-row.ts'
import { type Command, type Text, UsageError } from './command.ts'
import { ask } from './reach.ts'
import { type Screen, shownTime, table } from './screen.ts'

const string = { type: 'string' } as const

const queueList: Command = {
  name: 'queue list',
  usage: '[--peer PROVIDER] [--limit N]',
  summary: { tr: 'başka KEPHS’lere gidecekleri listeler', en: 'lists what waits to go to other providers' },
  options: { peer: string, limit: string },
  positionals: [0, 0],
  async run(args, screen) {
    const limit = Number(args.one('limit') ?? Number.POSITIVE_INFINITY)
    if (!(limit >= 1))
      throw new UsageError({ tr: '--limit en az 1 olan bir sayıdır', en: '--limit is a number from 1' })
    const rows: QueueLine[] = []
    for (
      let after: string | undefined, more = true;
      more && rows.length < limit;
      more = after !== undefined
    ) {
      const page: { rows: readonly QueueLine[]; next: string | undefined } = await ask(
        args,
        screen,
        'queue list',
        { peer: args.one('peer'), after, limit: Math.min(500, Math.ceil(limit) - rows.length) },
      )
      rows.push(...page.rows)
      after = page.next
    }
    screen.show(rows, () =>
      table(
        rows.map((row) => [
          row.id,
          row.peer,
          screen.text(WHAT[row.what]),
          shownTime(row.since),
          nextOf(row, screen),
          `${row.attempts} ${screen.text({ tr: 'deneme', en: 'attempts' })}`,
          ...doubtOf(row, screen),
          row.error ?? '',
        ]),
      ),
    )
    return 0
  },
}

const queueShow: Command = {
  name: 'queue show',
  usage: 'QUEUE-ID',
  summary: { tr: 'kuyruktaki bir kaydı gösterir', en: 'shows one entry of a queue' },
  options: {},
  positionals: [1, 1],
  async run(args, screen) {
    const row = await ask(args, screen, 'queue show', { id: args.word(0) })
    const label = (tr: string, en: string): string => screen.text({ tr, en })
    screen.show(row, () => [
      `${row.id}  ${row.peer}  ${screen.text(WHAT[row.what])}  ${row.size}`,
      ...(row.messageId === undefined ? [] : [`${label('İleti', 'Message')}: ${row.messageId}`]),
      `${label('Bekliyor', 'Waiting since')}: ${shownTime(row.since)}`,
      `${label('Sırada', 'Next')}: ${nextOf(row, screen)}  (${row.attempts} ${label('deneme', 'attempts')})`,
      ...doubtOf(row, screen).filter((text) => text !== ''),
      ...(row.error === undefined ? [] : [`${label('Son hata', 'Last error')}: ${row.error}`]),
      ...row.recipients.map(({ position, address }) => `  ${position}  ${address}`),
    ])
    return 0
  },
}

const WHAT = {
  dispatch: { tr: 'gönderi', en: 'dispatch' },
  evidence: { tr: 'delil', en: 'evidence' },
} as const

function nextOf({ state, next }: QueueLine, screen: Screen): string {
  if (state === 'held') return screen.text({ tr: 'DURDURULDU', en: 'HELD' })
  return state === 'done' ? screen.text({ tr: 'bitti', en: 'done' }) : shownTime(next)
}

const doubtOf = ({ phase, uncertain, state }: QueueLine, screen: Screen): string[] => [
  phase === 'data' && state === 'pending'
    ? screen.text({ tr: 'son sekizliler yolda', en: 'last octets on their way' })
    : '',
  uncertain === undefined
    ? ''
    : `${screen.text({ tr: 'belirsiz', en: 'uncertain' })} ${shownTime(uncertain)}`,
]

/** Those that change one entry differ in what they ask for and what they say. */
const changing = (
  name: 'queue retry' | 'queue hold' | 'queue release' | 'queue fail',
  summary: Text,
  done: Text,
): Command => ({
  name,
  usage: 'QUEUE-ID',
  summary,
  options: {},
  positionals: [1, 1],
  async run(args, screen) {
    const changed = await ask(args, screen, name, { id: args.word(0) })
    screen.show(changed, () => [`${changed.id}: ${screen.text(done)}`])
    return 0
  },
})

export const queueCommands: readonly Command[] = [
  queueList,
  queueShow,
  changing(
    'queue retry',
    { tr: 'bekleyen bir kaydı hemen yeniden dener', en: 'tries a waiting entry now' },
    { tr: 'şimdi denenecek', en: 'is tried now' },
  ),
  changing(
    'queue hold',
    { tr: 'bir kaydı durdurur; süresi işlemeye devam eder', en: 'holds an entry; its deadline goes on' },
    { tr: 'durduruldu', en: 'is held' },
  ),
  changing(
    'queue release',
    { tr: 'durdurulmuş bir kaydı sürdürür', en: 'lets a held entry go on' },
    { tr: 'sürüyor', en: 'goes on' },
  ),
  changing(
    'queue fail',
    { tr: 'bir kaydı aktarılamadı deliliyle bitirir', en: 'ends an entry as not relayed, with its evidence' },
    { tr: 'aktarılamadı sayıldı', en: 'counts as not relayed' },
  ),
]
