import { createHash } from 'node:crypto'
import { z } from 'zod'
import {
  type CertificateValidator,
  parseCertificate,
  type Signer,
  signDetached,
  type Timestamper,
} from '../../evidence/index.ts'
import { yearsAfter } from '../../mail/calendar.ts'
import type { Clock } from '../../mail/clock.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import type { ChainEntry, Store } from '../../storage/port.ts'
import type { Events } from '../ops/events.ts'
import { type ChainArchive, RECHECK_CHAIN } from './chain-archive.ts'
import { type JudgedPath, type MaterialArchive, materialSchema } from './material.ts'

/**
 * From the end of the grace period on. Lists of users' certificates are issued daily, at the latest weekly, and answers that are
 * made in advance within days; who tells nothing for so long will not any more.
 */
const GIVEN_UP_AFTER_MS = 30 * 86_400_000

/** How a user's certificate was found some time after the acceptance, as of the acceptance. */
export type RecheckOutcome =
  /** What was told later agrees with what was found at the acceptance. */
  | 'held'
  /** It had been revoked before the acceptance, and nobody had told yet. The evidence stands; this stands beside it. */
  | 'revoked-before'
  /** Nobody tells. */
  | 'unknown'

/** One entry of the chain of rechecks. */
const recheckSchema = z.object({
  /** JSON: intake, ids, times, outcome, each signer, material. */
  statement: z.string(),
  outcome: z.enum(['held', 'revoked-before', 'unknown']),
  /** CMS over the statement, detached and time-stamped, in base64: where the outcome changes what was believed. */
  signature: z.string().optional(),
})
export type Recheck = z.output<typeof recheckSchema>

const archivedList = materialSchema.extend({
  report: z.object({ paths: z.array(z.object({ certificate: z.string() })) }),
})

export interface RecheckParts {
  readonly store: Pick<Store, 'blobs' | 'chain'>
  readonly clock: Clock
  readonly materials: MaterialArchive
  readonly archive: Pick<ChainArchive, 'append'>
  /** For users, as it is now. */
  readonly validator: () => Pick<CertificateValidator, 'validate'>
  /** The key in force now, for one signature. */
  readonly signer: () => Signer
  readonly timestamper: Timestamper
  readonly events: Pick<Events, 'rechecked'>
  readonly keepYears: number
}

/**
 * Judges a submission's signers again after the grace period, with what was told since: a revocation is often published hours
 * after it was asked for. [EN 319 102-1 §5.5.4] One that is dated before the acceptance makes a signed and time-stamped
 * statement and an alarm; issued evidence stands.
 */
export class Rechecks {
  readonly #parts: RecheckParts

  constructor(parts: RecheckParts) {
    this.#parts = parts
  }

  /**
   * Idempotent. undefined: nobody tells yet, and it is to be asked again.
   *
   * @param graceEnd what was known before it says nothing of the grace period, though it was asked for after the acceptance
   */
  async make(record: SubmissionRecord, graceEnd: Date): Promise<RecheckOutcome | undefined> {
    const { signature } = record
    if (signature === undefined) return 'unknown'
    const known = await recheckEntry(this.#parts.store, record.id)
    if (known !== undefined) return this.#tell(recheckIn(known).outcome, record)
    const material = { hash: signature.material, size: signature.materialSize }
    const judged = await this.#judge(record, graceEnd, material)
    const outcome = outcomeOf(judged)
    const waited = this.#parts.clock.now().getTime() - graceEnd.getTime()
    // What was accepted without anybody's word is not waited for.
    if (outcome === 'unknown' && signature.revocation === 'checked' && waited < GIVEN_UP_AFTER_MS)
      return undefined
    return this.#tell(await this.#record(record, outcome, judged), record)
  }

  /** Told again where a process died before it had told it. */
  #tell(outcome: RecheckOutcome, { id }: SubmissionRecord): RecheckOutcome {
    this.#parts.events.rechecked(outcome, id)
    return outcome
  }

  async #judge(
    { decidedAt }: SubmissionRecord,
    knownSince: Date,
    list: { hash: string; size: number },
  ): Promise<JudgedPath[]> {
    const { store, materials, validator } = this.#parts
    const archived = archivedList.parse(JSON.parse(Buffer.from(await store.blobs.read(list)).toString()))
    const certificates = await Promise.all(
      archived.certificates.map(async (kept) => parseCertificate(await materials.read(kept))),
    )
    const acceptedAt = new Date(decidedAt)
    return Promise.all(
      archived.report.paths.flatMap(({ certificate: fingerprint }) =>
        certificates
          .filter((one) => one.fingerprint === fingerprint)
          .map(async (certificate) => ({
            certificate,
            path: await validator().validate(certificate, {
              intermediates: certificates,
              at: acceptedAt,
              revocation: 'require',
              knownSince,
            }),
          })),
      ),
    )
  }

  /** What the archive holds of it then: of two that found something else the first. */
  async #record(
    record: SubmissionRecord,
    outcome: RecheckOutcome,
    judged: JudgedPath[],
  ): Promise<RecheckOutcome> {
    const { clock, materials, archive, keepYears } = this.#parts
    const at = clock.now()
    const statement = JSON.stringify({
      intake: record.id,
      messageId: record.messageId,
      messageDigest: record.message.sha256,
      acceptedAt: record.decidedAt,
      checkedAt: at.toISOString(),
      outcome,
      signers: judged.map(({ certificate, path }) => ({
        certificate: certificate.fingerprint,
        ...(path.ok ? { ok: true } : { ok: false, failure: path.failure, detail: path.detail }),
      })),
      material: await materials.keep(judged),
    })
    const recheck: Recheck = {
      statement,
      outcome,
      ...(outcome === 'revoked-before' ? { signature: await this.#sign(statement, at) } : {}),
    }
    const stands = await archive.append({
      eventId: eventIdOf(record.id),
      bytes: Buffer.from(JSON.stringify(recheck)),
      intake: record.id,
      meta: JSON.stringify({ outcome }),
      parties: [],
      at: at.getTime(),
      keepUntil: yearsAfter(at, keepYears),
    })
    return recheckIn(stands).outcome
  }

  async #sign(statement: string, signingTime: Date): Promise<string> {
    const { timestamper } = this.#parts
    const signer = this.#parts.signer()
    const digest = createHash(signer.hash).update(statement).digest()
    const cms = await signDetached({ digest, signer, signingTime, timestamper })
    return Buffer.from(cms).toString('base64')
  }
}

/** One signer that was revoked before outweighs any that nobody tells of. */
function outcomeOf(judged: readonly JudgedPath[]): RecheckOutcome {
  if (judged.some(({ path }) => !path.ok && path.failure === 'REVOKED')) return 'revoked-before'
  return judged.length > 0 && judged.every(({ path }) => path.ok) ? 'held' : 'unknown'
}

const eventIdOf = (intake: string): string => `recheck/${intake}`

/** The entry of a message's recheck, where there is one. */
export const recheckEntry = (store: Pick<Store, 'chain'>, intake: string): Promise<ChainEntry | undefined> =>
  store.chain.find(RECHECK_CHAIN, eventIdOf(intake))

export const recheckIn = ({ bytes }: Pick<ChainEntry, 'bytes'>): Recheck =>
  recheckSchema.parse(JSON.parse(Buffer.from(bytes).toString()))
