/** Files of an audit pack: how they are called, and the list that is signed. */

/** As `sha512sum -c` reads it: digest, two spaces, name; a line each, ascending by name. */
export const SUMS = 'SHA512SUMS'
/** CMS over the list, detached and time-stamped. */
export const SUMS_SIGNATURE = 'SHA512SUMS.p7s'

/** Where the files of a pack are; nothing is known of folders here. */
export interface PackSource {
  /** undefined where there is no such file. */
  read(name: string): Promise<Uint8Array | undefined>
  /** All that is there. */
  names(): Promise<readonly string[]>
}

/** Names are made by the program; whatever else a list says is no name of a file that is read. */
const LINE = /^([0-9a-f]{128}) {2}([A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)?)$/
/** Of twenty years of a large provider some 10⁷; a pack is about less. */
const MAX_FILES = 20_000_000

export const writeSums = (files: ReadonlyMap<string, string>): Uint8Array =>
  Buffer.from(
    [...files]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, sum]) => `${sum}  ${name}\n`)
      .join(''),
  )

/** Digests by name; undefined where it is no such list. */
export function readSums(octets: Uint8Array): ReadonlyMap<string, string> | undefined {
  const text = Buffer.from(octets).toString('latin1')
  if (!text.endsWith('\n')) return undefined
  const files = new Map<string, string>()
  for (const line of text.slice(0, -1).split('\n')) {
    const [, sum, name] = LINE.exec(line) ?? []
    if (sum === undefined || name === undefined || files.has(name) || files.size >= MAX_FILES)
      return undefined
    files.set(name, sum)
  }
  return files
}

/** undefined where it is no JSON; of what form it is nobody has said. */
export function readJson<T>(octets: Uint8Array | undefined): T | undefined {
  try {
    return octets && (JSON.parse(Buffer.from(octets).toString()) as T)
  } catch {
    return undefined
  }
}
