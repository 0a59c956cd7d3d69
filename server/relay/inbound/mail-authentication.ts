import { Readable } from 'node:stream'
import type { DNSResolver } from 'mailauth'
import { scratchFor } from '../../../storage/port.ts'
import type { Arrival } from './parts.ts'

export type Resolver = DNSResolver

/** DNS of strangers decides how long this takes; the answer is a note, so nobody waits long for it. */
const TIME_MS = 5000
/** Each signature is hashed over the whole body. */
const MAX_SIGNATURES = 10
const MAX_RESULT = 2000

/**
 * DKIM, SPF and DMARC as one Authentication-Results value. [RFC 8601 §2.2] Peers are known by certificates and
 * signatures; this is recorded for people and refuses nothing.
 */
export async function mailAuthentication(
  { received, header, traceOctets, ip, clientName, mailFrom }: Arrival,
  domain: string,
  resolver: Resolver,
  timeMs = TIME_MS,
): Promise<string> {
  if (header.filter(({ key }) => key === 'dkim-signature').length > MAX_SIGNATURES)
    return `${domain}; dkim=policy (too many signatures)`
  const { staged } = received
  const input = Readable.from(pieces(staged, traceOctets), { objectMode: false })
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('too late')), timeMs)
  try {
    // Takes some 40 MB, which a provider without peers does not spend.
    const { authenticate } = await import('mailauth')
    const options = { ip, helo: clientName, sender: mailFrom, mta: domain, resolver }
    const result = await Promise.race([
      authenticate(input, { ...options, disableArc: true, disableBimi: true }),
      late,
    ])
    return resultIn(result.headers)
  } catch {
    return `${domain}; dkim=temperror; spf=temperror; dmarc=temperror`
  } finally {
    clearTimeout(timer)
    input.on('error', () => {}).destroy()
  }
}

/** Copies: the pieces wait in queues of streams, and a buffer that is used again would change under them. */
async function* pieces(staged: Arrival['received']['staged'], start: number): AsyncGenerator<Uint8Array> {
  const range = { start, end: staged.ref.size }
  for await (const piece of staged.open(range, scratchFor(SLICE))) yield Buffer.from(piece)
}

const SLICE = 65_536

/** The field's value on one line. */
function resultIn(headers: string): string {
  const value = /^Authentication-Results:(.*(?:\r?\n[ \t].*)*)/im.exec(headers)?.[1] ?? ''
  return value
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .trim()
    .slice(0, MAX_RESULT)
}
