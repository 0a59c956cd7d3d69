/** What `kepctl verify` shows on screens. */
import type { FileReport, Judgement, ProofEntry } from '../../evidence/index.ts'
import { type Screen, shownTime } from './screen.ts'
import { QUALIFIED, ROLES, sentence } from './verify-report/words.ts'

function proofLine({ provedAt, stamps }: ProofEntry, screen: Screen): string {
  if (provedAt === undefined) return screen.text({ tr: '  henüz mühürlenmemiş', en: '  not sealed yet' })
  const last = stamps.at(-1)?.time ?? provedAt
  return screen.text({
    tr: `  var olduğu kanıtlanan tarih ${shownTime(provedAt)}; ${stamps.length} damga, sonuncusu ${shownTime(last)}`,
    en: `  proved to have existed at ${shownTime(provedAt)}; ${stamps.length} stamps, the last at ${shownTime(last)}`,
  })
}

const verdictOf = ({ verdict, subIndication, reason }: Judgement): string =>
  subIndication === undefined ? verdict : `${verdict} (${[subIndication, reason].join(', ')})`

const sentenceLine = (judged: Judgement, screen: Screen): string[] => {
  const why = sentence(judged)
  return why === undefined ? [] : [`    ${screen.text(why)}`]
}

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
  const { fields, revocation, roles, content } = report
  const entry = (name: string, judged: Judgement, shown: readonly (string | undefined)[]): string[] => [
    `  ${name}: ${[...shown, verdictOf(judged)].filter(Boolean).join(', ')}`,
    ...sentenceLine(judged, screen),
  ]
  return [
    `Doğrulama: ${verdictOf(report)}`,
    `Mesaj: ${fields.mesaj}`,
    `Detay mesajı: ${fields.detayMesaji}`,
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
        one.bestSignatureTime && shownTime(one.bestSignatureTime),
      ]),
    ),
    ...report.timestamps.flatMap((one) =>
      entry(screen.text({ tr: 'Zaman damgası', en: 'Time-stamp' }), one, [
        one.authority ?? '?',
        one.time && shownTime(one.time),
      ]),
    ),
    ...(report.proof === undefined ? [] : [proofLine(report.proof, screen)]),
    ...(report.ranges ?? []).map(({ chain, from, upTo }) =>
      screen.text({
        tr: `  boşluksuz: ${chain} ${from}–${upTo}`,
        en: `  without gaps: ${chain} ${from}–${upTo}`,
      }),
    ),
    ...(roles === 'checked' || report.kind === 'record'
      ? []
      : [
          screen.text({
            tr: '  imzalayanın sağlayıcı olduğu denetlenmedi: kökler rollere ayrılmadı (--providers, --users, --tsas)',
            en: '  that the signer is a provider was not checked: anchors without roles (--providers, --users, --tsas)',
          }),
        ]),
    ...(report.timestamps.some(({ hasRunOut }) => hasRunOut)
      ? [
          screen.text({
            tr: '  zaman damgası makamının sertifikasının süresi dolmuş; damganın sonradan atılmadığını denetim paketi kanıtlar',
            en: '  the certificate of the time-stamping authority has run out; an audit pack proves that the stamp is no younger',
          }),
        ]
      : []),
    ...(revocation === 'checked' || report.kind === 'record'
      ? []
      : [screen.text({ tr: '  iptal durumu denetlenmedi', en: '  revocation was not checked' })]),
    '',
  ]
}
