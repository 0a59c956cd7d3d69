import { UNIT_KINDS } from '../../mail/tariff.ts'
import type { LedgerPage } from '../../server/ops/operations/credit-list.ts'
import type { CreditView } from '../../server/ops/operations/credit-view.ts'
import type { LedgerEntry } from '../../server/purse/ledger.ts'
import type { Arguments } from './arguments.ts'
import { type Command, UsageError } from './command.ts'
import { CREDIT_LISTS, type CreditList, JOURNAL } from './credit-lists.ts'
import { csvLine } from './csv.ts'
import { kurusOf, liraOf } from './money.ts'
import { ask } from './reach.ts'
import { type Screen, shownTime, table } from './screen.ts'

const string = { type: 'string' } as const
const boolean = { type: 'boolean' } as const

const creditAdd: Command = {
  name: 'credit add',
  usage:
    'ADDRESS (--package kep|eYazisma|sms --units N [--until DATE] [--price TL] | --deposit TL) [--note TEXT] [--receipt NUMBER] [--by HANDLE]',
  summary: {
    tr: 'hesaba kontör paketi veya bakiye yükler',
    en: 'adds a package of units, or money, to a purse',
  },
  options: {
    package: string,
    units: string,
    until: string,
    price: string,
    deposit: string,
    note: string,
    receipt: string,
    by: string,
  },
  positionals: [1, 1],
  async run(args, screen) {
    const about = { address: args.word(0), ...args.given({ note: 'note', receipt: 'receipt', by: 'by' }) }
    const deposit = args.one('deposit')
    const kind = UNIT_KINDS.find((known) => known === args.one('package'))
    if ((deposit === undefined) === (args.one('package') === undefined))
      throw new UsageError({
        tr: '--package ve --deposit seçeneklerinden biri',
        en: 'one of --package and --deposit',
      })
    if (deposit === undefined && kind === undefined)
      throw new UsageError({
        tr: `--package şunlardan biridir: ${UNIT_KINDS.join(', ')}`,
        en: `--package is one of ${UNIT_KINDS.join(', ')}`,
      })
    const price = args.one('price')
    const view =
      kind === undefined
        ? await ask(args, screen, 'credit add', { ...about, deposit: money(deposit ?? '', 'deposit') })
        : await ask(args, screen, 'credit add', {
            ...about,
            package: kind,
            units: whole(args.required('units'), 'units'),
            ...(price === undefined ? {} : { price: money(price, 'price') }),
            ...args.given({ until: 'until' }),
          })
    screen.show(view, () => linesOf(view, screen))
    return 0
  },
}

const creditRefund: Command = {
  name: 'credit refund',
  usage: 'ADDRESS --amount TL [--note TEXT] [--receipt NUMBER] [--by HANDLE]',
  summary: { tr: 'bakiyeden iade yapar', en: 'books money that was paid back' },
  options: { amount: string, note: string, receipt: string, by: string },
  positionals: [1, 1],
  async run(args, screen) {
    const view = await ask(args, screen, 'credit refund', {
      address: args.word(0),
      amount: money(args.required('amount'), 'amount'),
      ...args.given({ note: 'note', receipt: 'receipt', by: 'by' }),
    })
    screen.show(view, () => linesOf(view, screen))
    return 0
  },
}

const creditShow: Command = {
  name: 'credit show',
  usage: 'ADDRESS',
  summary: { tr: 'bakiye ve kontörleri gösterir', en: 'shows balance and packages' },
  options: {},
  positionals: [1, 1],
  async run(args, screen) {
    const view = await ask(args, screen, 'credit show', { address: args.word(0) })
    screen.show(view, () => linesOf(view, screen))
    return 0
  },
}

const creditList: Command = {
  name: 'credit list',
  usage: 'ADDRESS [--from TIME] [--to TIME] [--list deposits|purchases|balance|package|all] [--csv]',
  summary: { tr: 'hesap hareketlerini listeler', en: 'lists the movements of a purse' },
  options: { from: string, to: string, list: string, csv: boolean },
  positionals: [1, 1],
  async run(args, screen) {
    const named = args.one('list')
    const list = [...CREDIT_LISTS, JOURNAL].find(({ name }) => name === named)
    if (named !== undefined && list === undefined)
      throw new UsageError({ tr: `--list ${named} bilinmiyor`, en: `--list ${named} is not known` })
    const csv = args.flag('csv')
    if (csv && screen.json)
      throw new UsageError({ tr: '--csv ve --json seçeneklerinden biri', en: 'one of --csv and --json' })
    const entries = await allEntries(args, screen)
    screen.show(entries, () => (csv ? csvOf(list ?? JOURNAL, entries) : tablesOf(list, entries)))
    return 0
  },
}

const creditCheck: Command = {
  name: 'credit check',
  usage: '[ADDRESS]',
  summary: { tr: 'kontör ve bakiye defterlerini denetler', en: 'adds up the books of purses' },
  options: {},
  positionals: [0, 1],
  async run(args, screen) {
    const address = args.words[0]
    const report = await ask(args, screen, 'credit check', address === undefined ? {} : { address })
    screen.show(report, () => [
      screen.text({
        tr: `${report.accounts} hesap, ${report.entries} kayıt, ${report.open} bekleyen: ${report.ok ? 'doğru' : 'HATALI'}`,
        en: `${report.accounts} accounts, ${report.entries} entries, ${report.open} open: ${report.ok ? 'sound' : 'BROKEN'}`,
      }),
      ...report.broken.flatMap(({ account, faults }) => faults.map((fault) => `  ${account}: ${fault}`)),
    ])
    return report.ok ? 0 : 1
  },
}

export const creditCommands: readonly Command[] = [
  creditAdd,
  creditRefund,
  creditShow,
  creditList,
  creditCheck,
]

async function allEntries(args: Arguments, screen: Screen): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = []
  const about = { address: args.word(0), ...args.given({ from: 'from', to: 'to' }) }
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: LedgerPage = await ask(args, screen, 'credit list', { ...about, after })
    entries.push(...page.entries)
    after = page.next
  }
  return entries
}

const csvOf = ({ columns, rows }: CreditList, entries: readonly LedgerEntry[]): string[] => [
  csvLine(columns),
  ...entries.flatMap(rows).map(csvLine),
]

const tablesOf = (list: CreditList | undefined, entries: readonly LedgerEntry[]): string[] =>
  (list === undefined ? CREDIT_LISTS : [list]).flatMap(({ title, columns, rows }, index) => [
    ...(index === 0 ? [] : ['']),
    title,
    ...table([columns, ...entries.flatMap(rows)]).map((line) => `  ${line}`),
  ])

function linesOf({ address, balance, reserved, packages, repeated }: CreditView, screen: Screen): string[] {
  const until = screen.text({ tr: 'bitiş', en: 'until' })
  const held = screen.text({ tr: 'ayrılan', en: 'set aside' })
  const before = screen.text({
    tr: 'Bu makbuz daha önce işlenmişti, yeniden işlenmedi.',
    en: 'This receipt was booked before, and was not booked again.',
  })
  return [
    ...(repeated === true ? [before] : []),
    address,
    `${screen.text({ tr: 'Bakiye', en: 'Balance' })}: ${liraOf(balance)} TL (${held} ${liraOf(reserved)} TL)`,
    ...packages.map(
      (one) =>
        `  ${one.unit}  ${one.left} / ${one.bought} (${held} ${one.held})${one.until === undefined ? '' : `  ${until} ${shownTime(one.until)}`}`,
    ),
  ]
}

function money(text: string, option: string): number {
  const kurus = kurusOf(text)
  if (kurus === undefined)
    throw new UsageError({
      tr: `--${option} ${text} TL tutarı değil; örnek: 12 ya da 12.50`,
      en: `--${option} ${text} is no sum in TL, as 12 or 12.50`,
    })
  return kurus
}

function whole(text: string, option: string): number {
  if (!/^[0-9]{1,9}$/.test(text))
    throw new UsageError({ tr: `--${option} ${text} bir sayı değil`, en: `--${option} ${text} is no number` })
  return Number(text)
}
