import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { feed, type ImportReport } from '../../server/listings/feed.ts'
import type { ImportStep } from '../../server/ops/operations/directory-import.ts'
import type { Command } from './command.ts'
import { Refused } from './command.ts'
import { ask } from './reach.ts'
import type { Screen } from './screen.ts'

const string = { type: 'string' } as const

export const directoryImport: Command = {
  name: 'directory import',
  usage: 'FILE --provider hsNN.kep.tr   (JSON lines, as directory export writes them)',
  summary: {
    tr: 'başka bir KEPHS’nin rehberini alır; dosyada olmayan kayıtları silinir',
    en: 'takes the directory of another provider; its entries that are not in the file go',
  },
  options: { provider: string },
  positionals: [1, 1],
  async run(args, screen) {
    const file = args.word(0)
    const provider = args.required('provider')
    await stat(file).catch((cause: unknown) => {
      throw new Refused('NO_FILE', `${file}: cannot be read`, { cause })
    })
    let run: string | undefined
    const step = async (
      lines: { number: number; text: string | undefined }[],
      end: boolean,
    ): Promise<ImportStep> => {
      const made = await ask(args, screen, 'directory import', { provider, run, lines, end })
      run = made.run
      return made
    }
    const report = await feed(
      createReadStream(file),
      {
        take: (lines) =>
          step(
            lines.map(({ number, text }) => ({ number, text })),
            false,
          ),
        end: async () => (await step([], true)).removed,
      },
      (lines) => screen.progress(lines, undefined),
    )
    screen.show(report, () => reportLines(report, screen))
    return report.whole && report.faulty === 0 ? 0 : 1
  },
}

const reportLines = ({ taken, faulty, faults, removed, whole }: ImportReport, screen: Screen): string[] => [
  screen.text({
    tr: `${taken} kayıt alındı, ${removed} kayıt silindi, ${faulty} satır hatalı`,
    en: `${taken} entries taken, ${removed} removed, ${faulty} lines faulty`,
  }),
  ...faults.map(({ line, reason }) => `  ${screen.text({ tr: 'satır', en: 'line' })} ${line}: ${reason}`),
  ...(whole
    ? []
    : [
        screen.text({
          tr: 'Dosya tam değil: hiçbir kayıt silinmedi',
          en: 'The file is not whole: nothing was removed',
        }),
      ]),
]

export const directoryExport: Command = {
  name: 'directory export',
  usage: '[--provider hsNN.kep.tr]   (ours where none is named)',
  summary: {
    tr: 'rehberi başka KEPHS’ler için yazar: yalnız görünebilen alanlar, JSON satırları',
    en: 'writes the directory for other providers: what may be seen, as JSON lines',
  },
  options: { provider: string },
  positionals: [0, 0],
  async run(args, screen) {
    const provider = args.one('provider')
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: { lines: readonly string[]; next: string | undefined } = await ask(
        args,
        screen,
        'directory export',
        { provider, after },
      )
      // The lines are JSON in either form of output, and may be more than memory holds.
      for (const line of page.lines) screen.line(line)
      after = page.next
    }
    return 0
  },
}
