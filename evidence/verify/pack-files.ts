/** Files of an audit pack: how they are called, how large they may be, and the list that is signed. */

/** As `sha512sum -c` reads it: digest, two spaces, name; a line each, ascending by name. */
export const SUMS = 'SHA512SUMS'
/** CMS over the list, detached and time-stamped. */
export const SUMS_SIGNATURE = 'SHA512SUMS.p7s'
/** What the pack says of itself. */
export const INDEX = 'pack.json'

/** The list is held in memory, some 250 octets a file; whoever has more makes packs by time. */
export const MAX_PACK_FILES = 3_000_000
/** The largest file is a revocation list. */
const MAX_FILE_OCTETS = 64 * 1024 * 1024
/** Read as one text, of which there are at most 2²⁹ characters. */
const MAX_INDEX_OCTETS = 384 * 1024 * 1024
/** Digest, two spaces, a name as LINE has it, end of line. */
const MAX_LINE_OCTETS = 128 + 2 + 133 + 1
const MAX_LIST_OCTETS = MAX_PACK_FILES * MAX_LINE_OCTETS

/** Octets of one file; who writes a pack keeps to it like who reads it. */
export function maxPackFileOctets(name: string): number {
  if (name === SUMS) return MAX_LIST_OCTETS
  return name === INDEX ? MAX_INDEX_OCTETS : MAX_FILE_OCTETS
}

/** It is there, and larger than any file of that name in a pack. */
export class PackFileTooLarge extends Error {
  override readonly name = 'PackFileTooLarge'
}

/** Where the files of a pack are; nothing is known of folders here. */
export interface PackSource {
  /** undefined where there is no such file. Rejects with PackFileTooLarge beyond {@link maxPackFileOctets}. */
  read(name: string): Promise<Uint8Array | undefined>
  /** All that is there. */
  names(): Promise<readonly string[]>
}

/** Names are made by the program; whatever else a list says is no name of a file that is read. */
const LINE = /^([0-9a-f]{128}) {2}((?:[A-Za-z0-9][A-Za-z0-9._-]{0,31}\/)?[A-Za-z0-9][A-Za-z0-9._-]{0,99})$/
/** Lines that are written at once: together they may be longer than a text can be. */
const LINES_AT_ONCE = 1_000

/** The list in pieces. */
export function* writeSums(files: ReadonlyMap<string, string>): Generator<Uint8Array> {
  const names = [...files.keys()].sort()
  for (let from = 0; from < names.length; from += LINES_AT_ONCE) {
    const some = names.slice(from, from + LINES_AT_ONCE)
    yield Buffer.from(some.map((name) => `${files.get(name)}  ${name}\n`).join(''))
  }
}

const LINE_FEED = 0x0a

/** Digests by name; undefined where it is no such list. */
export function readSums(list: Uint8Array): ReadonlyMap<string, string> | undefined {
  if (list.at(-1) !== LINE_FEED) return undefined
  const octets = Buffer.from(list.buffer, list.byteOffset, list.byteLength)
  const files = new Map<string, string>()
  for (let from = 0; from < octets.length; ) {
    const end = octets.indexOf(LINE_FEED, from)
    if (end - from >= MAX_LINE_OCTETS) return undefined
    const [, sum, name] = LINE.exec(octets.toString('latin1', from, end)) ?? []
    if (sum === undefined || name === undefined || files.has(name) || files.size >= MAX_PACK_FILES)
      return undefined
    files.set(name, sum)
    from = end + 1
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
