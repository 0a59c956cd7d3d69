/** Where everything is kept, and for how long what may go is kept. */
import { z } from 'zod'
import { file, octets, span } from './values.ts'

const mongodb = z.string().regex(/^mongodb(\+srv)?:\/\/\S+$/, 'expected mongodb://… or mongodb+srv://…')

/** A key of 32 octets: as they are, or in hex or base64. */
const storeKey = z.union([
  /** Readable by its owner alone. */
  z.strictObject({ file }),
  /**
   * A program and its arguments, run once at the start without a shell, which writes the key to its standard output: for
   * keys that a hardware module (PKCS#11) or a vault gives out.
   */
  z.strictObject({ command: z.array(z.string()).min(1) }),
])

const settings = z.strictObject({
  /** Absent: SQLite in the data folder, on this machine alone. */
  mongodb: mongodb.optional(),
  /** A file that holds the address, where it has a password in it. */
  mongodbFile: file.optional(),
  /**
   * A folder on another disk: what is acknowledged is there too before it is. `none` says that one disk was chosen, which
   * production asks for. Not with MongoDB, whose members are the copies.
   */
  replica: z.union([z.literal('none'), file]).optional(),
  /**
   * Bodies, their indexes and backups are sealed under the first; the others open what was sealed before. Absent: they are
   * kept in the clear.
   */
  keys: z.array(storeKey).max(10).default([]),
  /**
   * Whether the database is read through at a start: `small`, where it has at most 1 GiB, which takes seconds. Damage is
   * found then, and not years after.
   */
  checkAtStart: z.enum(['always', 'small', 'never']).default('small'),
})

/** `mongodb://…` alone is the short form. */
export const storage = z
  .union([mongodb.transform((uri) => settings.parse({ mongodb: uri })), settings])
  .refine(
    (value) => [value.mongodb, value.mongodbFile].filter((one) => one !== undefined).length <= 1,
    'mongodb and mongodbFile: one of them',
  )
  .refine(
    (value) =>
      value.replica === undefined ||
      value.replica === 'none' ||
      (value.mongodb ?? value.mongodbFile) === undefined,
    'replica is a second copy of the embedded store; with MongoDB its members are the copies',
  )
  .prefault({})
export type StorageSettings = z.output<typeof storage>

export const retention = z
  .strictObject({
    /** How long what is in Çöp Kutusu stays there before it is deleted; absent: for ever. */
    trash: span.optional(),
    /**
     * How long after its acceptance the provider keeps the octets of a message of its own accord, once all about it is
     * decided; mailboxes keep theirs for as long as they have the message. Absent: for ever. Evidence, digests and the record
     * of the message are not touched.
     */
    bodies: span.optional(),
    /** How often it is looked for what may go. */
    every: span.default(60 * 60_000),
    /** Octets that nobody keeps are removed at most so many at a time. */
    sweepOctets: octets.default(10_000_000_000),
  })
  .prefault({})
