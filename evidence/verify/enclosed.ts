/** Judges a signature that has its content inside, wherever it stands. [RFC 5652 §5.2] */
import { OpaqueReader } from '../cms/opaque.ts'
import { judgeCms } from './cms.ts'
import type { Judged } from './evidence.ts'
import type { ContentEntry } from './report.ts'
import type { VerifyOptions } from './trust.ts'

/** Gets the octets inside as they pass; they are unverified until the verdict is there. */
export type ContentSink = (octets: Uint8Array) => void

export interface JudgedEnclosed {
  readonly judged: readonly Judged[]
  readonly content: Omit<ContentEntry, 'mime'>
  /** It is a detached signature: its content stands elsewhere. */
  readonly isDetached: boolean
  /** No signature: what only its reader can open. */
  readonly isEncrypted: boolean
}

export function judgeEnclosed(
  cms: Uint8Array,
  provedAt: Date | undefined,
  options: VerifyOptions,
  sink: ContentSink = () => {},
): JudgedEnclosed {
  let octets = 0
  const reader = new OpaqueReader((piece) => {
    octets += piece.length
    sink(piece)
  })
  reader.write(cms)
  const report = reader.end()
  return {
    judged: judgeCms('user', report, provedAt, options),
    content: { type: reader.contentType, octets },
    isDetached: report.signers.some(({ failure }) => failure === 'CONTENT_MISSING'),
    isEncrypted: reader.isEncrypted,
  }
}
