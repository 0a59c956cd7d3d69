/** Settings of how account holders log in. */
import { z } from 'zod'

/** What OWASP asks of PBKDF2 with SHA-256; a phone takes half a second for it. */
const ITERATIONS = 600_000
/** [RFC 7677 §4] */
const FEWEST_ITERATIONS = 4_096
/** Mail programs give up waiting for more. */
const MOST_ITERATIONS = 10_000_000

export const login = z
  .strictObject({
    /**
     * SCRAM-SHA-256: the client proves that it knows the password and does not tell it. `keys`: what that needs is made of passwords
     * as they come by, and not offered yet; `off`: it is not kept.
     */
    scram: z.enum(['on', 'keys', 'off']).default('on'),
    /** What trying one password costs a thief of the keys, and one login the client. */
    scramIterations: z.number().int().min(FEWEST_ITERATIONS).max(MOST_ITERATIONS).default(ITERATIONS),
    /** SCRAM-SHA-256-PLUS beside it; false where something in front of us ends TLS and begins another. */
    channelBinding: z.boolean().default(true),
  })
  .prefault({})
export type LoginSettings = z.output<typeof login>
