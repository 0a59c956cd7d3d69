import { hash } from 'node:crypto'
import { open, readFile, rm, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import {
  type Certificate,
  crlsIn,
  type FileReport,
  type HashName,
  type PackOptions,
  provedTakeOver,
  verifyAuditPack,
  verifyFile,
} from '../../evidence/index.ts'
import { systemClock } from '../../mail/clock.ts'
import { packIn } from '../../server/archive/pack-folder.ts'
import { buildDigest } from '../../server/ops/digests.ts'
import { anchorsByRole, type RoleAnchors } from './anchors.ts'
import { type Command, Refused, UsageError } from './command.ts'
import type { Screen } from './screen.ts'
import { linesOfAll } from './verify-lines.ts'
import { type ReportedFile, type ReportFacts, reportPage } from './verify-report/page.ts'

const several = { type: 'string', multiple: true } as const
/** A dispatch of the largest message is some 140 MB; what is larger was not made by a provider. */
const MAX_FILE_OCTETS = 512 * 1024 * 1024

export const verifyCommand: Command = {
  name: 'verify',
  usage:
    'FILE… --trust PEM… [--providers PEM…] [--users PEM…] [--tsas PEM…] [--crl FILE…] [--ocsp FILE…] [--revocation if-present|require] [--content FILE] [--content-out FILE] [--report FILE.html] [--at TIME] [--outdated sha256=DAY…] [--proved-by DIR]',
  summary: {
    tr: 'delil, KEP iletisi, imza ve denetim paketini çevrimdışı doğrular (.xml, .eml, .p7s, .p7m, klasör)',
    en: 'verifies evidence, messages, signatures and audit packs offline (.xml, .eml, .p7s, .p7m, folder)',
  },
  options: {
    trust: several,
    providers: several,
    users: several,
    tsas: several,
    crl: several,
    ocsp: several,
    revocation: { type: 'string' },
    content: { type: 'string' },
    'content-out': { type: 'string' },
    report: { type: 'string' },
    at: { type: 'string' },
    outdated: several,
    'proved-by': { type: 'string' },
  },
  positionals: [1, Number.POSITIVE_INFINITY],
  async run(args, screen) {
    const revocation = args.one('revocation') ?? 'if-present'
    if (revocation !== 'if-present' && revocation !== 'require')
      throw new UsageError('--revocation is if-present or require')
    const trusted = await anchorsByRole({
      trust: args.many('trust'),
      providers: args.many('providers'),
      users: args.many('users'),
      tsas: args.many('tsas'),
    })
    const crls = (await Promise.all(args.many('crl').map(listsOf))).flat()
    const ocsps = await Promise.all(args.many('ocsp').map((file) => readFile(file)))
    const now = timeIn(args.one('at'), '--at') ?? systemClock.now()
    const outdated = outdatedOf(args.many('outdated'))
    const options = { ...trusted, intermediates: [], crls, ocsps, revocation, now, outdated } as const
    const contentOut = args.one('content-out')
    if (contentOut !== undefined && args.words.length !== 1)
      throw new UsageError('--content-out takes the content of one file')
    const files: ReportedFile[] = []
    const pieces: Uint8Array[] = []
    for (const file of args.words) {
      if ((await stat(file)).isDirectory()) {
        const name = basename(resolve(file))
        const whole = { octets: undefined, sha256: undefined, sha512: undefined }
        const then = await takenOverAt(file, args.one('proved-by'), options)
        const reports = await verifyAuditPack(name, packIn(file), { ...options, now: then })
        const takenOver = args.one('proved-by') === undefined ? undefined : then.toISOString()
        files.push({ name, ...whole, reports, takenOverAt: takenOver })
        continue
      }
      const octets = await octetsOf(file)
      const content = await contentOf(file, args.one('content'))
      const sink = contentOut === undefined ? undefined : (piece: Uint8Array) => pieces.push(piece)
      const given = { name: basename(file), octets, content, sink }
      files.push({ ...digestsOf(given), reports: [await verifyFile(given, options)] })
    }
    const reports = files.flatMap((file) => file.reports)
    screen.show(reports, () => linesOfAll(reports, screen))
    if (contentOut !== undefined) await writeContent(contentOut, reports, pieces, screen)
    const report = args.one('report')
    if (report !== undefined) {
      const given = {
        revocation: options.revocation,
        crls: crls.length,
        ocsps: ocsps.length,
        outdated: args.many('outdated'),
      }
      const facts = { files, anchors: anchorsShown(trusted), program: await program() }
      const times = { madeAt: systemClock.now().toISOString(), validationTime: now.toISOString() }
      await writeNew(report, reportPage({ ...facts, ...given, ...times }), screen)
    }
    return reports.every(({ verdict }) => verdict === 'TOTAL-PASSED') ? 0 : 1
  },
}

const digestsOf = ({ name, octets }: { name: string; octets: Uint8Array }) => ({
  name,
  octets: octets.length,
  sha256: hash('sha256', octets, 'hex'),
  sha512: hash('sha512', octets, 'hex'),
})

function anchorsShown({ anchors, userAnchors, stampAnchors }: RoleAnchors): ReportFacts['anchors'] {
  const shown = (role: ReportFacts['anchors'][number]['role'], list: readonly Certificate[] = []) =>
    list.map(({ subject, fingerprint, notAfter }) => ({
      role,
      subject: subject.text,
      fingerprint,
      notAfter: notAfter.toISOString(),
    }))
  if (userAnchors === undefined) return shown('all', anchors)
  return [...shown('providers', anchors), ...shown('users', userAnchors), ...shown('tsas', stampAnchors)]
}

/** Where two reports differ, it matters by which program they were made. */
async function program(): Promise<string> {
  return `OpenKEP, build ${await buildDigest()}; Node ${process.versions.node}`
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

/** What is there already is never written over. */
async function writeNew(
  file: string,
  content: string | readonly Uint8Array[],
  screen: Screen,
): Promise<void> {
  const target = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
    throw new Refused('EXISTS', screen.text({ tr: `${file} zaten var`, en: `${file} is there already` }))
  })
  try {
    if (typeof content === 'string') await target.writeFile(content)
    else for (const piece of content) await target.writeFile(piece)
  } catch (error) {
    await rm(file, { force: true })
    throw error
  } finally {
    await target.close()
  }
}

/** Only what a signature holds for leaves this program as what was signed. */
async function writeContent(
  out: string,
  [report]: readonly FileReport[],
  content: readonly Uint8Array[],
  screen: Screen,
): Promise<void> {
  if (report?.content === undefined)
    throw new Refused(
      'NO_CONTENT',
      screen.text({
        tr: 'dosyanın içinde imzalanmış içerik yok; --content-out yalnız .p7m ve içeriğini taşıyan imzalı iletiler içindir',
        en: 'there is no signed content inside the file; --content-out is for .p7m and opaque signed messages',
      }),
    )
  if (report.verdict === 'TOTAL-PASSED') await writeNew(out, content, screen)
  else
    screen.note(
      screen.text({
        tr: `${out} yazılmadı: içerik doğrulanmadı`,
        en: `${out} was not written: its content did not pass`,
      }),
    )
}
