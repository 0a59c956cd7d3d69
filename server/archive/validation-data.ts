import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { z } from 'zod'
import type { RestsOn, TrustDesk } from '../../evidence/index.ts'
import { yearsAfter } from '../../mail/calendar.ts'
import type { Clock } from '../../mail/clock.ts'
import { type BlobRef, type ChainEntry, type Store, scratchFor } from '../../storage/port.ts'
import type { Events } from '../ops/events.ts'
import type { Duty } from '../rounds.ts'
import { TooHard } from '../workers/trust-pool.ts'
import { type ChainArchive, EVIDENCE_CHAIN, VALIDATION_CHAIN } from './chain-archive.ts'
import { type KeptOctets, type MaterialArchive, materialSchema } from './material.ts'
import { type JudgedRest, judgeAll, type KeeperParts } from './status-keeper.ts'

/** How often it is looked whether evidence waits for its data. */
const LOOK_MS = 15 * 60_000
/** Evidence in one record; all of it rests on a handful of certificates. */
const BATCH = 200
/** Younger evidence waits: by then somebody has told something newer than it. */
const AFTER_MS = 3_600_000
/** Within a day something is kept, whether or not everybody told. [EN 319 132-1 §5.4] */
const LATEST_MS = 20 * 3_600_000
/** Read between two turns of the loop: parsing one takes some 0.3 ms. */
const AT_ONCE = 10

/** When the validation data of what was archived at that time is there, whoever keeps silent. */
export const validatedBy = (at: number): Date => new Date(at + LATEST_MS + 2 * LOOK_MS)

const digests = z.object({ sha256: z.string(), sha512: z.string(), size: z.number() })

/** One entry of the chain of validation data: what a stretch of the evidence is judged by in later years (I4). */
const validationSchema = z.object({
  /** ISO 8601. */
  at: z.string(),
  /** Sequence numbers in the chain of evidence. */
  from: z.number(),
  upTo: z.number(),
  evidence: z.array(z.object({ sequence: z.number(), id: z.string(), sha256: z.string() })),
  /** The messages that acceptances among it are about, while they are kept: their digests outlive them. */
  contents: z.array(digests.extend({ intake: z.string() })),
  judged: z.array(
    z.object({
      role: z.enum(['signer', 'tsa']),
      certificate: z.string(),
      ok: z.boolean(),
      revocation: z.enum(['checked', 'not-checked']),
      failure: z.string().optional(),
    }),
  ),
  material: materialSchema,
})
export type ValidationRecord = z.output<typeof validationSchema>

export const validationIn = ({ bytes }: Pick<ChainEntry, 'bytes'>): ValidationRecord =>
  validationSchema.parse(JSON.parse(Buffer.from(bytes).toString()))

export interface ValidationParts extends KeeperParts {
  readonly store: Pick<Store, 'chain' | 'blobs' | 'intake'>
  readonly clock: Clock
  readonly materials: MaterialArchive
  /** Of the chain of validation data. */
  readonly archive: Pick<ChainArchive, 'append'>
  readonly events: Pick<Events, 'validationData' | 'internalError'>
  readonly keepYears: number
  readonly clockIsCertain: () => boolean
}

/**
 * Keeps beside evidence, within a day of its issue, the certificates that it rests on and what was told of them since: what
 * a B-LT signature holds, as records of their own, so that issued octets never change.
 */
export class ValidationData implements Duty {
  readonly where = 'ops'
  readonly #parts: ValidationParts

  constructor(parts: ValidationParts) {
    this.#parts = parts
  }

  pauseMs(): number {
    return LOOK_MS
  }

  async round(signal?: AbortSignal): Promise<void> {
    const { store, clock, events, clockIsCertain } = this.#parts
    if (!clockIsCertain()) return
    const now = clock.now().getTime()
    for (;;) {
      const head = await store.chain.head(VALIDATION_CHAIN)
      const from = (head === undefined ? 0 : coveredBy(head).upTo) + 1
      const waiting = await store.chain.read(EVIDENCE_CHAIN, from, BATCH)
      const [oldest] = waiting
      events.validationData(oldest === undefined ? 0 : Math.max(0, now - oldest.at))
      // Of what lies together up to the first that is young: a record is about a stretch without holes.
      const young = waiting.findIndex(({ at }) => at > now - AFTER_MS)
      const due = young < 0 ? waiting : waiting.slice(0, young)
      if (due.length === 0 || signal?.aborted || !(await this.#record(due, now, signal))) return
    }
  }

  /** False where it is better to wait for what is not told yet. */
  async #record(due: readonly ChainEntry[], now: number, signal?: AbortSignal): Promise<boolean> {
    const { clock, materials, archive, keepYears, providersTrust } = this.#parts
    const rests: RestsOn[] = []
    for (const [index, { bytes }] of due.entries()) {
      const found = await restsOf(bytes, providersTrust.desk, signal)
      if (signal?.aborted || (found === undefined && now - due[0]!.at < LATEST_MS)) return false
      rests.push(...(found ?? []))
      if (index % AT_ONCE === AT_ONCE - 1) await turn()
    }
    const newest = new Date(Math.max(...due.map(({ at }) => at)))
    // As of now: what waited for a stamp was signed later than it says.
    const judged = await judgeAll(rests, { at: new Date(now), freshSince: newest }, this.#parts)
    const all = judged.every(({ path }) => path.ok && path.revocation === 'checked')
    if (!all && now - due[0]!.at < LATEST_MS) return false
    const at = clock.now()
    const record: ValidationRecord = {
      at: at.toISOString(),
      from: due[0]!.seq,
      upTo: due.at(-1)!.seq,
      evidence: due.map(({ seq, eventId, bytes }) => ({
        sequence: seq,
        id: eventId,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      })),
      contents: await this.#contents(due),
      judged: judged.map(verdictOf),
      material: await materials.keep(judged),
    }
    await archive.append({
      eventId: `validation/${record.from}`,
      bytes: Buffer.from(JSON.stringify(record)),
      intake: undefined,
      meta: JSON.stringify({ from: record.from, upTo: record.upTo }),
      parties: [],
      at: at.getTime(),
      keepUntil: yearsAfter(at, keepYears),
    })
    return true
  }

  /** Each message once, with its acceptance. */
  async #contents(due: readonly ChainEntry[]): Promise<ValidationRecord['contents']> {
    const { store } = this.#parts
    const intakes = new Set(due.filter(isAcceptance).flatMap(({ intake }) => intake ?? []))
    const found: ValidationRecord['contents'] = []
    for (const intake of intakes) {
      const row = await store.intake(intake)
      if (row?.body === undefined || row.purged) continue
      try {
        found.push({ intake, ...(await digestsOf(store, row.body)) })
      } catch (error) {
        // A body that cannot be read is damaged whether or not this record is made.
        this.#parts.events.internalError('ops', error)
      }
    }
    return found
  }
}

/** undefined: another time. Of a peer's own making nobody knows what it rests on: then it is judged by what it brought along. */
async function restsOf(
  bytes: Uint8Array,
  desk: TrustDesk,
  signal: AbortSignal | undefined,
): Promise<readonly RestsOn[] | undefined> {
  try {
    return await desk.restsOn(bytes, signal)
  } catch (error) {
    return error instanceof TooHard ? undefined : []
  }
}

function isAcceptance({ meta }: ChainEntry): boolean {
  const { outcome }: { outcome?: string } = JSON.parse(meta)
  return outcome === 'submission-acceptance' || outcome === 'relay-acceptance'
}

const verdictOf = ({ role, certificate, path }: JudgedRest): ValidationRecord['judged'][number] => ({
  role,
  certificate: certificate.fingerprint,
  ok: path.ok,
  revocation: path.ok ? path.revocation : 'not-checked',
  ...(path.ok ? {} : { failure: path.failure }),
})

/** The octets are read again: what was kept is what was accepted. */
async function digestsOf(store: Pick<Store, 'blobs'>, ref: BlobRef): Promise<KeptOctets> {
  const sha256 = createHash('sha256')
  const sha512 = createHash('sha512')
  let size = 0
  for await (const piece of store.blobs.open(ref, undefined, scratchFor(ref.size))) {
    sha256.update(piece)
    sha512.update(piece)
    size += piece.length
    await turn()
  }
  return { sha256: sha256.digest('hex'), sha512: sha512.digest('hex'), size }
}

/** Records read at a time on the way to the one that is asked for. */
const PAGE = 20

/** Which evidence a record is about, without reading it whole. */
export const coveredBy = ({
  meta,
}: Pick<ChainEntry, 'meta'>): { readonly from: number; readonly upTo: number } =>
  spanSchema.parse(JSON.parse(meta))

const spanSchema = z.object({ from: z.number(), upTo: z.number() })

/** The record that covers an entry of the evidence; undefined where it has none yet. */
export async function validationOf(
  store: Pick<Store, 'chain'>,
  sequence: number,
): Promise<ChainEntry | undefined> {
  const head = await store.chain.head(VALIDATION_CHAIN)
  if (head === undefined || coveredBy(head).upTo < sequence) return undefined
  // Records follow each other without gaps: halves until some are left.
  let [low, high] = [1, head.seq]
  while (high - low >= PAGE) {
    const middle = Math.floor((low + high) / 2)
    const [entry] = await store.chain.read(VALIDATION_CHAIN, middle, 1)
    if (entry === undefined) return undefined
    if (coveredBy(entry).upTo < sequence) low = middle + 1
    else high = middle
  }
  const page = await store.chain.read(VALIDATION_CHAIN, low, high - low + 1)
  return page.find((entry) => coveredBy(entry).upTo >= sequence)
}
