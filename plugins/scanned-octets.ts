import { opaqueContent, type SignedContent } from '../evidence/index.ts'
import type { MimeIndex, MimePart } from '../mail/mime-part.ts'
import { encodedMessage, isEncodedMessage } from './encoded-message.ts'
import type { SubmittedMessage } from './message.ts'
import { isOpaque, isSavedAsFile } from './opaque-part.ts'

/** Layers of signatures around each other, and signatures beside each other, that anyone has a use for. */
const MAX_LAYERS = 3
const MAX_ENCLOSED = 10

/** More is enclosed than is looked into. */
export class TooEnclosed extends Error {
  override readonly name = 'TooEnclosed'
}

/** What lies inside cannot be read, though it is not encrypted: a program that is less exact may open it. */
export class EnclosedUnreadable extends Error {
  override readonly name = 'EnclosedUnreadable'
}

/**
 * What a scanner has to see: the message, and beside it what lies inside opaque signatures, because scanners read MIME
 * but not CMS, and inside messages in an encoding that not every program undoes. What is encrypted for its reader nobody can see. @throws TooEnclosed, EnclosedUnreadable
 */
export async function* scannedOctets(
  { root, faults }: MimeIndex,
  open: SubmittedMessage['open'],
): AsyncGenerator<AsyncIterable<Uint8Array>> {
  yield asMail(open())
  const left = { enclosed: MAX_ENCLOSED }
  yield* enclosedIn({ root, faults, open }, left, MAX_LAYERS)
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
  { root, faults, open }: SignedContent,
  left: { enclosed: number },
  layers: number,
): AsyncGenerator<AsyncIterable<Uint8Array>> {
  if (faults.length > 0) throw new TooEnclosed(faults.join()) // beyond the limits parts are not seen
  for (const part of partsOf(root)) {
    const isMessage = isEncodedMessage(part)
    if (!isMessage && !(await isOpaque(part, open))) continue
    if (left.enclosed-- === 0 || layers === 0) throw new TooEnclosed('signatures around signatures')
    const content = isMessage ? await readMessage(part, open) : await readOpaque(part, open)
    if (content === undefined) continue
    const range = { start: 0, end: content.root.bodyEnd }
    if (!isMessage && isSavedAsFile(part)) yield content.open(range)
    yield asMail(content.open(range))
    yield* enclosedIn(content, left, layers - 1)
  }
}

async function readMessage(part: MimePart, open: SignedContent['open']): Promise<SignedContent> {
  const message = await encodedMessage(part, open)
  if (message.irregular) throw new EnclosedUnreadable(part.encoding)
  return message
}

/** undefined where it is encrypted, or there is nothing inside. */
async function readOpaque(part: MimePart, open: SignedContent['open']): Promise<SignedContent | undefined> {
  const { frame, content } = await opaqueContent(part, open)
  if (frame === 'broken') throw new EnclosedUnreadable(part.encoding)
  return content
}

function* partsOf(part: MimePart): Generator<MimePart> {
  yield part
  for (const child of part.children) yield* partsOf(child)
}
