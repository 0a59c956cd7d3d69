import { hash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import {
  type Certificate,
  type PackOptions,
  provedTakeOver,
  SUMS,
  verifyAuditPack,
  verifyFile,
} from '../../evidence/index.ts'
import { systemClock } from '../../mail/clock.ts'
import { packIn } from '../../server/archive/pack-folder.ts'
import { buildDigest } from '../../server/ops/digests.ts'
import { anchorsByRole, type RoleAnchors } from './anchors.ts'
import type { Arguments } from './arguments.ts'
import { type Command, type ExitCode, Refused, type Text, UsageError } from './command.ts'
import { CannotLook, isFolder, looking, readGiven } from './given-file.ts'
import type { Screen } from './screen.ts'
import { answerOf, contentBeside, listsOf, outdatedOf, timeIn } from './verify-given.ts'
import { linesOfAll } from './verify-lines.ts'
import { type ReportedFile, type ReportFacts, reportPage } from './verify-report/page.ts'
import { writeContent, writeNew } from './verify-written.ts'

const several = { type: 'string', multiple: true } as const

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
  notes: [
    {
      tr: 'Çıkış kodu: 0 hepsi doğrulandı; 1 bir şey doğrulanmadı ya da belirsiz; 2 yanlış kullanım; 3 adı verilen bir dosyaya bakılamadı (ötekilerin sonucu yine gösterilir).',
      en: 'Exit code: 0 all passed; 1 something failed or is indeterminate; 2 wrong use; 3 a file that was named could not be looked at (the results of the others are shown all the same).',
    },
  ],
  async run(args, screen) {
    try {
      return await verify(args, screen)
    } catch (error) {
      // What the verdict was to rest on is not there.
      if (!(error instanceof CannotLook)) throw error
      screen.fail(error.code, error.message)
      return 3
    }
  },
}

async function verify(args: Arguments, screen: Screen): Promise<ExitCode> {
  const revocation = args.one('revocation') ?? 'if-present'
  if (revocation !== 'if-present' && revocation !== 'require')
    throw new UsageError({
      tr: '--revocation if-present ya da require olur',
      en: '--revocation is if-present or require',
    })
  const now = timeIn(args.one('at'), '--at') ?? systemClock.now()
  const outdated = outdatedOf(args.many('outdated'))
  const contentOut = args.one('content-out')
  checkCounts(args)
  const given = {
    trust: args.many('trust'),
    providers: args.many('providers'),
    users: args.many('users'),
    tsas: args.many('tsas'),
  }
  const trusted = await looking(screen, () => anchorsByRole(given))
  const crls = (await Promise.all(args.many('crl').map((file) => listsOf(file, screen)))).flat()
  const ocsps = await Promise.all(args.many('ocsp').map((file) => answerOf(file, screen)))
  const options = { ...trusted, intermediates: [], crls, ocsps, revocation, now, outdated } as const
  const named = args.one('content')
  const content = named === undefined ? undefined : await readGiven(named, screen)
  const unseen: CannotLook[] = []
  const shapes = await shapesOf(args, unseen, screen)
  const files: ReportedFile[] = []
  const pieces: Uint8Array[] = []
  const sink = contentOut === undefined ? undefined : (piece: Uint8Array) => pieces.push(piece)
  for (const { file, folder } of shapes) {
    try {
      files.push(
        folder
          ? await judgedPack(file, args.one('proved-by'), options, screen)
          : await judgedFile(file, content, sink, options, screen),
      )
    } catch (error) {
      if (!(error instanceof CannotLook)) throw error
      unseen.push(error)
    }
  }
  const reports = files.flatMap((file) => file.reports)
  if (content !== undefined && reports.some(({ kind }) => kind !== 'signature' && kind !== 'unknown'))
    throw new UsageError(CONTENT_OF_WHAT)
  if (reports.length > 0) screen.show(reports, () => linesOfAll(reports, screen))
  for (const { code, message } of unseen) screen.fail(code, message)
  if (contentOut !== undefined && reports.length > 0) await writeContent(contentOut, reports, pieces, screen)
  const report = args.one('report')
  if (report !== undefined && files.length > 0) {
    const how = {
      revocation: options.revocation,
      crls: crls.length,
      ocsps: ocsps.length,
      outdated: args.many('outdated'),
    }
    const facts = { files, anchors: anchorsShown(trusted), program: await program() }
    const times = { madeAt: systemClock.now().toISOString(), validationTime: now.toISOString() }
    await writeNew(report, reportPage({ ...facts, ...how, ...times }), screen)
  }
  if (unseen.length > 0) return 3
  return reports.every(({ verdict }) => verdict === 'TOTAL-PASSED') ? 0 : 1
}

const CONTENT_OF_WHAT: Text = {
  tr: '--content yalnız bir imza dosyasıyla verilir: imzanın imzaladığı dosya',
  en: '--content goes with one signature file alone: what it signs',
}

/** Options about one file stand with one file. */
function checkCounts(args: Arguments): void {
  const one = args.words.length === 1
  if (args.one('content-out') !== undefined && !one)
    throw new UsageError({
      tr: '--content-out tek dosyanın içeriği içindir',
      en: '--content-out takes the content of one file',
    })
  if (args.one('content') !== undefined && !one) throw new UsageError(CONTENT_OF_WHAT)
}

interface Shape {
  readonly file: string
  readonly folder: boolean
}

/** What each word names; an option that has no meaning for one of them is wrong use, never passed over. */
async function shapesOf(args: Arguments, unseen: CannotLook[], screen: Screen): Promise<Shape[]> {
  const shapes: Shape[] = []
  for (const file of args.words) {
    try {
      shapes.push({ file, folder: await isFolder(file, screen) })
    } catch (error) {
      if (!(error instanceof CannotLook)) throw error
      unseen.push(error)
    }
  }
  const plain = shapes.find(({ folder }) => !folder)
  for (const option of ['outdated', 'proved-by'])
    if (plain !== undefined && (args.one(option) !== undefined || args.many(option).length > 0))
      throw new UsageError({
        tr: `--${option} yalnız denetim paketi klasörleri içindir; ${plain.file} bir klasör değil`,
        en: `--${option} is for folders of audit packs alone; ${plain.file} is no folder`,
      })
  const folder = shapes.find((one) => one.folder)
  if (folder !== undefined && args.one('content') !== undefined) throw new UsageError(CONTENT_OF_WHAT)
  return shapes
}

async function judgedPack(
  file: string,
  proof: string | undefined,
  options: PackOptions,
  screen: Screen,
): Promise<ReportedFile> {
  await looking(screen, () => readdir(file))
  if ((await looking(screen, () => packIn(file).read(SUMS))) === undefined)
    throw new CannotLook(
      'NOT_A_PACK',
      screen.text({
        tr: `${file}: denetim paketi değil, içinde ${SUMS} dosyası yok; paketin en üst klasörünü verin`,
        en: `${file}: no audit pack, there is no file ${SUMS} in it; give the topmost folder of the pack`,
      }),
    )
  const name = basename(resolve(file))
  const then = await looking(screen, () => takenOverAt(file, proof, options))
  const reports = await looking(screen, () => verifyAuditPack(name, packIn(file), { ...options, now: then }))
  const takenOver = proof === undefined ? undefined : then.toISOString()
  const whole = { octets: undefined, sha256: undefined, sha512: undefined }
  return { name, ...whole, reports, takenOverAt: takenOver }
}

async function judgedFile(
  file: string,
  named: Uint8Array | undefined,
  sink: ((piece: Uint8Array) => void) | undefined,
  options: PackOptions,
  screen: Screen,
): Promise<ReportedFile> {
  const octets = await readGiven(file, screen)
  const name = basename(file)
  const beside = named ?? (await contentBeside(file, screen).catch(unseenOf))
  const content = beside instanceof CannotLook ? undefined : beside
  const report = await verifyFile({ name, octets, content, sink }, options)
  // What cannot be read is no matter to a signature around its content, and is not missing to another.
  if (beside instanceof CannotLook && report.reason === 'SIGNED_CONTENT_MISSING') throw beside
  return { ...digestsOf({ name, octets }), reports: [report] }
}

function unseenOf(error: unknown): CannotLook {
  if (error instanceof CannotLook) return error
  throw error
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

/** As of when a pack is judged: where somebody else keeps it now, as of when that was. */
async function takenOverAt(pack: string, proof: string | undefined, options: PackOptions): Promise<Date> {
  if (proof === undefined) return options.now
  const report = await provedTakeOver(packIn(pack), packIn(proof), options)
  if (!report.ok) throw new Refused('NOT_PROVED', `${proof}: ${report.detail}`)
  return report.provedAt
}
