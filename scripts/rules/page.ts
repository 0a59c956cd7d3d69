/** docs/rules.md as the tables have it. */
import { FAILURES, type FailureCode } from '../../mail/errors.ts'
import { ACCOUNT_RULES } from './account-rules.ts'
import { DIRECTORY_RULES } from './directory-rules.ts'
import { EVIDENCE_RULES } from './evidence-rules.ts'
import { READING_RULES } from './reading-rules.ts'
import { isBetweenProviders, REFUSALS } from './refusals.ts'
import type { Rule } from './rule.ts'
import { SENDING_RULES } from './sending-rules.ts'

const SECTIONS: Readonly<Record<string, string>> = {
  1: 'Oturum / logins',
  2: 'Hesaplar / accounts',
  3: 'Gönderim / sending',
  4: 'Okuma / reading',
  5: 'Delil / evidence',
  6: 'KEP rehberi / directory',
  7: 'Kayıtlar / records',
  8: 'Yetkililer / persons',
  9: 'Paket, bakiye, bildirim / money and notices',
  10: 'Hesabın açılıp kapanması / opening and closing',
  12: 'e-Tebligat, e-Yazışma',
}

/** In the order of their numbers. */
export const rules = (): [row: string, rule: Rule][] =>
  Object.entries({
    ...ACCOUNT_RULES,
    ...SENDING_RULES,
    ...READING_RULES,
    ...EVIDENCE_RULES,
    ...DIRECTORY_RULES,
  }).sort(([a], [b]) => {
    const [[section = 0, row = 0], [otherSection = 0, otherRow = 0]] = [a, b].map((name) =>
      name.split('.').map(Number),
    ) as [number[], number[]]
    return section - otherSection || row - otherRow
  })

export const page = (): string =>
  [
    '# Rules',
    'Written by `npm run rules` from `scripts/rules/`; `npm run check:rules` fails when this page says anything else, when a file is not there, or when a rule has no test. A rule whose legal source could not be read says *unverified*.',
    '## Rules of the service',
    'What users of KEP know as rules, by number. Each test’s title begins with the number; *told* is what a client hears that breaks the rule.',
    ...Object.keys(SECTIONS).map(sectionText),
    '## Refusals of a submission',
    'Every refusal that an account’s client can be told; its table is `mail/errors.ts`.',
    refusals((code) => !isBetweenProviders(code)),
    '## Refusals between providers',
    'What a peer, or whoever claims to be one, can be told. What is wrong with a dispatch of a known peer is answered with evidence instead; its codes and reasons are the table in `evidence/peer/failure.ts`.',
    refusals(isBetweenProviders),
  ].join('\n\n') + '\n'

const sectionText = (section: string): string =>
  `### ${SECTIONS[section]}\n\n${table(
    ['', 'rule', 'source', 'file', 'test', 'told'],
    rules()
      .filter(([row]) => row.startsWith(`${section}.`))
      .map(([row, { tr, en, source, files, tests, told = [] }]) => [
        row,
        `${tr} / ${en}`,
        source,
        codes(files),
        codes(tests),
        told.map(reply).join('; ') || '–',
      ]),
  )}`

const refusals = (wanted: (code: FailureCode) => boolean): string =>
  table(
    ['code', 'reply', 'rejection evidence', 'rule', 'source', 'test'],
    codesOf()
      .filter(wanted)
      .map((code) => {
        const failure = FAILURES[code]
        const { files, source, test } = REFUSALS[code]
        const reason = 'reason' in failure ? failure.reason : '–'
        return [code, `${failure.reply} ${failure.status}`, reason, codes(files), source, codes([test])]
      }),
  )

export const isCode = (text: string): text is FailureCode => Object.hasOwn(FAILURES, text)
export const codesOf = (): FailureCode[] => Object.keys(FAILURES).filter(isCode)

const reply = (told: string): string =>
  isCode(told) ? `${FAILURES[told].reply} ${FAILURES[told].status} ${told}` : `IMAP ${told}`
const codes = (files: readonly string[]): string => files.map((file) => `\`${file}\``).join(', ')
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
