import { z } from 'zod'
import { type Keeper, StoreError, type StoreRecord } from '../port.ts'
import { COLLECTIONS } from '../port-copy.ts'
import { WORK_KINDS } from '../port-work.ts'

/** One record is one line of JSON; octets are `{"base64": …}`. */
export const writeRecord = (record: StoreRecord): string => `${JSON.stringify(record, octetsAsText)}\n`

/** Looks at the member itself: a Buffer has become something else by the time it is handed over. */
function octetsAsText(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const own = this[key]
  return own instanceof Uint8Array ? { base64: Buffer.from(own).toString('base64') } : value
}

/** Rejects what is no record as CORRUPT, and names the line. */
export function readRecord(line: string, number: number): StoreRecord {
  const read = record.safeParse(parse(line, number))
  if (!read.success)
    throw new StoreError(
      'CORRUPT',
      `line ${number} of the records is not one: ${z.prettifyError(read.error)}`,
    )
  return read.data
}

function parse(line: string, number: number): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new StoreError('CORRUPT', `line ${number} of the records is not JSON`, { cause })
  }
}

const count = z.number().int().nonnegative()
const octets = z
  .strictObject({ base64: z.base64() })
  .transform(({ base64 }): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64')))
const blobRef = z.strictObject({ hash: z.string().regex(/^[0-9a-f]{64}$/), size: count })
const keeper = z.custom<Keeper>(
  (value) => typeof value === 'string' && (value === 'archive' || /^(?:intake|mailbox|hold)\/./.test(value)),
)
const mailboxId = z.string().regex(/^[1-9]\d{0,15}$/)
/** A member that is undefined is absent in JSON; read back, it is there again. */
const orAbsent = <T extends z.ZodType>(schema: T) => schema.optional().transform((value) => value)
const optionalText = orAbsent(z.string())

const work = z.strictObject({
  intake: z.string(),
  recipient: count,
  slot: z.string(),
  kind: z.enum(WORK_KINDS),
  due: z.number(),
  payload: z.string(),
  queue: optionalText,
  state: z.enum(['pending', 'done', 'held']),
  since: z.number(),
  attempts: count,
  error: optionalText,
})

const mailbox = z.strictObject({
  id: mailboxId,
  account: z.string(),
  name: z.string(),
  specialUse: optionalText,
  uidValidity: count,
  fixed: z.boolean(),
})
const head = z.strictObject({
  uidValidity: count,
  uidNext: count,
  modseq: count,
  exists: count,
  unseen: count,
  deleted: count,
  bytes: count,
})
const message = z.strictObject({
  uid: count,
  modseq: count,
  flags: z.array(z.string()),
  size: count,
  date: z.number(),
  saved: z.number(),
  body: blobRef,
  origin: z.enum(['pipeline', 'client']),
  delivery: orAbsent(
    z.strictObject({ intake: z.string(), recipient: count, contentStart: count, contentEnd: count }),
  ),
})
const entry = z.strictObject({
  seq: count,
  eventId: z.string(),
  prev: octets,
  hash: octets,
  sha512: octets,
  bytes: octets,
  intake: optionalText,
  meta: z.string(),
  parties: z.array(z.string()),
  at: z.number(),
  keepUntil: z.number(),
})
const segment = z.strictObject({ from: count, upTo: count, body: blobRef, seal: octets, at: z.number() })

const record = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('counter'), name: z.enum(['uidValidity', 'mailbox']), value: count }),
  z.strictObject({
    kind: z.literal('intake'),
    id: z.string(),
    at: z.number(),
    dedup: optionalText,
    body: orAbsent(blobRef),
    envelope: blobRef,
    names: z.array(z.string()),
    purged: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('voided'), id: z.string() }),
  z.strictObject({ kind: z.literal('work'), row: work }),
  z.strictObject({
    kind: z.literal('document'),
    collection: z.enum(COLLECTIONS),
    key: z.string(),
    version: count,
    document: z.string(),
  }),
  z.strictObject({ kind: z.literal('subscription'), account: z.string(), name: z.string() }),
  z.strictObject({ kind: z.literal('mailbox'), row: mailbox, head }),
  z.strictObject({
    kind: z.literal('message'),
    mailbox: mailboxId,
    row: message,
    opId: z.string(),
    joinKey: optionalText,
    index: octets,
  }),
  z.strictObject({
    kind: z.literal('vanished'),
    mailbox: mailboxId,
    uid: count,
    modseq: count,
    opId: optionalText,
  }),
  z.strictObject({ kind: z.literal('entry'), chain: z.string(), entry }),
  z.strictObject({ kind: z.literal('segment'), chain: z.string(), segment }),
  z.strictObject({ kind: z.literal('blob'), ref: blobRef, keepers: z.array(keeper) }),
])
