import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readFile, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import {
  HttpTimestamper,
  isForSigning,
  type KamuSmAccount,
  parsePemCertificates,
  type Signer,
  signAround,
  signDetached,
  TimestampError,
} from '../../evidence/index.ts'
import { systemClock } from '../../mail/clock.ts'
import type { Arguments } from './arguments.ts'
import { authorityOf } from './authority.ts'
import { type Command, Refused, UsageError } from './command.ts'
import { openSigner, SIGNER_OPTIONS, SIGNER_USAGE } from './open-signer.ts'
import type { Screen } from './screen.ts'
import { readSecret } from './secret.ts'

const string = { type: 'string' } as const

/** Larger pieces cost less per octet to hash; these are the ones that were measured. */
const PIECE_OCTETS = 1024 * 1024
const STAMP_TIMEOUT_MS = 30_000

export const signCommand: Command = {
  name: 'sign',
  usage: `FILE ${SIGNER_USAGE} [--out FILE] [--attached] [--tsa URL [--tsa-trust PEM…] [--tsa-customer N [--tsa-password-file FILE]]]`,
  summary: {
    tr: 'bir dosyayı imzalar (CAdES-BES, istenirse zaman damgalı): .p7s, ya da içeriğiyle .p7m',
    en: 'signs a file (CAdES-BES, with a time-stamp where asked): .p7s, or with its content .p7m',
  },
  options: {
    ...SIGNER_OPTIONS,
    out: string,
    attached: { type: 'boolean' },
    tsa: string,
    'tsa-trust': { type: 'string', multiple: true },
    'tsa-customer': string,
    'tsa-password-file': string,
  },
  positionals: [1, 1],
  async run(args, screen) {
    const file = args.word(0)
    const isAttached = args.flag('attached')
    const out = args.one('out') ?? `${file}.${isAttached ? 'p7m' : 'p7s'}`
    if (!(await stat(file)).isFile())
      throw new UsageError({ tr: `${file} bir dosya değil`, en: `${file} is not a file` })
    await using signer = await openSigner(args, screen)
    if (!isForSigning(signer.certificate))
      throw new Refused(
        'NOT_FOR_SIGNING',
        screen.text({
          tr: `${signer.certificate.subject.text}: sertifika imza atmak için verilmemiş; imza hiçbir yerde geçerli olmaz`,
          en: `${signer.certificate.subject.text}: the certificate is not for signing; nobody would accept the signature`,
        }),
      )
    const stamping = await timestamperOf(args, screen)
    const request = { signer, signingTime: systemClock.now(), timestamper: stamping?.timestamper }
    try {
      await write(out, screen, isAttached ? attached(file, request) : detached(file, request))
    } catch (error) {
      if (error instanceof TimestampError) throw new Refused(error.code, error.message, { cause: error })
      throw error
    } finally {
      stamping?.timestamper.close()
    }
    const { subject, serial } = signer.certificate
    const result = {
      file,
      signature: out,
      signer: subject.text,
      serial,
      signingTime: request.signingTime.toISOString(),
      timestamped: stamping !== undefined,
    }
    screen.show(result, () => [out, subject.text])
    return 0
  },
}

interface Request {
  readonly signer: Signer
  readonly signingTime: Date
  readonly timestamper: HttpTimestamper | undefined
}

async function* detached(file: string, request: Request): AsyncGenerator<Uint8Array> {
  const { digest } = await digestOf(file, request.signer)
  yield await signDetached({ ...request, digest })
}

/** The file is read twice, so that it need not be in memory; one that changed meanwhile is told. */
async function* attached(file: string, request: Request): AsyncGenerator<Uint8Array> {
  const { digest, size } = await digestOf(file, request.signer)
  const { before, after } = await signAround(size, { ...request, digest })
  yield before
  const again = createHash(request.signer.hash)
  for await (const piece of pieces(file)) {
    again.update(piece)
    yield piece
  }
  if (!again.digest().equals(digest)) throw new Refused('CHANGED', `${file} changed while it was signed`)
  yield after
}

async function digestOf(file: string, { hash }: Signer): Promise<{ digest: Buffer; size: number }> {
  const digest = createHash(hash)
  let size = 0
  for await (const piece of pieces(file)) {
    digest.update(piece)
    size += piece.length
  }
  return { digest: digest.digest(), size }
}

const pieces = (file: string): AsyncIterable<Buffer> =>
  createReadStream(file, { highWaterMark: PIECE_OCTETS })

/** Whole or not at all; what is there already is never written over. */
async function write(out: string, screen: Screen, content: AsyncIterable<Uint8Array>): Promise<void> {
  const target = await open(out, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
    throw new Refused('EXISTS', screen.text({ tr: `${out} zaten var`, en: `${out} is there already` }))
  })
  try {
    await pipeline(content, target.createWriteStream())
  } catch (error) {
    await rm(out, { force: true })
    throw error
  }
}

async function timestamperOf(
  args: Arguments,
  screen: Screen,
): Promise<{ timestamper: HttpTimestamper } | undefined> {
  const url = args.one('tsa')
  if (url === undefined) return undefined
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new UsageError({
      tr: '--tsa bir http ya da https adresidir',
      en: '--tsa is an address of http or https',
    })
  const files = args.many('tsa-trust')
  const own = files.length === 0 ? await authorityOf(args) : undefined
  const texts = own === undefined ? await Promise.all(files.map((file) => readFile(file, 'utf8'))) : [own]
  const anchors = texts.flatMap((text) => parsePemCertificates(text))
  // A token that nobody judged would be worth nothing to whoever keeps the signature.
  if (anchors.length === 0)
    throw new UsageError({
      tr: '--tsa-trust eksik: zaman damgasının çıkacağı kök',
      en: '--tsa-trust is missing: whom the time-stamp must lead to',
    })
  const trust = { anchors, intermediates: [], crls: [], revocation: 'if-present' } as const
  return {
    timestamper: new HttpTimestamper({
      urls: [url],
      trust: () => trust,
      clock: systemClock,
      timeoutMs: STAMP_TIMEOUT_MS,
      accounts: await accountsAt(url, args, screen),
    }),
  }
}

async function accountsAt(
  url: string,
  args: Arguments,
  screen: Screen,
): Promise<ReadonlyMap<string, KamuSmAccount> | undefined> {
  const customer = args.one('tsa-customer')
  if (customer === undefined) return undefined
  if (!/^\d{1,10}$/.test(customer))
    throw new UsageError({ tr: '--tsa-customer bir sayıdır', en: '--tsa-customer is a number' })
  const prompt = { tr: 'Zaman damgası hesabının parolası', en: 'Password of the time-stamp account' }
  const password = await readSecret(args.one('tsa-password-file'), screen.text(prompt))
  return new Map([[url, { customer: Number(customer), password }]])
}
