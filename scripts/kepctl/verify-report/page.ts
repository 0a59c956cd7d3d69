/** The report of a verification as one page for a court: Turkish with English beneath, printable, nothing fetched. */
import type { FileReport, Judgement, SignatureEntry, TimestampEntry } from '../../../evidence/index.ts'
import type { Text } from '../command.ts'
import { shownTime } from '../screen.ts'
import { type Content, type Html, html } from './html.ts'
import { STYLE } from './style.ts'
import { openBeside, uncheckedIn } from './unchecked.ts'
import { ANCHORS, BESIDE, KINDS, QUALIFIED, REVOCATION, ROLES, sentence, VERDICTS } from './words.ts'

/** One file as it was read; of a folder only the name. */
export interface ReportedFile {
  readonly name: string
  readonly octets: number | undefined
  readonly sha256: string | undefined
  readonly sha512: string | undefined
  readonly reports: readonly FileReport[]
  /** ISO time: of a pack that somebody took over, when that was. */
  readonly takenOverAt?: string | undefined
}

export interface ReportFacts {
  readonly files: readonly ReportedFile[]
  /** ISO times: when the report was made, and as of when what proves no time of its own was judged. */
  readonly madeAt: string
  readonly validationTime: string
  readonly revocation: 'if-present' | 'require'
  /** How many the caller gave. */
  readonly crls: number
  readonly ocsps: number
  /** `sha256=2040-01-01` */
  readonly outdated: readonly string[]
  readonly anchors: readonly {
    readonly role: keyof typeof ANCHORS
    readonly subject: string
    readonly fingerprint: string
    readonly notAfter: string
  }[]
  readonly program: string
}

const both = (tr: string, en: string): Html => html`${tr} <span class="en">${en}</span>`
const inBoth = ({ tr, en }: Text): Html => both(tr, en)
/** A value that somebody else chose: its direction stays its own. */
const foreign = (text: string): Html => html`<bdi>${text}</bdi>`
const hex = (text: string): Html => html`<span class="hex">${text}</span>`

const time = (iso: string): Html =>
  html`${shownTime(iso)} (Europe/Istanbul)<br><span class="en">${iso} (UTC)</span>`

/** Rows without a value are left out. */
const rows = (list: readonly (readonly [tr: string, en: string, value: Content])[]): Html =>
  html`<table>${list
    .filter(([, , value]) => value !== undefined && value !== '')
    .map(([tr, en, value]) => html`<tr><th scope="row">${both(tr, en)}</th><td>${value}</td></tr>`)}</table>`

const CLASSES: Readonly<Record<Judgement['verdict'], string>> = {
  'TOTAL-PASSED': 'passed',
  INDETERMINATE: 'open',
  'TOTAL-FAILED': 'failed',
}

/** A pack of a year may have as many as it has records; the JSON has them all. */
const MAX_FINDINGS = 20

function verdictOf(judged: Judgement, beside?: Html): Html {
  const { verdict, subIndication, reason, detail } = judged
  const why = sentence(judged)
  return html`<div class="verdict ${CLASSES[verdict]}"><strong>${VERDICTS[verdict].tr}</strong> <span class="en">${VERDICTS[verdict].en}</span>
<br>${[verdict, subIndication, reason].filter(Boolean).join(' · ')}${why && html`<br>${why.tr}<br><span class="en">${why.en}</span>`}${
    detail === undefined || detail === '' ? undefined : html`<br><span class="en">${foreign(detail)}</span>`
  }${beside}</div>`
}

const holder = (certificateSerial: string | undefined, fingerprint: string | undefined) =>
  [
    ['Sertifika seri no', 'Serial number of the certificate', certificateSerial && hex(certificateSerial)],
    ['Sertifika özeti (SHA-256)', 'Fingerprint of the certificate', fingerprint && hex(fingerprint)],
  ] as const

const signature = (entry: SignatureEntry): Html =>
  html`<h3>${inBoth(ROLES[entry.role])}</h3>${verdictOf(entry)}${rows([
    ['İmzalayan', 'Signer', entry.signer && foreign(entry.signer)],
    ['Nitelik', 'Qualification', entry.qualified && inBoth(QUALIFIED[entry.qualified])],
    ['Sertifikayı veren', 'Issuer', entry.issuer && foreign(entry.issuer)],
    ...holder(entry.certificateSerial, entry.fingerprint),
    ['Biçim', 'Format', entry.format],
    ['Algoritma', 'Algorithm', entry.algorithm],
    ['Beyan edilen imza zamanı', 'Claimed signing time', entry.signingTime && time(entry.signingTime)],
    [
      'Kanıtlanan en iyi imza zamanı',
      'Best signature time (proved)',
      entry.bestSignatureTime === undefined
        ? both('kanıtlanmadı', 'not proved')
        : time(entry.bestSignatureTime),
    ],
    ['İptal durumu', 'Revocation', inBoth(REVOCATION[entry.revocation])],
    ['İptal bilgisinin tarihi', 'Revocation as told at', entry.statusOf && time(entry.statusOf)],
  ])}`

const stamp = (entry: TimestampEntry): Html =>
  html`<h3>${both('Zaman damgası', 'Time-stamp')}: ${inBoth(ROLES[entry.role])}</h3>${verdictOf(entry)}${rows(
    [
      ['Zaman', 'Time', entry.time && time(entry.time)],
      ['Zaman damgası makamı', 'Authority', entry.authority && foreign(entry.authority)],
      ['Sertifikayı veren', 'Issuer', entry.issuer && foreign(entry.issuer)],
      ...holder(entry.certificateSerial, entry.fingerprint),
      ['Damga seri no', 'Serial number of the token', entry.serial && hex(entry.serial)],
      ['Damga ilkesi', 'Policy', entry.policy],
      ['İptal durumu', 'Revocation', inBoth(REVOCATION[entry.revocation])],
    ],
  )}`

const proof = ({ proof: found }: FileReport): Html | undefined =>
  found &&
  html`<h3>${both('Arşiv kanıtı: mühür ve yenilemeler', 'Proof by the archive: seal and renewals')}</h3>${
    found.provedAt === undefined
      ? html`<p>${both('Henüz mühürlenmemiş.', 'Not sealed yet.')}</p>`
      : rows([
          ['Var olduğu kanıtlanan zaman', 'Proved to have existed at', time(found.provedAt)],
          ...found.stamps.map(
            (one, index) =>
              [
                index === 0 ? 'Mührün damgası' : `${index}. yenileme`,
                index === 0 ? 'Stamp of the seal' : `Renewal ${index}`,
                html`${time(one.time)}<br>${foreign(one.authority)}<br>${one.hash}`,
              ] as const,
          ),
        ])
  }`

function unchecked(report: FileReport): Html {
  const shown = uncheckedIn(report).map(({ text }) => html`<li>${inBoth(text)}</li>`)
  return html`<h3>${both('Denetlenmeyenler', 'What was not checked')}</h3>${
    shown.length === 0 ? html`<p>${both('Yok.', 'Nothing.')}</p>` : html`<ul>${shown}</ul>`
  }`
}

/** Within the box of the verdict. */
function open(reports: readonly FileReport[]): Html | undefined {
  const text = openBeside(reports)
  return text && html`<br><strong class="beside">${text.tr}</strong> <span class="en">${text.en}</span>`
}

/** What else speaks against the file; the worst stands in the box. */
function others({ findings }: FileReport): Html | undefined {
  const rest = findings.slice(1, 1 + MAX_FINDINGS)
  if (rest.length === 0) return undefined
  const left = findings.length - 1 - rest.length
  return html`<h3>${both('Diğer bulgular', 'Other findings')}</h3><ul>${rest.map((one) => {
    const why = sentence(one)
    return html`<li>${one.verdict} · ${one.reason}: ${why?.tr} <span class="en">${why?.en} ${foreign(one.detail)}</span></li>`
  })}</ul>${left > 0 ? html`<p>… (+${left})</p>` : undefined}`
}

const fileReport = (report: FileReport): Html => {
  const { fields } = report
  const { subIndication, verdict } = report
  return html`${verdictOf(report, open([report]))}${others(report)}${rows([
    ['Doğrulama', 'Verification', [verdict, subIndication].filter(Boolean).join(' · ')],
    ['Mesaj', 'Message', fields.mesaj],
    ['Detay mesajı', 'Details', foreign(fields.detayMesaji)],
    ['Konu', 'Subject', fields.konu && foreign(fields.konu)],
    ['Dosya Adı', 'File name', foreign(fields.dosyaAdi)],
    [
      'Alıcılar',
      'Recipients',
      fields.alicilar.map((one, index) => html`${index === 0 ? undefined : html`<br>`}${foreign(one)}`),
    ],
    ['Remmd ID', 'Message identifier', fields.remmdId && foreign(fields.remmdId)],
    ['Delil ID', 'Evidence identifier', fields.delilId && foreign(fields.delilId)],
    [
      'Delilde yazan düzenleyen',
      'Issuer as the evidence states',
      report.statedIssuer && foreign(report.statedIssuer),
    ],
    ['Tür', 'Kind', inBoth(KINDS[report.kind])],
    [
      'İmzanın içindeki içerik',
      'Content inside the signature',
      report.content &&
        foreign(
          [report.content.type, report.content.mime, `${report.content.octets} B`].filter(Boolean).join(', '),
        ),
    ],
    [
      'Yanında verilen dosya',
      'File given beside it',
      report.content?.beside && inBoth(BESIDE[report.content.beside]),
    ],
  ])}${report.signatures.map(signature)}${report.timestamps.map(stamp)}${proof(report)}${unchecked(report)}`
}

const file = ({ name, octets, sha256, sha512, reports, takenOverAt }: ReportedFile): Html =>
  html`<section class="file"><h2>${foreign(name)}</h2>${rows([
    ['Boyut', 'Size', octets === undefined ? undefined : `${octets} B`],
    ['SHA-256', 'SHA-256', sha256 && hex(sha256)],
    ['SHA-512', 'SHA-512', sha512 && hex(sha512)],
    ['Devralındığı kanıtlanan an', 'Proved to have been taken over at', takenOverAt && time(takenOverAt)],
  ])}${reports.map((report, index) => html`${index === 0 ? undefined : html`<h2>${foreign(report.file)}</h2>`}${fileReport(report)}`)}</section>`

const options = (facts: ReportFacts): Html =>
  html`<section><h2>${both('Neye göre doğrulandı', 'How it was verified')}</h2>${rows([
    ['Rapor zamanı', 'Report made at', time(facts.madeAt)],
    [
      'Doğrulama anı (zamanı kanıtlı olmayanlar için)',
      'Time of validation (for what proves no time)',
      time(facts.validationTime),
    ],
    [
      'İptal denetimi',
      'Revocation',
      facts.revocation === 'require'
        ? both('zorunlu', 'required')
        : both('veri varsa', 'where there is data'),
    ],
    ['Verilen iptal listesi / OCSP yanıtı', 'Lists / OCSP responses given', `${facts.crls} / ${facts.ocsps}`],
    ['Eskimiş sayılan özetler', 'Digests held to be outdated', facts.outdated.join(', ')],
    ...facts.anchors.map(
      ({ role, subject, fingerprint, notAfter }) =>
        [
          ANCHORS[role].tr,
          ANCHORS[role].en,
          html`${foreign(subject)}<br>${hex(fingerprint)}<br>${both('geçerlilik sonu', 'valid until')} ${time(notAfter)}`,
        ] as const,
    ),
    ['Program', 'Program', facts.program],
    ['Yöntem', 'Method', 'EN 319 102-1, EN 319 132-1, EN 319 122-1, RFC 3161, RFC 5280, RFC 4998'],
  ])}</section>`

/** A complete document, UTF-8. */
export function reportPage(facts: ReportFacts): string {
  const all = facts.files.flatMap(({ reports }) => reports.map(({ verdict }) => verdict))
  const count = (wanted: Judgement['verdict']): number => all.filter((verdict) => verdict === wanted).length
  const worst = (['TOTAL-FAILED', 'INDETERMINATE', 'TOTAL-PASSED'] as const).find((one) => count(one) > 0)!
  return html`<!DOCTYPE html>
<html lang="tr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Doğrulama raporu</title><style>${STYLE}</style></head><body>
<h1>Doğrulama raporu</h1><p class="en">Report of a verification</p>
<div class="verdict ${CLASSES[worst]}"><strong>${VERDICTS[worst].tr}</strong> <span class="en">${VERDICTS[worst].en}</span><br>${both(
    `${count('TOTAL-PASSED')} doğrulandı, ${count('INDETERMINATE')} belirsiz, ${count('TOTAL-FAILED')} doğrulanamadı`,
    `${count('TOTAL-PASSED')} passed, ${count('INDETERMINATE')} indeterminate, ${count('TOTAL-FAILED')} failed`,
  )}${open(facts.files.flatMap(({ reports }) => reports))}<br>${time(facts.madeAt)}</div>
${facts.files.map(file)}
${options(facts)}
</body></html>
`.text
}
