/** Settings of the KEP directory (KEP rehberi). */
import { z } from 'zod'
import { file, providerDomain } from './values.ts'

export const directory = z
  .strictObject({
    /** More entries than these are not shown: criteria are missing. */
    maxResults: z.number().int().min(1).max(100).default(20),
    /** Queries that one account may make in a minute. */
    queriesPerMinute: z.number().int().positive().max(10_000).default(30),
    /**
     * Fields of legal persons that are shown without being chosen, beside number and full name. The text of 2013 has all three,
     * later slides none. Unverified.
     */
    legalMandatory: z
      .array(z.enum(['mainActivity', 'province', 'addressDetail']))
      .max(3)
      .default(['mainActivity', 'province', 'addressDetail']),
    /** How the identity numbers of persons are shown; they are found by the whole number either way. */
    identityNumbers: z.enum(['masked', 'whole']).default('masked'),
    /** Directories of other providers, one JSON object a line; read at the start and by a reload, where they changed. */
    sources: z
      .array(z.strictObject({ provider: providerDomain, file }))
      .max(100)
      .default([]),
  })
  .prefault({})
