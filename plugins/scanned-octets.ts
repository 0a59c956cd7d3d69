import { type SignedContent, signedContent } from '../evidence/index.ts'
import type { MimeIndex, MimePart } from '../mail/mime-part.ts'
import type { SubmittedMessage } from './message.ts'

/** Layers of signatures around each other, and signatures beside each other, that anyone has a use for. */
const MAX_LAYERS = 3
const MAX_ENCLOSED = 10

/** More is enclosed than is looked into. */
export class TooEnclosed extends Error {
  override readonly name = 'TooEnclosed'
}

/**
 * What a scanner has to see: the message, and beside it what lies inside opaque signatures, because scanners read MIME
 * but not CMS. What is encrypted for its reader nobody can see. @throws TooEnclosed
 */
export async function* scannedOctets(
  { root }: MimeIndex,
  open: SubmittedMessage['open'],
): AsyncGenerator<AsyncIterable<Uint8Array>> {
  yield asMail(open())
  const left = { enclosed: MAX_ENCLOSED }
  yield* enclosedIn(root, open, left, MAX_LAYERS)
}

/**
 * Scanners know mail by its first field, of which they have a list, and pass over the encoding of its parts where the
 * first is none of them. Which one comes first is the sender's choice, so one of theirs stands in front.
 */
const MAIL = Buffer.from('Received: by openkep\r\n')

async function* asMail(octets: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield MAIL
  yield* octets
}

async function* enclosedIn(
  root: MimePart,
  open: SignedContent['open'],
  left: { enclosed: number },
  layers: number,
): AsyncGenerator<AsyncIterable<Uint8Array>> {
  for (const part of opaqueParts(root)) {
    if (left.enclosed-- === 0 || layers === 0) throw new TooEnclosed('signatures around signatures')
    const content = await signedContent({ root: part, size: part.bodyEnd, faults: [] }, 'opaque', open)
    if (content === undefined || content.root.bodyEnd === 0) continue
    yield asMail(content.open({ start: 0, end: content.root.bodyEnd }))
    yield* enclosedIn(content.root, content.open, left, layers - 1)
  }
}

function* opaqueParts(part: MimePart): Generator<MimePart> {
  if (part.type === 'application' && /^(?:x-)?pkcs7-mime$/.test(part.subtype)) yield part
  for (const child of part.children) yield* opaqueParts(child)
}
