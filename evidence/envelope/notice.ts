import { addressField, dateField, idField, textField, type WrittenMailbox } from '../../mail/header-write.ts'
import type { Signer } from '../ports.ts'
import { composeEnvelope } from './compose.ts'
import type { EnvelopeSettings } from './settings.ts'

/** Word of the provider to an account holder about the account itself: no evidence, of no message. */
export interface NoticeRequest {
  readonly settings: EnvelopeSettings
  readonly signer: Signer
  readonly date: Date
  readonly messageId: string
  readonly to: WrittenMailbox
  readonly subject: string
  /** A sentence or two in Turkish. */
  readonly text: string
  readonly rows: readonly (readonly [label: string, value: string])[]
}

/** Yields the octets of a signed notice. */
export function composeNotice(request: NoticeRequest): AsyncGenerator<Uint8Array> {
  const { settings, signer, date, messageId, to, subject, text, rows } = request
  const header = [
    addressField('From', [{ name: settings.serviceName, address: settings.serviceAddress }]),
    addressField('To', [to]),
    textField('Subject', subject),
    dateField('Date', date),
    idField('Message-ID', [messageId]),
    // No answering machine may answer this. [RFC 3834 §5]
    textField('Auto-Submitted', 'auto-generated'),
  ].join('')
  return composeEnvelope({
    header,
    sectionHeader: settings.headerNames.sectionType,
    introduction: { title: subject, text, rows },
    evidence: [],
    signer,
    signingTime: date,
    timestamper: undefined,
  })
}
