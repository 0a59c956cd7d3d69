import { type IncomingMessage, request as overHttp } from 'node:http'
import { request as overTls } from 'node:https'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { ScanError } from './scan.ts'

/** Scores and options of some hundred symbols make a few KiB. */
const MAX_ANSWER = 1_048_576

const answerSchema = z.object({
  action: z.string(),
  is_skipped: z.boolean().optional(),
  symbols: z.record(z.string(), z.unknown()).default({}),
})

export interface RspamdAnswer {
  readonly action: string
  readonly symbols: ReadonlySet<string>
}

/**
 * Shows rspamd one message by POST /checkv2. An answer that comes before it has the whole message does not count.
 * @throws ScanError, or what the content throws
 */
export async function checkWithRspamd(
  url: string,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<RspamdAnswer> {
  const at = new URL('checkv2', url.endsWith('/') ? url : `${url}/`)
  const request = (at.protocol === 'https:' ? overTls : overHttp)(at, {
    method: 'POST',
    agent: false,
    signal,
  })
  const { promise: responded, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.once('response', resolve).once('error', reject)
  request.once('close', () => reject(new ScanError('AWAY')))
  let failure: unknown
  let complete = false
  const watched = async function* () {
    try {
      for await (const piece of content) yield piece
      complete = true
    } catch (error) {
      failure = error
      throw error
    }
  }
  const sent = pipeline(watched, request).catch(() => {}) // it is told by the answer, or by there being none
  try {
    const response = await responded
    const octets = await bodyOf(response)
    if (response.statusCode !== 200 || !complete) throw new ScanError('GARBAGE')
    return answerIn(octets)
  } catch (error) {
    if (failure !== undefined) throw failure
    throw error instanceof ScanError ? error : new ScanError('AWAY', { cause: error })
  } finally {
    request.destroy()
    await sent
  }
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of response) {
    const octets: Buffer = piece
    length += octets.length
    if (length > MAX_ANSWER) throw new ScanError('GARBAGE')
    pieces.push(octets)
  }
  return Buffer.concat(pieces)
}

function answerIn(octets: Buffer): RspamdAnswer {
  let read: unknown
  try {
    read = JSON.parse(octets.toString())
  } catch (cause) {
    throw new ScanError('GARBAGE', { cause })
  }
  const answer = answerSchema.safeParse(read)
  if (!answer.success) throw new ScanError('GARBAGE')
  // It was too large for its settings, so nobody has looked.
  if (answer.data.is_skipped === true) throw new ScanError('SIZE_LIMIT')
  return { action: answer.data.action, symbols: new Set(Object.keys(answer.data.symbols)) }
}
