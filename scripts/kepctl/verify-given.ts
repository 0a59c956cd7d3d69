/** What `kepctl verify` is given beside the files to judge: lists, answers, times, the content of a signature. */
import { crlsIn, type HashName, type PackOptions, readOcspResponse } from '../../evidence/index.ts'
import { UsageError } from './command.ts'
import { CannotLook, isFolder, readGiven } from './given-file.ts'
import type { Screen } from './screen.ts'

/** In DER or PEM; a file that is no list would answer for nobody, and nobody would know. */
export async function listsOf(file: string, screen: Screen): Promise<Uint8Array[]> {
  const octets = await readGiven(file, screen)
  try {
    return crlsIn(octets)
  } catch {
    throw new UsageError({
      tr: `${file}: DER ya da PEM biçiminde iptal listesi değil`,
      en: `${file}: no revocation list in DER or PEM`,
    })
  }
}

export async function answerOf(file: string, screen: Screen): Promise<Uint8Array> {
  const octets = await readGiven(file, screen)
  try {
    readOcspResponse(octets)
    return octets
  } catch {
    throw new UsageError({
      tr: `${file}: DER biçiminde bir OCSP yanıtı değil`,
      en: `${file}: no OCSP response in DER`,
    })
  }
}

const DAY_OR_TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/

export function timeIn(text: string | undefined, option: string): Date | undefined {
  if (text === undefined) return undefined
  const time = new Date(text)
  // Date takes 30 February for 2 March.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`)
  const isOfCalendar = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10))
  if (!DAY_OR_TIME.test(text) || Number.isNaN(time.getTime()) || !isOfCalendar)
    throw new UsageError({
      tr: `${option} takvimde olan bir gün (2026-11-22) ya da bölgesiyle bir zamandır`,
      en: `${option} is a day of the calendar (2026-11-22) or a time with its zone`,
    })
  return time
}

/** From when on who verifies holds a digest algorithm to be broken. */
export function outdatedOf(given: readonly string[]): PackOptions['outdated'] {
  const ends: { -readonly [name in HashName]?: Date } = {}
  for (const one of given) {
    const [name, day] = one.split('=', 2)
    if (name !== 'sha256' && name !== 'sha384' && name !== 'sha512')
      throw new UsageError({
        tr: '--outdated sha256=2040-01-01 biçimindedir',
        en: '--outdated is like sha256=2040-01-01',
      })
    ends[name] = timeIn(day ?? '', '--outdated')!
  }
  return ends
}

/** What a detached signature signs lies beside it: `a.pdf` for `a.pdf.p7s`. What is there and cannot be read is not missing. */
export async function contentBeside(file: string, screen: Screen): Promise<Uint8Array | undefined> {
  if (!/\.p7s$/i.test(file)) return undefined
  const beside = file.slice(0, -'.p7s'.length)
  try {
    return (await isFolder(beside, screen)) ? undefined : await readGiven(beside, screen)
  } catch (error) {
    if (error instanceof CannotLook && error.code === 'NO_SUCH_FILE') return undefined // the report says so
    throw error
  }
}
