/**
 * Tells what a peer sent by MIME structure and headers: programs of providers put the parts in different orders, so
 * no position says anything. [EN 319 532-3 §6.2]
 */
import { readHeader, readParameters } from '../../mail/header-read.ts'
import type { MimeIndex, MimePart } from '../../mail/mime-part.ts'
import { EVIDENCE_ROOTS } from '../model/roots.ts'
import type { OpenRange } from '../smime/user-signature.ts'
import { decodedBody } from '../verify/part-octets.ts'
import { MAX_XML_OCTETS } from '../xml/parse.ts'

/** A dispatch carries one delil, an evidence message one for each thing that happened at once. */
export const MAX_EVIDENCE_PARTS = 64
/** All deliller of one message are in memory together. */
export const MAX_EVIDENCE_OCTETS = 16 * 1024 * 1024
/** Parts that are looked into for a root element; a message has some ten. */
const MAX_LOOKED_INTO = 256
/** As much of a part as shows its root element, and of its header as shows what it says to be. */
const HEAD_OCTETS = 12 * 1024
/** Base64 in lines of 4 octets is the most that an encoding may grow. */
const GROWTH = 2

export type PeerShape =
  | { readonly kind: 'other' }
  | {
      readonly kind: 'dispatch' | 'evidence'
      readonly evidence: readonly MimePart[]
      /** message/rfc822 parts beside the evidence. */
      readonly originals: readonly MimePart[]
      /** Parts were left unseen, because there are too many. */
      readonly cut: boolean
    }

export async function shapeOf({ root }: MimeIndex, open: OpenRange): Promise<PeerShape> {
  const [signed] = root.type === 'multipart' && root.subtype === 'signed' ? root.children : []
  const mixed = signed && mixedIn(signed)
  if (mixed === undefined) return { kind: 'other' }
  const candidates = mixed.children.filter(mayBeXml)
  const evidence: MimePart[] = []
  for (const part of candidates.slice(0, MAX_LOOKED_INTO))
    if (await isEvidence(part, open)) evidence.push(part)
  if (evidence.length === 0) return { kind: 'other' }
  const originals = mixed.children.filter(({ type, subtype }) => type === 'message' && subtype === 'rfc822')
  return {
    kind: originals.length > 0 ? 'dispatch' : 'evidence',
    evidence,
    originals,
    cut: candidates.length > MAX_LOOKED_INTO || evidence.length > MAX_EVIDENCE_PARTS,
  }
}

/** The first multipart/mixed at or below the signed part, never inside a message. */
function mixedIn(signed: MimePart): MimePart | undefined {
  const pending = [signed]
  for (let part = pending.shift(); part !== undefined; part = pending.shift()) {
    if (part.type !== 'multipart') continue
    if (part.subtype === 'mixed') return part
    pending.push(...part.children)
  }
  return undefined
}

const mayBeXml = ({ type, subtype }: MimePart): boolean =>
  (type === 'application' && (subtype === 'xml' || subtype === 'octet-stream')) ||
  (type === 'text' && subtype === 'xml')

/** By what the part says of itself; else by its root element. */
async function isEvidence(part: MimePart, open: OpenRange): Promise<boolean> {
  const header = await octetsOf(
    open,
    part.headerStart,
    Math.min(part.bodyStart, part.headerStart + HEAD_OCTETS),
  )
  const section = readHeader(header).find(({ key }) => SECTION_FIELDS.has(key))
  if (section !== undefined) {
    const said = readParameters(section.value).value
    if (said.startsWith('rem_message/')) return said === 'rem_message/xml_evidence'
  }
  const head = await octetsOf(open, part.bodyStart, Math.min(part.bodyEnd, part.bodyStart + HEAD_OCTETS))
  return hasEvidenceRoot(head, part.encoding)
}

const SECTION_FIELDS = new Set(['x-rem-section-type', 'rem-section-type'])

function hasEvidenceRoot(head: Uint8Array, encoding: string): boolean {
  const octets =
    encoding === 'base64'
      ? Buffer.from(Buffer.from(head).toString('latin1'), 'base64')
      : decodedBody(head, encoding)
  if (octets === undefined) return false
  const root = ROOT.exec(Buffer.from(octets).toString('utf8'))
  return root !== null && ROOTS.has(root[1] ?? '') && (root[2] ?? '').includes(NAMESPACE)
}

/** What may stand before the root element, its local name, and its attributes; nothing here may be tried twice. */
const ROOT = /^\ufeff?\s*(?:<\?xml[^>]*>\s*)?<(?:[\w.-]+:)?([A-Za-z]+)(\s[^>]*)>/
const ROOTS: ReadonlySet<string> = new Set(EVIDENCE_ROOTS)
/** Any version: another one is evidence that we cannot read, not something else. */
const NAMESPACE = 'uri.etsi.org/02640/'

/** The content of an evidence part; undefined where it is larger than any delil or cannot be decoded. */
export async function evidenceOctets(part: MimePart, open: OpenRange): Promise<Uint8Array | undefined> {
  if (part.bodyEnd - part.bodyStart > GROWTH * MAX_XML_OCTETS) return undefined
  const octets = decodedBody(await octetsOf(open, part.bodyStart, part.bodyEnd), part.encoding)
  return octets !== undefined && octets.length <= MAX_XML_OCTETS ? octets : undefined
}

const octetsOf = async (open: OpenRange, start: number, end: number): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(open({ start, end })))
