import type { MimeIndex } from '../mail/mime-part.ts'
import { proceed, refuse, type Services, type Verdict } from './api.ts'
import type { SubmittedMessage } from './message.ts'
import { EnclosedUnreadable, scannedOctets, TooEnclosed } from './scanned-octets.ts'

/** Why there is no verdict of a scanner; mail waits until there is one. */
export type ScanTrouble = 'AWAY' | 'TOO_SLOW' | 'GARBAGE' | 'SIZE_LIMIT'

export class ScanError extends Error {
  override readonly name = 'ScanError'
  readonly code: ScanTrouble
  constructor(code: ScanTrouble, options?: ErrorOptions) {
    super(code, options)
    this.code = code
  }
}

/** Asks one scanner about one stream: the name of what was found, or undefined. Rejects with ScanError, or as its content does. */
export type Scanner = (content: AsyncIterable<Uint8Array>, signal: AbortSignal) => Promise<string | undefined>

/** A handler has 30 s: within them the scanner is given up, so that the reason can be told. */
export const MAX_SCAN_SECONDS = 28

/**
 * Shows the message to a scanner. What is found is refused with evidence; without a verdict mail has to wait, because
 * no failure lets mail through (I6).
 */
export async function scan(
  scanner: Scanner,
  message: { readonly index: MimeIndex; readonly open: SubmittedMessage['open'] },
  { plugin, seconds, signal }: { plugin: string; seconds: number; signal: AbortSignal },
  { noticed }: Pick<Services, 'noticed'>,
): Promise<Verdict> {
  const late = AbortSignal.timeout(seconds * 1000)
  try {
    for await (const content of scannedOctets(message.index, message.open)) {
      const found = await scanner(content, AbortSignal.any([signal, late]))
      if (found !== undefined) return refuse('MALWARE_FOUND', plainName(found))
    }
    return proceed
  } catch (error) {
    if (error instanceof TooEnclosed) return refuse('MIME_TOO_COMPLEX', 'PKCS7')
    if (error instanceof EnclosedUnreadable) return refuse('ENCLOSED_UNREADABLE')
    const code: ScanTrouble | undefined = late.aborted
      ? 'TOO_SLOW'
      : error instanceof ScanError
        ? error.code
        : undefined
    if (code === undefined) throw error
    noticed(plugin, code)
    return refuse('SCANNER_AWAY', code)
  }
}

/** It stands in a reply and in evidence, and a scanner's data base is not ours. */
const plainName = (name: string): string => name.replace(/[^\x21-\x7e]+/g, '?').slice(0, 100)
