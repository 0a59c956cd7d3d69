import { join } from 'node:path'
import { withoutBrackets } from '../../mail/ids.ts'
import { writeDurably } from '../../server/durable-file.ts'
import type { EvidenceLine } from '../../server/ops/operations/evidence-list.ts'
import type { Arguments } from './arguments.ts'
import { type Command, UsageError } from './command.ts'
import { ask } from './reach.ts'
import { shownTime, table } from './screen.ts'

const string = { type: 'string' } as const
const filter = { from: string, to: string, party: string } as const
const filterOf = (args: Arguments) => args.given({ from: 'from', to: 'to', party: 'party' })

const evidenceList: Command = {
  name: 'evidence list',
  usage: '[--from TIME] [--to TIME] [--party ADDRESS] [--limit N]',
  summary: { tr: 'arşivdeki delilleri listeler', en: 'lists the evidence in the archive' },
  options: { ...filter, limit: string },
  positionals: [0, 0],
  async run(args, screen) {
    const limit = Number(args.one('limit') ?? Number.POSITIVE_INFINITY)
    if (!(limit >= 1))
      throw new UsageError({ tr: '--limit en az 1 olan bir sayıdır', en: '--limit is a number from 1' })
    const all: EvidenceLine[] = []
    for (let after: number | undefined = 0; after !== undefined && all.length < limit; ) {
      const page: { evidence: readonly EvidenceLine[]; next: number | undefined } = await ask(
        args,
        screen,
        'evidence list',
        { ...filterOf(args), after, limit: Math.min(500, Math.ceil(limit) - all.length) },
      )
      all.push(...page.evidence)
      after = page.next
    }
    screen.show(all, () =>
      table(
        all.map(({ sequence, at, outcome, id, messageId }) => [
          String(sequence),
          shownTime(at),
          outcome,
          `<${id}>`,
          messageId,
        ]),
      ),
    )
    return 0
  },
}

const evidenceExport: Command = {
  name: 'evidence export',
  usage: '[ID] --out DIR [--lt] [--from TIME] [--to TIME] [--party ADDRESS]',
  summary: {
    tr: 'delilleri arşivdeki sekizlileriyle dosyalara yazar; --lt ile doğrulama verisini taşıyan kopyalarını (.lt.xml)',
    en: 'writes evidence into files, octet for octet as archived; with --lt copies that carry their validation data (.lt.xml)',
  },
  options: { ...filter, out: string, lt: { type: 'boolean' } },
  positionals: [0, 1],
  async run(args, screen) {
    const out = args.required('out')
    const [id] = args.words
    const written: string[] = []
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page: { files: readonly { name: string; octets: string }[]; next: number | undefined } =
        await ask(args, screen, 'evidence export', {
          ...filterOf(args),
          after,
          longTerm: args.flag('lt'),
          id: id === undefined ? undefined : withoutBrackets(id),
        })
      for (const { name, octets } of page.files) {
        const file = join(out, name)
        await writeDurably(file, Buffer.from(octets, 'base64'))
        written.push(file)
      }
      after = page.next
    }
    screen.show(written, () => written)
    return 0
  },
}

export const evidenceCommands: readonly Command[] = [evidenceList, evidenceExport]
