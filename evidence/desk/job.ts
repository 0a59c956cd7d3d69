/** Work of the desk as plain data: certificates are their DER, and come back as fingerprints, positions or DER. */
import type { OpaqueTail } from '../cms/opaque.ts'
import type { CmsSigner } from '../cms/verify.ts'
import type { HashName, PathResult, TimestampToken, TrustContext } from '../ports.ts'
import type { JudgedEvidence } from '../verify/evidence.ts'
import type { VerifyOptions } from '../verify/trust.ts'
import type { ListFacts, ReadDelil } from './desk.ts'

type Der = Uint8Array

/** Of a list that is held the octets are shared by all threads, and each reads them once. */
export interface HeldList {
  readonly id: number | undefined
  readonly octets: Uint8Array
}

type Plain<T extends { readonly anchors: unknown }> = Omit<T, 'anchors' | 'intermediates' | 'crls'> & {
  readonly anchors: readonly Der[]
  readonly intermediates: readonly Der[]
  readonly crls: readonly HeldList[]
}
export type PlainContext = Plain<TrustContext>
export type PlainOptions = Omit<Plain<VerifyOptions>, 'userAnchors' | 'stampAnchors'> & {
  readonly stampAnchors?: readonly Der[] | undefined
}

type Found = Extract<PathResult, { ok: true }>
export type PlainPath =
  | Exclude<PathResult, { ok: true }>
  | (Pick<Found, 'ok' | 'revocation' | 'policies'> & {
      /** Fingerprints. */
      readonly path: readonly string[]
      /** Positions in the question. */
      readonly usedCrls: readonly number[]
      readonly usedOcsps: readonly number[]
    })

type Named<T, K extends string> = T extends unknown
  ? Omit<T, K> & { readonly [key in K]: Der | undefined }
  : never
export interface PlainReport {
  readonly signers: readonly Named<CmsSigner, 'certificate'>[]
  readonly certificates: readonly Der[]
  readonly crls: readonly Uint8Array[]
}
export type PlainToken = Named<TimestampToken, 'certificate'>
export type PlainDelil = Pick<ReadDelil, 'claimed'> & {
  readonly judged: Omit<JudgedEvidence, 'certificate' | 'certificates' | 'token'> & {
    readonly certificate: Der | undefined
    readonly certificates: readonly Der[]
    readonly token: PlainToken | undefined
  }
}
export interface PlainRest {
  readonly role: 'signer' | 'tsa'
  readonly certificate: Der
  readonly beside: readonly Der[]
}

/** Each kind of job, with what is asked and what is answered. */
export interface Work {
  path: { asked: { leaf: Der; context: PlainContext }; answer: PlainPath }
  list: { asked: { list: HeldList; issuer: Der | undefined }; answer: ListFacts }
  /** The digests that a signature needs of what it is about. */
  digests: { asked: { der: Uint8Array }; answer: readonly HashName[] }
  signature: {
    asked: { der: Uint8Array; digests: ReadonlyMap<HashName, Uint8Array> }
    answer: PlainReport
  }
  opaque: { asked: { tail: OpaqueTail }; answer: PlainReport }
  evidence: { asked: { octets: Uint8Array; options: PlainOptions }; answer: PlainDelil }
  restsOn: { asked: { octets: Uint8Array }; answer: readonly PlainRest[] }
}

export type TrustJob = { [K in keyof Work]: { readonly kind: K } & Work[K]['asked'] }[keyof Work]
export type TrustAnswer = Work[keyof Work]['answer']

/** Does one job somewhere else. Rejects with what the job threw, or because it was not done within bounds. */
export type DoElsewhere = (job: TrustJob, signal?: AbortSignal) => Promise<TrustAnswer>
