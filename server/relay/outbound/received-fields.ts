import { readHeader } from '../../../mail/header-read.ts'
import type { BlobRef, BlobStore } from '../../../storage/port.ts'

/** A header of ours stays far below; what a long one holds beyond is not counted. */
const MAX_HEADER = 1_048_576
/** Most headers end within this, and most messages do not: what is read in part is neither copied nor hashed as a whole. */
const FIRST_LOOK = 16_384
const END = Buffer.from('\r\n\r\n')

/** How many systems a message has passed, by the Received fields of its outermost header. [RFC 5321 §6.3] */
export async function receivedFields(blobs: BlobStore, mail: BlobRef): Promise<number> {
  let block = await blobs.read(mail, { start: 0, end: Math.min(mail.size, FIRST_LOOK) })
  if (mail.size > FIRST_LOOK && !Buffer.from(block.buffer, block.byteOffset, block.length).includes(END))
    block = await blobs.read(mail, { start: 0, end: Math.min(mail.size, MAX_HEADER) })
  return readHeader(block).filter(({ key }) => key === 'received').length
}
