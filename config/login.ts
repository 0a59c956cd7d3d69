/** Settings of how account holders log in. */
import { z } from 'zod'
import { file, span } from './values.ts'

/** Cyrus SASL, by which many mail programs log in (mbsync, mutt), refuses more than 65,536. */
const ITERATIONS = 60_000
/** [RFC 7677 §4] */
const FEWEST_ITERATIONS = 4_096
/** Mail programs give up waiting for more. */
const MOST_ITERATIONS = 10_000_000

/** Signatures by a private key: with a shared one whoever checks tokens could make them. [RFC 8725 §3.1] */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const

const oauth = z
  .strictObject({
    /** As `iss` of its tokens has it, to the letter. */
    issuer: z.url({ protocol: /^https$/ }),
    /** Whom tokens must be for (`aud`): this provider, as the issuer calls it. */
    audience: z.string().min(1),
    /** Where its keys are had, or a file with them. [RFC 7517 §5] */
    jwks: z.url({ protocol: /^https$/ }).optional(),
    jwksFile: file.optional(),
    /** Whom we believe to be that address, where it is not whom the system believes. */
    ca: z.array(file).default([]),
    /** The claim that names who logs in, as a user name of ours: an address, or ADDRESS/HANDLE. */
    claim: z.string().min(1).default('email'),
    algorithms: z.array(z.enum(ALGORITHMS)).min(1).default(['RS256', 'PS256', 'ES256']),
    /** What the token must be good for (`scope`); absent: anything. */
    scope: z
      .string()
      .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'expected one scope')
      .optional(),
    /** By how much the issuer's clock may differ from ours. */
    clockSkew: span.default(60_000),
  })
  .refine(({ jwks, jwksFile }) => (jwks === undefined) !== (jwksFile === undefined), {
    message: 'expected jwks or jwksFile, one of them',
    path: ['jwks'],
  })
export type OauthSettings = z.output<typeof oauth>

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
    /** OAUTHBEARER: who has a token of this issuer logs in by it; absent: nobody does. */
    oauth: oauth.optional(),
  })
  .prefault({})
export type LoginSettings = z.output<typeof login>
