/** ZIP files as programs write them, and as none should. */
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipPart {
  readonly name: string
  readonly content?: Buffer | string
  /** Kept as it is instead of deflated. */
  readonly stored?: boolean
  /** What lies in the file, where it is not the content deflated. */
  readonly packed?: Buffer
  /** What the list claims. */
  readonly claims?: Partial<
    Record<'size' | 'compressed' | 'crc' | 'offset' | 'method' | 'flags', number> & { localName: string }
  >
  /** What the header at the entry says, where it is not the same. */
  readonly local?: Partial<Record<'size' | 'compressed' | 'crc' | 'method' | 'flags', number>>
  /** Sizes and offset stand in the 64-bit extra field. */
  readonly wide?: boolean
}

export interface ZipShape {
  readonly prefix?: Buffer
  readonly comment?: Buffer
  readonly count?: number
  /** Added to where the list is said to begin. */
  readonly shift?: number
}

export function zip(parts: readonly ZipPart[], { prefix, comment, count, shift = 0 }: ZipShape = {}): Buffer {
  const pieces: Buffer[] = prefix === undefined ? [] : [prefix]
  const list: Buffer[] = []
  let at = prefix?.length ?? 0
  for (const { name, content = '', stored, packed, claims = {}, local: told, wide } of parts) {
    const octets = Buffer.from(content)
    const data = packed ?? (stored === true ? octets : deflateRawSync(octets))
    const said = {
      size: octets.length,
      compressed: data.length,
      crc: crc32(octets),
      offset: at,
      method: stored === true ? 0 : 8,
      flags: 0x800,
      localName: name,
      ...claims,
    }
    const localName = Buffer.from(said.localName)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    const here = { ...said, ...told }
    local.writeUInt16LE(here.flags, 6)
    local.writeUInt16LE(here.method, 8)
    local.writeUInt32LE(here.crc, 14)
    local.writeUInt32LE(wide === true ? 0xffffffff : here.compressed, 18)
    local.writeUInt32LE(wide === true ? 0xffffffff : here.size, 22)
    local.writeUInt16LE(localName.length, 26)
    const localExtra = wide === true ? wideField([here.size, here.compressed]) : Buffer.alloc(0)
    local.writeUInt16LE(localExtra.length, 28)
    pieces.push(local, localName, localExtra, data)
    const raw = Buffer.from(name)
    const extra = wide === true ? wideField([said.size, said.compressed, said.offset]) : Buffer.alloc(0)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(said.flags, 8)
    entry.writeUInt16LE(said.method, 10)
    entry.writeUInt32LE(said.crc, 16)
    entry.writeUInt32LE(wide === true ? 0xffffffff : said.compressed, 20)
    entry.writeUInt32LE(wide === true ? 0xffffffff : said.size, 24)
    entry.writeUInt16LE(raw.length, 28)
    entry.writeUInt16LE(extra.length, 30)
    entry.writeUInt32LE(wide === true ? 0xffffffff : said.offset, 42)
    list.push(entry, raw, extra)
    at += 30 + localName.length + localExtra.length + data.length
  }
  const directory = Buffer.concat(list)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(count ?? parts.length, 8)
  end.writeUInt16LE(count ?? parts.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at + shift, 16)
  end.writeUInt16LE(comment?.length ?? 0, 20)
  return Buffer.concat([...pieces, directory, end, comment ?? Buffer.alloc(0)])
}

/** Extra field 1. */
function wideField(values: readonly number[]): Buffer {
  const field = Buffer.alloc(4 + 8 * values.length)
  field.writeUInt16LE(1, 0)
  field.writeUInt16LE(8 * values.length, 2)
  for (const [index, value] of values.entries()) field.writeBigUInt64LE(BigInt(value), 4 + 8 * index)
  return field
}

/** Octets that are read by offset. */
export const stored = (octets: Buffer) => ({
  size: octets.length,
  async *open({ start, end }: { start: number; end: number }) {
    // In small pieces, as a reader must expect them.
    for (let at = start; at < end; at += 1000) yield octets.subarray(at, Math.min(end, at + 1000))
  },
})

const PROPERTIES = 'package/services/metadata/core-properties/1.psmdcp'

/** The parts of a package as the guide has them; what differs is named. */
export const eypParts = ({
  category = 'RESMIYAZISMA',
  contentType = 'application/eyazisma',
} = {}): ZipPart[] => [
  { name: '[Content_Types].xml', content: '<Types/>' },
  {
    name: '_rels/.rels',
    content:
      '<?xml version="1.0" encoding="utf-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">' +
      '<Relationship Type="http://eyazisma.dpt/iliskiler/ustveri" Target="/Ustveri/Ustveri.xml" Id="R1"/>' +
      `<Relationship Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="/${PROPERTIES}" Id="R2"/></Relationships>`,
  },
  {
    name: PROPERTIES,
    content: `<coreProperties xmlns="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"><category>${category}</category><contentType>${contentType}</contentType></coreProperties>`,
  },
  { name: 'Ustveri/Ustveri.xml', content: '<Ustveri/>' },
  { name: 'UstYazi/yazi.pdf', content: Buffer.alloc(5000, '%PDF'), stored: true },
]

export const eyp = (): Buffer => zip(eypParts())
