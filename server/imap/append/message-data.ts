import { bad, no } from '../failure.ts'
import type { PendingLiteral } from '../pending-literal.ts'
import type { CommandTail } from './command-tail.ts'
import type { UrlParts } from './url-parts.ts'

/** Parts that one command catenates: a message of more is no person's, and each may be a look into a mailbox. */
export const MAX_PARTS = 1_000

/** What a message is made of, and who says whether there is room for it. */
export interface DataSources {
  readonly tail: CommandTail
  readonly urls: UrlParts
  /** Of so many octets, before they come; throws NO. */
  admit(octets: number): void
  /** One part more of the command; throws NO. */
  count(): void
}

/**
 * The octets of one message, as they come: a literal, or parts that are catenated. [RFC 4469 §3] `UTF8 (~{n}` is what
 * literals with UTF-8 in their headers were called before [RFC 9755] took any.
 */
export async function* messageData(sources: DataSources): AsyncGenerator<Buffer> {
  const { cursor } = sources.tail
  if (cursor.take('CATENATE (')) yield* catenated(sources)
  else if (cursor.take('UTF8 (')) yield* utf8Literal(sources)
  else {
    const pending = sources.tail.literal()
    // So a client takes back what it began. [RFC 3502 §6.3.11]
    if (pending.size === 0)
      throw no(undefined, 'Ileti bos, hicbir sey eklenmedi', 'The message is empty, nothing was appended')
    yield* streamed(pending, sources)
  }
}

async function* catenated(sources: DataSources): AsyncGenerator<Buffer> {
  const { tail, urls, admit } = sources
  do {
    sources.count()
    if (tail.cursor.take('TEXT ')) yield* literal(sources)
    else if (tail.cursor.take('UTF8 (')) yield* utf8Literal(sources)
    else if (tail.cursor.take('URL ')) {
      const part = await urls.part(await tail.astring())
      admit(part.size)
      yield* part.octets()
    } else throw bad('A part is TEXT, UTF8 or URL')
  } while (tail.cursor.take(' '))
  tail.cursor.expect(')')
}

const literal = (sources: DataSources): AsyncGenerator<Buffer> => streamed(sources.tail.literal(), sources)

async function* streamed(pending: PendingLiteral, { tail, admit }: DataSources): AsyncGenerator<Buffer> {
  admit(pending.size)
  yield* pending.octets()
  await tail.next()
}

async function* utf8Literal(sources: DataSources): AsyncGenerator<Buffer> {
  if (!sources.tail.cursor.sees('~{')) throw bad('UTF8 takes a literal8')
  yield* literal(sources)
  sources.tail.cursor.expect(')')
}

export const tooManyParts = () =>
  no(
    'LIMIT',
    `Bir komutta en cok ${MAX_PARTS} bolum birlestirilir`,
    `At most ${MAX_PARTS} parts can be catenated in one command`,
  )
