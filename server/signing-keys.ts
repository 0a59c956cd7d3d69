import type { Config } from '../config/schema.ts'
import type { SigningKey } from '../config/signing.ts'
import { type Certificate, KeyError, KeyRing, type Signer } from '../evidence/index.ts'
import type { Clock } from '../mail/clock.ts'
import { unfitness, unlikeIssuer } from './fit-to-sign.ts'
import { fileOf, KeyFileError, readSigner } from './key-files.ts'
import type { Events } from './ops/events.ts'
import { ownAddressesOf } from './services.ts'

/** Envelopes, evidence, and the seals of the archive: a key that signs the one need not be able to sign the other. */
export const SIGNING_ROLES = ['envelope', 'evidence', 'archive'] as const
export type SigningRole = (typeof SIGNING_ROLES)[number]

type KeyEvents = Pick<Events, 'keyUsed' | 'signingFailed' | 'weakKeyFile'>
type Settings = Pick<Config, 'signing' | 'provider'>
type Rings = Readonly<Record<SigningRole, KeyRing>>

/** All keys of ours that sign, by what for; a reload puts others in their place. */
export class SigningKeys implements AsyncDisposable {
  readonly #clock: Clock
  readonly #events: KeyEvents
  #rings: Rings
  #closing: Promise<unknown> = Promise.resolve()

  private constructor(rings: Rings, clock: Clock, events: KeyEvents) {
    this.#rings = rings
    this.#clock = clock
    this.#events = events
  }

  /** Rejects with KeyFileError where one of them cannot be read, or its certificate is not for what it would sign. */
  static async read(settings: Settings, clock: Clock, events: KeyEvents): Promise<SigningKeys> {
    return new SigningKeys(await readRings(settings, events), clock, events)
  }

  /** The key in force now, for one signature: asked anew for the next. Throws KeyError NONE_IN_FORCE. */
  signer(role: SigningRole): Signer {
    try {
      return this.#rings[role].at(this.#clock.now())
    } catch (error) {
      this.#events.signingFailed(role, codeOf(error), error)
      throw error
    }
  }

  /** Of each key its certificate and chain. */
  certificates(): Record<SigningRole, Certificate[][]> {
    const of = (role: SigningRole) =>
      this.#rings[role].signers.map(({ certificate, chain }) => [certificate, ...chain])
    return { envelope: of('envelope'), evidence: of('evidence'), archive: of('archive') }
  }

  /** Opens the next keys beside those in use, which are let go once `takeOver` was called. */
  async prepare(settings: Settings): Promise<{ takeOver(): void } & AsyncDisposable> {
    let unused: Rings | undefined = await readRings(settings, this.#events)
    return {
      takeOver: () => {
        if (unused === undefined) return
        const before = this.#rings
        this.#rings = unused
        unused = undefined
        // A token that hangs must not hold up what comes after.
        this.#closing = Promise.all([this.#closing, close(before)])
      },
      [Symbol.asyncDispose]: async () => {
        if (unused !== undefined) await close(unused)
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#closing, close(this.#rings)])
  }
}

async function readRings(settings: Settings, events: KeyEvents): Promise<Rings> {
  const { envelope, evidence, archive } = settings.signing
  await using opening = new AsyncDisposableStack()
  const ring = async (role: SigningRole, keys: readonly SigningKey[]): Promise<KeyRing> => {
    const signers: Signer[] = []
    for (const key of keys) {
      const signer = await readSigner(key, (file) => events.weakKeyFile(file))
      opening.defer(() => new KeyRing([signer])[Symbol.asyncDispose]())
      refuse(key, unfitness(signer.certificate))
      signers.push(counted(signer, role, events))
    }
    return new KeyRing(signers)
  }
  const rings = {
    envelope: await ring('envelope', envelope),
    evidence: await ring('evidence', evidence),
    archive: await ring('archive', archive ?? evidence),
  }
  const issuers = rings.evidence.signers.map(({ certificate }) => certificate)
  const refuseUnlike = (ring: KeyRing, keys: readonly SigningKey[]): void => {
    for (const [index, { certificate }] of ring.signers.entries())
      refuse(keys[index], unlikeIssuer(certificate, issuers, ownAddressesOf(settings)))
  }
  refuseUnlike(rings.envelope, envelope)
  refuseUnlike(rings.archive, archive ?? [])
  opening.move()
  return rings
}

/** @param key undefined: one of evidence, whose certificate is no other */
function refuse(key: SigningKey | undefined, reason: string | undefined): void {
  if (key !== undefined && reason !== undefined)
    throw new KeyFileError(fileOf(key), new KeyError('UNFIT_CERTIFICATE', reason))
}

async function close(rings: Rings): Promise<void> {
  await Promise.all(SIGNING_ROLES.map((role) => rings[role][Symbol.asyncDispose]()))
}

/** Counts what each key does, for metrics and for the bench's lower bound. */
const counted = (signer: Signer, role: SigningRole, events: KeyEvents): Signer => ({
  ...signer,
  sign: async (octets) => {
    events.keyUsed(role)
    try {
      return await signer.sign(octets)
    } catch (error) {
      events.signingFailed(role, codeOf(error), error)
      throw error
    }
  },
})

const codeOf = (error: unknown): string => (error instanceof KeyError ? error.code : 'OTHER')
