/** The octets between driver and server: OP_MSG, and the OP_QUERY in which a driver says hello. */
import { serialize } from 'bson'
import { type Doc, readDocument } from './document.ts'

export const MAX_MESSAGE = 48_000_000

const OP_REPLY = 1
const OP_QUERY = 2004
const OP_MSG = 2013
const CHECKSUM = 1
const MORE_TO_COME = 2

export interface Request {
  readonly id: number
  readonly body: Doc
  /** The driver waits for no answer. */
  readonly silent: boolean
  readonly answer: (body: Doc, id: number) => Buffer
}

/** Collects what arrives into whole messages. */
export class Framing {
  #pieces: Buffer[] = []
  #size = 0

  #head(): Buffer {
    const [first] = this.#pieces
    if (first !== undefined && first.length >= 4) return first
    this.#pieces = [Buffer.concat(this.#pieces)]
    return this.#pieces[0] ?? Buffer.alloc(0)
  }

  /** Whole messages that are there with this chunk; fails where one is longer than allowed. */
  *push(chunk: Buffer): Generator<Buffer> {
    this.#pieces.push(chunk)
    this.#size += chunk.length
    for (;;) {
      if (this.#size < 16) return
      const length = this.#head().readInt32LE(0)
      if (length < 16 || length > MAX_MESSAGE) throw new RangeError(`a message of ${length} octets`)
      if (this.#size < length) return
      const all = Buffer.concat(this.#pieces)
      this.#pieces = all.length > length ? [all.subarray(length)] : []
      this.#size -= length
      yield all.subarray(0, length)
    }
  }
}

export function parse(message: Buffer): Request {
  const id = message.readInt32LE(4)
  const code = message.readInt32LE(12)
  if (code === OP_MSG) {
    const flags = message.readInt32LE(16)
    const body = sections(message.subarray(20, (flags & CHECKSUM) === 0 ? undefined : -4))
    return { id, body, silent: (flags & MORE_TO_COME) !== 0, answer: (reply, own) => opMsg(reply, own, id) }
  }
  if (code !== OP_QUERY) throw new RangeError(`an operation ${code}`)
  const end = message.indexOf(0, 20)
  const database = message.toString('utf8', 20, end).split('.')[0]
  const body = { ...readDocument(message.subarray(end + 9)), $db: database }
  return { id, body, silent: false, answer: (reply, own) => opReply(reply, own, id) }
}

/** One document, and sequences of documents that stand for its arrays. */
function sections(octets: Buffer): Doc {
  let body: Doc = {}
  const sequences: Record<string, Doc[]> = {}
  for (let at = 0; at < octets.length; ) {
    const kind = octets.readUInt8(at++)
    const size = octets.readInt32LE(at)
    const section = octets.subarray(at, at + size)
    if (kind === 0) body = readDocument(section)
    else {
      const end = section.indexOf(0, 4)
      sequences[section.toString('utf8', 4, end)] = documents(section.subarray(end + 1))
    }
    at += size
  }
  return { ...body, ...sequences }
}

function documents(octets: Buffer): Doc[] {
  const found: Doc[] = []
  for (let at = 0; at < octets.length; ) {
    const size = octets.readInt32LE(at)
    found.push(readDocument(octets.subarray(at, at + size)))
    at += size
  }
  return found
}

function opMsg(body: Doc, id: number, to: number): Buffer {
  const content = serialize(body, { ignoreUndefined: true })
  return Buffer.concat([header(21 + content.length, id, to, OP_MSG), Buffer.alloc(5), content])
}

function opReply(body: Doc, id: number, to: number): Buffer {
  const content = serialize(body, { ignoreUndefined: true })
  const about = Buffer.alloc(20)
  about.writeInt32LE(8, 0)
  about.writeInt32LE(1, 16)
  return Buffer.concat([header(36 + content.length, id, to, OP_REPLY), about, content])
}

function header(length: number, id: number, to: number, code: number): Buffer {
  const octets = Buffer.alloc(16)
  for (const [index, value] of [length, id, to, code].entries()) octets.writeInt32LE(value, 4 * index)
  return octets
}
