import { readFile, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import {
  crlsIn,
  type FileReport,
  type HashName,
  type PackOptions,
  type ProofEntry,
  provedTakeOver,
  verifyAuditPack,
  verifyFile,
} from '../../evidence/index.ts'
import { systemClock } from '../../mail/clock.ts'
import { packIn } from '../../server/archive/pack-folder.ts'
import { anchorsIn } from './anchors.ts'
import { type Command, Refused, UsageError } from './command.ts'
import { type Screen, shownTime } from './screen.ts'

const several = { type: 'string', multiple: true } as const
/** A dispatch of the largest message is some 140 MB; what is larger was not made by a provider. */
const MAX_FILE_OCTETS = 512 * 1024 * 1024

export const verifyCommand: Command = {
  name: 'verify',
  usage:
    'FILE… --trust PEM… [--crl FILE…] [--ocsp FILE…] [--revocation if-present|require] [--content FILE] [--at TIME] [--outdated sha256=DAY…] [--proved-by DIR]',
  summary: {
    tr: 'delil, KEP iletisi, imza ve denetim paketini çevrimdışı doğrular (.xml, .eml, .p7s, klasör)',
    en: 'verifies evidence, messages, signatures and audit packs offline (.xml, .eml, .p7s, folder)',
  },
  options: {
    trust: several,
    crl: several,
    ocsp: several,
    revocation: { type: 'string' },
    content: { type: 'string' },
    at: { type: 'string' },
    outdated: several,
    'proved-by': { type: 'string' },
  },
  positionals: [1, Number.POSITIVE_INFINITY],
  async run(args, screen) {
    const revocation = args.one('revocation') ?? 'if-present'
    if (revocation !== 'if-present' && revocation !== 'require')
      throw new UsageError('--revocation is if-present or require')
    const anchors = await anchorsIn(args.many('trust'))
    const crls = (await Promise.all(args.many('crl').map(listsOf))).flat()
    const ocsps = await Promise.all(args.many('ocsp').map((file) => readFile(file)))
    const now = timeIn(args.one('at'), '--at') ?? systemClock.now()
    const outdated = outdatedOf(args.many('outdated'))
    const options = { anchors, intermediates: [], crls, ocsps, revocation, now, outdated } as const
    const reports: FileReport[] = []
    for (const file of args.words) {
      if ((await stat(file)).isDirectory()) {
        const then = await takenOverAt(file, args.one('proved-by'), options)
        reports.push(
          ...(await verifyAuditPack(basename(resolve(file)), packIn(file), { ...options, now: then })),
        )
        continue
      }
      const content = await contentOf(file, args.one('content'))
      reports.push(await verifyFile({ name: basename(file), octets: await octetsOf(file), content }, options))
    }
    screen.show(reports, () => reports.flatMap((report) => linesOf(report, screen)))
    return reports.every(({ verdict }) => verdict === 'TOTAL-PASSED') ? 0 : 1
  },
}

/** In DER or PEM; a file that is no list would answer for nobody, and nobody would know. */
async function listsOf(file: string): Promise<Uint8Array[]> {
  const octets = await readFile(file)
  try {
    return crlsIn(octets)
  } catch {
    throw new UsageError(`${file}: no revocation list in DER or PEM`)
  }
}

/** As of when a pack is judged: where somebody else keeps it now, as of when that was. */
async function takenOverAt(pack: string, proof: string | undefined, options: PackOptions): Promise<Date> {
  if (proof === undefined) return options.now
  const report = await provedTakeOver(packIn(pack), packIn(proof), options)
  if (!report.ok) throw new Refused('NOT_PROVED', `${proof}: ${report.detail}`)
  return report.provedAt
}

const DAY_OR_TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/

function timeIn(text: string | undefined, option: string): Date | undefined {
  if (text === undefined) return undefined
  const time = new Date(text)
  if (!DAY_OR_TIME.test(text) || Number.isNaN(time.getTime()))
    throw new UsageError(`${option} is a day (2026-11-22) or a time with its zone`)
  return time
}

/** From when on who verifies holds a digest algorithm to be broken. */
function outdatedOf(given: readonly string[]): PackOptions['outdated'] {
  const ends: { -readonly [name in HashName]?: Date } = {}
  for (const one of given) {
    const [name, day] = one.split('=', 2)
    if (name !== 'sha256' && name !== 'sha384' && name !== 'sha512')
      throw new UsageError('--outdated is like sha256=2040-01-01')
    ends[name] = timeIn(day ?? '', '--outdated')!
  }
  return ends
}

async function octetsOf(file: string): Promise<Uint8Array> {
  if ((await stat(file)).size > MAX_FILE_OCTETS) throw new Refused('TOO_LARGE', `${file}: too large a file`)
  return readFile(file)
}

/** What a detached signature signs lies beside it: `a.pdf` for `a.pdf.p7s`. */
async function contentOf(file: string, named: string | undefined): Promise<Uint8Array | undefined> {
  if (!file.endsWith('.p7s')) return undefined
  if (named !== undefined) return octetsOf(named)
  try {
    return await octetsOf(file.slice(0, -'.p7s'.length))
  } catch (error) {
    if (error instanceof Refused) throw error
    return undefined // the report then says what is missing
  }
}

const QUALIFIED = {
  nes: { tr: 'NES', en: 'NES (qualified, of a person)' },
  'e-seal': { tr: 'elektronik mühür', en: 'e-seal (qualified)' },
  qualified: { tr: 'nitelikli', en: 'qualified' },
} as const

function proofLine({ provedAt, stamps }: ProofEntry, screen: Screen): string {
  if (provedAt === undefined) return screen.text({ tr: '  henüz mühürlenmemiş', en: '  not sealed yet' })
  const last = stamps.at(-1)?.time ?? provedAt
  return screen.text({
    tr: `  var olduğu kanıtlanan tarih ${shownTime(provedAt)}; ${stamps.length} damga, sonuncusu ${shownTime(last)}`,
    en: `  proved to have existed at ${shownTime(provedAt)}; ${stamps.length} stamps, the last at ${shownTime(last)}`,
  })
}

/** The names of the fields are the law's, in every language. */
function linesOf(report: FileReport, screen: Screen): string[] {
  const { fields, verdict, subIndication, revocation } = report
  return [
    `Doğrulama: ${verdict}${subIndication === undefined ? '' : ` (${subIndication})`}`,
    `Mesaj: ${fields.mesaj}`,
    `Detay mesajı: ${fields.detayMesaji}`,
    `Konu: ${fields.konu}`,
    `Dosya Adı: ${fields.dosyaAdi}`,
    `Alıcılar: ${fields.alicilar.join(', ')}`,
    `Remmd ID: ${fields.remmdId}`,
    `Delil ID: ${fields.delilId === '' ? '' : `<${fields.delilId}>`}`,
    ...report.signatures.map(
      ({ role, signer = '?', qualified, verdict: judged, timestamp }) =>
        `  ${role}: ${[signer, qualified && screen.text(QUALIFIED[qualified]), judged, timestamp].filter(Boolean).join(', ')}`,
    ),
    ...(report.proof === undefined ? [] : [proofLine(report.proof, screen)]),
    ...(report.ranges ?? []).map(({ chain, from, upTo }) =>
      screen.text({
        tr: `  boşluksuz: ${chain} ${from}–${upTo}`,
        en: `  without gaps: ${chain} ${from}–${upTo}`,
      }),
    ),
    ...(revocation === 'checked' || report.kind === 'record'
      ? []
      : [screen.text({ tr: '  iptal durumu denetlenmedi', en: '  revocation was not checked' })]),
    '',
  ]
}
