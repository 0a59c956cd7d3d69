/**
 * The list of a ZIP file's entries, read by offset and held against what a hostile one would do: entries that lie over
 * each other, names that leave the folder, two lists of which programs choose one each. Nothing is inflated here.
 * [PKWARE APPNOTE §4.3]
 */
export interface StoredOctets {
  /** Octets. */
  readonly size: number
  readonly open: (range: { start: number; end: number }) => AsyncIterable<Uint8Array>
}

export interface ZipEntry {
  readonly name: string
  readonly deflated: boolean
  readonly crc32: number
  /** Octets in the file, from `dataStart`. */
  readonly compressed: number
  /** Octets as the list claims. */
  readonly size: number
  readonly dataStart: number
}

export type ZipFault =
  | 'NOT_A_ZIP'
  | 'MALFORMED'
  | 'TWO_DIRECTORIES'
  | 'TOO_MANY_ENTRIES'
  | 'UNSAFE_NAME'
  | 'DUPLICATE_NAME'
  | 'ENCRYPTED'
  | 'UNKNOWN_METHOD'
  | 'OVERLAP'
  | 'TOO_LARGE'
  | 'BOMB'
  | 'BROKEN_CONTENT'

export class ZipError extends Error {
  override readonly name = 'ZipError'
  readonly code: ZipFault
  constructor(code: ZipFault) {
    super(code)
    this.code = code
  }
}

/** A package has a dozen parts of its own beside its attachments; each entry costs a read. */
export const MAX_ENTRIES = 1000
/** A thousand entries with names and extra fields stay far below. */
const MAX_DIRECTORY = 1_048_576
/** Of a name, octets: programs cannot store longer ones. */
const MAX_NAME = 1024

const END_RECORD = 22
const MAX_COMMENT = 65_535
const LIST_RECORD = 46
const LOCAL_RECORD = 30
const ZIP64 = 0xffffffff
/** Flags: encrypted, strongly, or its header masked; sizes and checksum behind the content. [PKWARE APPNOTE §4.4.4] */
const ENCRYPTED = 0x2041
const STREAMED = 0x0008

/** @throws ZipError for whatever the octets are; what `open` throws */
export async function readZipDirectory(file: StoredOctets): Promise<ZipEntry[]> {
  const { count, start, end } = await findDirectory(file)
  const list = await octetsOf(file, start, end)
  const entries: ListedEntry[] = []
  const names = new Set<string>()
  let at = 0
  for (let number = 0; number < count; number++) {
    const entry = readListed(list, at)
    at = entry.next
    // Part names that differ in letter case alone are one name. [ECMA-376-2 §6.2.2]
    const key = entry.name.toLowerCase()
    if (names.has(key)) throw new ZipError('DUPLICATE_NAME')
    names.add(key)
    entries.push(entry)
  }
  if (at !== list.length) throw new ZipError('MALFORMED')
  return await place(file, entries, start)
}

/** The record at the file's end says where the list lies; exactly one place may look like it. */
async function findDirectory(file: StoredOctets): Promise<{ count: number; start: number; end: number }> {
  if (file.size < END_RECORD) throw new ZipError('NOT_A_ZIP')
  const from = Math.max(0, file.size - END_RECORD - MAX_COMMENT)
  const tail = await octetsOf(file, from, file.size)
  const fitting: number[] = []
  for (let at = tail.length - END_RECORD; at >= 0; at--)
    if (tail.readUInt32LE(at) === 0x06054b50 && at + END_RECORD + tail.readUInt16LE(at + 20) === tail.length)
      fitting.push(at)
  const [at] = fitting
  if (at === undefined) throw new ZipError('NOT_A_ZIP')
  if (fitting.length > 1) throw new ZipError('TWO_DIRECTORIES')
  const count = tail.readUInt16LE(at + 10)
  const size = tail.readUInt32LE(at + 12)
  const start = tail.readUInt32LE(at + 16)
  if (count > MAX_ENTRIES || size > MAX_DIRECTORY) throw new ZipError('TOO_MANY_ENTRIES')
  const oneDisk = tail.readUInt32LE(at + 4) === 0 && tail.readUInt16LE(at + 8) === count
  if (!oneDisk || start + size !== from + at) throw new ZipError('MALFORMED')
  return { count, start, end: start + size }
}

interface ListedEntry extends Omit<ZipEntry, 'dataStart'> {
  readonly rawName: Buffer
  readonly offset: number
  readonly next: number
}

function readListed(list: Buffer, at: number): ListedEntry {
  if (at + LIST_RECORD > list.length || list.readUInt32LE(at) !== 0x02014b50) throw new ZipError('MALFORMED')
  const flags = list.readUInt16LE(at + 8)
  const method = list.readUInt16LE(at + 10)
  const nameEnd = at + LIST_RECORD + list.readUInt16LE(at + 28)
  const extraEnd = nameEnd + list.readUInt16LE(at + 30)
  const next = extraEnd + list.readUInt16LE(at + 32)
  if (next > list.length) throw new ZipError('MALFORMED')
  if ((flags & ENCRYPTED) !== 0) throw new ZipError('ENCRYPTED')
  if (method !== 0 && method !== 8) throw new ZipError('UNKNOWN_METHOD')
  const rawName = list.subarray(at + LIST_RECORD, nameEnd)
  // Order of the extra field: only those that did not fit stand in it.
  const large = wideNumbers(list.subarray(nameEnd, extraEnd))
  const wide = (value: number): number => (value === ZIP64 ? (large.shift() ?? Number.NaN) : value)
  const size = wide(list.readUInt32LE(at + 24))
  const compressed = wide(list.readUInt32LE(at + 20))
  const offset = wide(list.readUInt32LE(at + 42))
  if (![size, compressed, offset].every(Number.isSafeInteger)) throw new ZipError('MALFORMED')
  if (method === 0 && size !== compressed) throw new ZipError('MALFORMED')
  const crc32 = list.readUInt32LE(at + 16)
  return {
    name: safeName(rawName),
    rawName,
    deflated: method === 8,
    crc32,
    compressed,
    size,
    offset,
    next,
  }
}

/** The 64-bit values of extra field 1; writers that stream use it for small files too. [PKWARE APPNOTE §4.5.3] */
function wideNumbers(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2)
    if (extra.readUInt16LE(at) === 1 && end <= extra.length)
      return Array.from({ length: Math.min(3, Math.floor((end - at - 4) / 8)) }, (_, index) =>
        Number(extra.readBigUInt64LE(at + 4 + index * 8)),
      )
    at = end
  }
  return []
}

/** A name that stays where it is unpacked, in one spelling. */
function safeName(raw: Buffer): string {
  const name = raw.toString('utf8')
  const segments = name.split('/')
  const leaves = segments.some((segment, index) =>
    index === segments.length - 1 && index > 0 ? segment === '..' : ['', '.', '..'].includes(segment),
  )
  if (raw.length > MAX_NAME || leaves || /[\\:\x00-\x1f\x7f]/.test(name)) throw new ZipError('UNSAFE_NAME')
  return name
}

/** Where each entry's octets lie: behind a header that says the same, from the file's first octet, beside each other. */
async function place(
  file: StoredOctets,
  entries: readonly ListedEntry[],
  directoryStart: number,
): Promise<ZipEntry[]> {
  const placed: ZipEntry[] = []
  let end = 0
  for (const entry of entries.toSorted((a, b) => a.offset - b.offset)) {
    const { rawName, offset, next: _, ...rest } = entry
    if (offset < end || offset + LOCAL_RECORD + rawName.length > directoryStart) throw new ZipError('OVERLAP')
    if (placed.length === 0 && offset !== 0) throw new ZipError('MALFORMED')
    const nameEnd = offset + LOCAL_RECORD + rawName.length
    const header = await octetsOf(file, offset, nameEnd)
    const sameName =
      header.readUInt16LE(26) === rawName.length && header.subarray(LOCAL_RECORD).equals(rawName)
    if (header.readUInt32LE(0) !== 0x04034b50 || !sameName) throw new ZipError('MALFORMED')
    const dataStart = nameEnd + header.readUInt16LE(28)
    end = dataStart + entry.compressed
    if (end > directoryStart) throw new ZipError('OVERLAP')
    mustAgree(header, wideNumbers(await octetsOf(file, nameEnd, dataStart)), entry)
    placed.push({ ...rest, dataStart })
  }
  return placed
}

/** Some programs go by the header at the entry alone: it may leave out only what the entry's end tells. */
function mustAgree(
  header: Buffer,
  large: number[],
  { deflated, crc32, compressed, size }: ListedEntry,
): void {
  const flags = header.readUInt16LE(6)
  if ((flags & ENCRYPTED) !== 0) throw new ZipError('ENCRYPTED')
  const mayBeLeftOut = (flags & STREAMED) !== 0
  const wide = (value: number): number => (value === ZIP64 ? (large.shift() ?? Number.NaN) : value)
  const said = { size: wide(header.readUInt32LE(22)), compressed: wide(header.readUInt32LE(18)) }
  const agrees = (value: number, listed: number): boolean => value === listed || (mayBeLeftOut && value === 0)
  if (
    header.readUInt16LE(8) !== (deflated ? 8 : 0) ||
    !agrees(header.readUInt32LE(14), crc32) ||
    !agrees(said.compressed, compressed) ||
    !agrees(said.size, size)
  )
    throw new ZipError('MALFORMED')
}

const octetsOf = async (file: StoredOctets, start: number, end: number): Promise<Buffer> =>
  start >= end ? Buffer.alloc(0) : Buffer.concat(await Array.fromAsync(file.open({ start, end })))
