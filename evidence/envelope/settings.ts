/**
 * How our envelopes look: every name and prefix here is unverified for Turkey or a matter of taste, so an operator can
 * change it. Readers of peers' mail never depend on these names.
 */
import { OUTCOMES, type OutcomeName } from '../model/outcome.ts'

export interface EnvelopeSettings {
  /** The address in the provider's certificate; the addr-spec of From. [EN 319 532-3 §6.2] */
  readonly serviceAddress: string
  /** Shown beside it on evidence messages. */
  readonly serviceName: string
  /** Put behind the sender's name on dispatches: `Ayşe Yılmaz (KEP)`. */
  readonly senderSuffix: string
  readonly headerNames: Readonly<Record<RemHeader, string>>
  readonly subjectPrefixes: Readonly<Record<'dispatch' | OutcomeName, string>>
}

export type RemHeader =
  | 'messageType'
  | 'sectionType'
  | 'evidenceType'
  | 'event'
  | 'evidenceIdentifier'
  | 'messageIdentifier'
  | 'digestMethod'
  | 'digestValue'

/** The names that a TS 102 640 prototype reads; `X-REM-` is the prefix of the standard. */
export const DEFAULT_HEADER_NAMES: EnvelopeSettings['headerNames'] = {
  messageType: 'X-REM-Msg-Type',
  sectionType: 'X-REM-Section-Type',
  evidenceType: 'X-REM-Evidence-Type',
  event: 'X-REM-Event',
  evidenceIdentifier: 'X-REM-Evidence-Identifier',
  messageIdentifier: 'X-REM-Message-Identifier',
  digestMethod: 'X-REM-DigestMethod',
  digestValue: 'X-REM-DigestValue',
}

export const DEFAULT_SUBJECT_PREFIXES: EnvelopeSettings['subjectPrefixes'] = {
  ...(Object.fromEntries(OUTCOMES.map(({ name, tr }) => [name, `${tr}: `])) as Record<OutcomeName, string>),
  dispatch: 'KEP iletisi: ',
}

export const envelopeSettings = (
  serviceAddress: string,
  changes: Partial<EnvelopeSettings> = {},
): EnvelopeSettings => ({
  serviceAddress,
  serviceName: 'KEP Hizmet Sağlayıcısı',
  senderSuffix: '(KEP)',
  headerNames: DEFAULT_HEADER_NAMES,
  subjectPrefixes: DEFAULT_SUBJECT_PREFIXES,
  ...changes,
})
