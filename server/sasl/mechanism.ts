import type { LoginResult } from '../accounts/login.ts'

/** What follows from what the client said. */
export type SaslStep =
  /** The client is told this, and answers it. */
  | { readonly kind: 'challenge'; readonly octets: Uint8Array }
  | { readonly kind: 'done'; readonly result: LoginResult }
  /** What was said is nothing that the mechanism knows; nothing was judged. */
  | { readonly kind: 'malformed'; readonly why: string }

/**
 * One exchange of one mechanism, in which the client speaks first. It ends within a few steps, whatever the client says, and
 * does not know by which protocol it is asked. [RFC 4422 §3]
 */
export interface SaslExchange {
  /** @param response what the client said, without base64 */
  step(response: Buffer): Promise<SaslStep>
}

export const malformed = (why: string): SaslStep => ({ kind: 'malformed', why })

/** undefined where it is none. [RFC 3629 §3] */
export function utf8(octets: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets)
  } catch {
    return undefined
  }
}
