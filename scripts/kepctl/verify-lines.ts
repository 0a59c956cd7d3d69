/** What `kepctl verify` shows on screens. */
import type { FileReport, Judgement, ProofEntry } from '../../evidence/index.ts'
import { type Screen, zonedTime } from './screen.ts'
import { openBeside, uncheckedIn } from './verify-report/unchecked.ts'
import { BESIDE, QUALIFIED, ROLES, sentence } from './verify-report/words.ts'

function proofLine({ provedAt, stamps }: ProofEntry, screen: Screen): string {
  if (provedAt === undefined) return screen.text({ tr: '  henüz mühürlenmemiş', en: '  not sealed yet' })
  const last = stamps.at(-1)?.time ?? provedAt
  return screen.text({
    tr: `  var olduğu kanıtlanan tarih ${zonedTime(provedAt)}; ${stamps.length} damga, sonuncusu ${zonedTime(last)}`,
    en: `  proved to have existed at ${zonedTime(provedAt)}; ${stamps.length} stamps, the last at ${zonedTime(last)}`,
  })
}

const verdictOf = ({ verdict, subIndication, reason }: Judgement): string =>
  subIndication === undefined ? verdict : `${verdict} (${[subIndication, reason].join(', ')})`

/** In the user's language, and beneath it what is for who looks closer. */
const why = (
  { reason, detail }: Pick<Judgement, 'reason' | 'detail'>,
  indent: string,
  screen: Screen,
): string[] => {
  const text = sentence({ reason })
  if (text === undefined) return []
  return [`${indent}${screen.text(text)}`, ...(detail ? [`${indent}  -- ${detail}`] : [])]
}

/** A pack of a year may have as many as it has records; --json shows each. */
const MAX_FINDINGS = 10

/** Each finding with its code, the worst first. */
function findingLines({ findings }: FileReport, screen: Screen): string[] {
  const shown = findings.slice(0, MAX_FINDINGS)
  const left = findings.length - shown.length
  return [
    ...shown.flatMap((one) => {
      const [first = '', ...more] = why(one, '  ', screen)
      return [`  ${one.reason}: ${first.trimStart()}`, ...more]
    }),
    ...(left > 0
      ? [
          screen.text({
            tr: `  … ve ${left} bulgu daha (--json)`,
            en: `  … and ${left} findings more (--json)`,
          }),
        ]
      : []),
  ]
}

/** What stands at the end of the verdict's line, where it passes and yet leaves something open. */
function beside(report: FileReport, screen: Screen): string {
  const text = openBeside([report])
  return text === undefined ? '' : ` — ${screen.text(text)}`
}

const ISO_TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)/g

/** The times in a text, as this screen shows times. */
const withZones = (text: string): string =>
  text.replace(ISO_TIME, (iso) => (Number.isNaN(Date.parse(iso)) ? iso : zonedTime(iso)))

/** Of a pack's other records only those that do not hold: a pack of a year has millions. */
export function linesOfAll(reports: readonly FileReport[], screen: Screen): string[] {
  const isQuiet = ({ kind, verdict }: FileReport): boolean => kind === 'record' && verdict === 'TOTAL-PASSED'
  const quiet = reports.filter(isQuiet).length
  return [
    ...reports.filter((report) => !isQuiet(report)).flatMap((report) => linesOf(report, screen)),
    ...(quiet === 0
      ? []
      : [
          screen.text({
            tr: `Delil olmayan ${quiet} kayıt doğrulandı (--json hepsini gösterir)`,
            en: `${quiet} records that are no evidence hold (--json shows each)`,
          }),
        ]),
  ]
}

/** The names of the fields are the law's, in every language. */
function linesOf(report: FileReport, screen: Screen): string[] {
  const { fields, content } = report
  const entry = (name: string, judged: Judgement, shown: readonly (string | undefined)[]): string[] => [
    `  ${name}: ${[...shown, verdictOf(judged)].filter(Boolean).join(', ')}`,
    ...why(judged, '    ', screen),
  ]
  return [
    `Doğrulama: ${verdictOf(report)}${beside(report, screen)}`,
    ...findingLines(report, screen),
    `Mesaj: ${fields.mesaj}`,
    `Detay mesajı: ${withZones(fields.detayMesaji)}`,
    `Konu: ${fields.konu}`,
    `Dosya Adı: ${fields.dosyaAdi}`,
    `Alıcılar: ${fields.alicilar.join(', ')}`,
    `Remmd ID: ${fields.remmdId}`,
    `Delil ID: ${fields.delilId === '' ? '' : `<${fields.delilId}>`}`,
    ...(content === undefined
      ? []
      : [
          screen.text({
            tr: `  içerik: ${content.type} ${content.mime ?? ''}, ${content.octets} sekizli`,
            en: `  content: ${content.type} ${content.mime ?? ''}, ${content.octets} octets`,
          }),
          ...(content.beside === undefined
            ? []
            : [
                screen.text({
                  tr: `  yanında verilen dosya: ${BESIDE[content.beside].tr}`,
                  en: `  file given beside it: ${BESIDE[content.beside].en}`,
                }),
              ]),
        ]),
    ...(report.statedIssuer === undefined
      ? []
      : [
          screen.text({
            tr: `  delilde yazan düzenleyen: ${report.statedIssuer}`,
            en: `  issuer as the evidence states: ${report.statedIssuer}`,
          }),
        ]),
    ...report.signatures.flatMap((one) =>
      entry(screen.text(ROLES[one.role]), one, [
        one.signer ?? '?',
        one.qualified && screen.text(QUALIFIED[one.qualified]),
        one.format,
        one.bestSignatureTime && zonedTime(one.bestSignatureTime),
      ]),
    ),
    ...report.timestamps.flatMap((one) =>
      entry(screen.text({ tr: 'Zaman damgası', en: 'Time-stamp' }), one, [
        one.authority ?? '?',
        one.time && zonedTime(one.time),
      ]),
    ),
    ...(report.proof === undefined ? [] : [proofLine(report.proof, screen)]),
    ...(report.ranges ?? []).map(({ chain, from, upTo }) =>
      screen.text({
        tr: `  boşluksuz: ${chain} ${from}–${upTo}`,
        en: `  without gaps: ${chain} ${from}–${upTo}`,
      }),
    ),
    ...(report.reach ?? []).map(({ chain, upTo }) =>
      screen.text({
        tr: `  zincirin ulaştığı bilinen sıra: ${chain} ${upTo}`,
        en: `  the chain is known to reach: ${chain} ${upTo}`,
      }),
    ),
    ...uncheckedIn(report).map(({ text }) => `  ${screen.text(text)}`),
    '',
  ]
}
