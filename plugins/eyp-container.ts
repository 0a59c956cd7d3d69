import { attributeOf, elementsOf, parseXml, textOf, type XmlElement, XmlError } from '../evidence/index.ts'
import { checkSizes, readEntry } from '../mail/zip-content.ts'
import { readZipDirectory, type StoredOctets, type ZipEntry, ZipError } from '../mail/zip-directory.ts'

/** What is wrong for good: it is no package that anybody can open, or it is a trap. */
export type ContainerFault = ZipError['code'] | 'NO_CONTENT_TYPES' | 'NO_RELATIONSHIPS'

/** What is unusual: programs that make packages differ, and no rule is public that a provider judges it by. */
export type ContainerDoubt =
  | 'NOT_EYAZISMA'
  | 'NO_CORE_PROPERTIES'
  | 'CATEGORY'
  | 'CONTENT_TYPE'
  | 'UNREADABLE_PART'

/**
 * Opens an e-Yazışma package (OPC, a ZIP file) as its reader will: every entry is there, whole, and within limits.
 * What it says is nobody's business here. [e-Yazışma Teknik Rehberi 2.1] [ECMA-376-2 §6]
 */
export async function judgeContainer(
  file: StoredOctets,
  signal: AbortSignal,
): Promise<{ fault: ContainerFault | undefined; doubts: readonly ContainerDoubt[] }> {
  try {
    const entries = await readZipDirectory(file)
    checkSizes(entries)
    for (const entry of entries) await readEntry(file, entry, signal)
    const parts = new Map(entries.map((entry) => [entry.name.toLowerCase(), entry]))
    if (!parts.has('[content_types].xml')) return { fault: 'NO_CONTENT_TYPES', doubts: [] }
    const relationships = parts.get('_rels/.rels')
    if (relationships === undefined) return { fault: 'NO_RELATIONSHIPS', doubts: [] }
    return { fault: undefined, doubts: await doubtsAbout(file, parts, relationships, signal) }
  } catch (error) {
    if (error instanceof ZipError) return { fault: error.code, doubts: [] }
    throw error
  }
}

const NAMESPACE = 'http://eyazisma.dpt/iliskiler/'
const CORE_PROPERTIES = '/metadata/core-properties'

async function doubtsAbout(
  file: StoredOctets,
  parts: ReadonlyMap<string, ZipEntry>,
  relationships: ZipEntry,
  signal: AbortSignal,
): Promise<ContainerDoubt[]> {
  const read = async (entry: ZipEntry): Promise<XmlElement[] | undefined> =>
    elementsIn(await octetsOf(file, entry, signal))
  const links = await read(relationships)
  if (links === undefined) return ['UNREADABLE_PART']
  const typeOf = (link: XmlElement): string => (attributeOf(link, 'Type') ?? '').toLowerCase()
  // Programs differ in the letter case of these types.
  const doubts: ContainerDoubt[] = links.some((link) => typeOf(link).startsWith(NAMESPACE))
    ? []
    : ['NOT_EYAZISMA']
  const core = links.find((link) => typeOf(link).endsWith(CORE_PROPERTIES))
  const target = core && attributeOf(core, 'Target')?.replace(/^\//, '').toLowerCase()
  const properties = target === undefined ? undefined : parts.get(target)
  if (properties === undefined) return [...doubts, 'NO_CORE_PROPERTIES']
  const fields = await read(properties)
  if (fields === undefined) return [...doubts, 'UNREADABLE_PART']
  const said = (name: string): string => {
    const field = fields.find(({ local }) => local === name)
    return field === undefined ? '' : textOf(field).trim().toUpperCase()
  }
  if (!/^RESMIYAZISMA(?:\/SIFRELI)?$/.test(said('category'))) doubts.push('CATEGORY')
  if (said('contentType') !== 'APPLICATION/EYAZISMA') doubts.push('CONTENT_TYPE')
  return doubts
}

/** Relationships and properties of a package have a few KiB. */
const MAX_PART = 262_144

/** undefined where it is larger than anyone's. */
async function octetsOf(
  file: StoredOctets,
  entry: ZipEntry,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (entry.size > MAX_PART) return undefined
  const pieces: Uint8Array[] = []
  await readEntry(file, entry, signal, (piece) => pieces.push(Buffer.from(piece)))
  return Buffer.concat(pieces)
}

/** The root's own elements; undefined where it cannot be read. */
function elementsIn(octets: Uint8Array | undefined): XmlElement[] | undefined {
  if (octets === undefined) return undefined
  try {
    const elements = elementsOf(parseXml(octets))
    for (const element of elements) textOf(element) // fields are text alone, so nothing below them says otherwise
    return elements
  } catch (error) {
    if (error instanceof XmlError) return undefined
    throw error
  }
}
