/**
 * The two messages that a provider writes: the REM dispatch (the original with the evidence of its acceptance) and the
 * REM-MD message (evidence only, a receipt). Their headers are composed from values. [TS 102 640-2 §4]
 */
import {
  addressField,
  dateField,
  idField,
  isMessageId,
  textField,
  type WrittenMailbox,
} from '../../mail/header-write.ts'
import type { EvidenceDraft } from '../model/draft.ts'
import { type OutcomeName, outcomeNamed } from '../model/outcome.ts'
import type { Signer, Timestamper } from '../ports.ts'
import { composeEnvelope, type EvidencePart, type Original } from './compose.ts'
import { shownDay, shownTime, signatureRows, type UserSignature } from './introduction.ts'
import type { EnvelopeSettings } from './settings.ts'

/** What every envelope needs. */
interface EnvelopeRequest {
  readonly settings: EnvelopeSettings
  readonly signer: Signer
  readonly timestamper?: Timestamper | undefined
  /** Date and CMS signing time; the event's time on receipts, so that all times in one message agree. */
  readonly date: Date
  /** The facts of the evidence that rides in it: the headers repeat them. */
  readonly facts: Pick<EvidenceDraft, 'root' | 'id' | 'message' | 'sender' | 'recipients'>
  readonly outcome: OutcomeName
  readonly evidence: readonly EvidencePart[]
}

export interface DispatchRequest extends EnvelopeRequest {
  readonly sender: WrittenMailbox
  readonly to: readonly WrittenMailbox[]
  readonly cc: readonly WrittenMailbox[]
  /** The original's References and its Message-ID, in this order; what is no message id is left out. */
  readonly references: readonly string[]
  /** Fields copied from the original, for instance X-TR-REM-iletiTip; names come from the configuration. */
  readonly copied: readonly { readonly name: string; readonly value: string }[]
  readonly userSignature: UserSignature
  readonly original: Original
}

export interface ReceiptRequest extends EnvelopeRequest {
  readonly messageId: string
  /** What the original answers: a receipt belongs into the thread of its message. What is no message id is left out. */
  readonly references?: readonly string[]
  /** Who gets it, nearly always the sender of the original. */
  readonly to: WrittenMailbox
  readonly userSignature?: UserSignature | undefined
  /** A remark of the provider for the reader, beside what the evidence says. */
  readonly note?: string | undefined
  /** At whose end an e-Tebligat counts as served, `2026-11-27`. */
  readonly servedAtEndOf?: string | undefined
}

/** Yields the octets of a REM dispatch; see composeEnvelope for failures. */
export function composeDispatch(request: DispatchRequest): AsyncGenerator<Uint8Array> {
  const { settings, facts, sender, to, cc, copied, original } = request
  const references = request.references.filter(isMessageId)
  const shown = sender.name === undefined || sender.name === '' ? sender.address : sender.name
  const header = [
    // The addr-spec is the certificate's: S/MIME programs compare the two. [RFC 8550 §3]
    addressField('From', [{ name: `${shown} ${settings.senderSuffix}`, address: settings.serviceAddress }]),
    addressField('Reply-To', [sender]),
    ...(to.length > 0 ? [addressField('To', to)] : []),
    ...(cc.length > 0 ? [addressField('Cc', cc)] : []),
    textField('Subject', settings.subjectPrefixes.dispatch + facts.message.subject),
    dateField('Date', request.date),
    idField('Message-ID', [facts.message.remmdMessageId]),
    ...(references.length > 0 ? [idField('References', references)] : []),
    remFields(request, 'Dispatch'),
    ...copied.map(({ name, value }) => textField(name, value)),
  ].join('')
  return composeEnvelope({
    ...common(request, header),
    original,
    introduction: {
      title: 'Kayıtlı elektronik posta iletisi',
      text: 'Bu ileti bir kayıtlı elektronik posta (KEP) hesabından gönderilmiştir. Özgün ileti ve gönderi kabul delili ektedir.',
      rows: [...messageRows(request), ...signatureRows(request.userSignature)],
    },
  })
}

/** Yields the octets of a REM-MD message; see composeEnvelope for failures. */
export function composeReceipt(request: ReceiptRequest): AsyncGenerator<Uint8Array> {
  const { settings, facts, outcome } = request
  const answered = [facts.message.uaMessageId ?? '', facts.message.remmdMessageId].filter(isMessageId)
  const references = [...(request.references ?? []).filter(isMessageId), ...answered]
  const header = [
    addressField('From', [{ name: settings.serviceName, address: settings.serviceAddress }]),
    addressField('To', [request.to]),
    textField('Subject', settings.subjectPrefixes[outcome] + facts.message.subject),
    dateField('Date', request.date),
    idField('Message-ID', [request.messageId]),
    ...(answered.length > 0
      ? [idField('In-Reply-To', answered.slice(0, 1)), idField('References', references)]
      : []),
    // No answering machine may answer this. [RFC 3834 §5]
    textField('Auto-Submitted', 'auto-generated'),
    remFields(request, 'Message'),
  ].join('')
  const { tr } = outcomeNamed(outcome)
  return composeEnvelope({
    ...common(request, header),
    introduction: {
      title: tr,
      text: 'Bu ileti bir kayıtlı elektronik posta (KEP) delilidir. İmzalı ve zaman damgalı delil ektedir.',
      rows: [
        ['Delil', tr],
        ['Delil ID', facts.id],
        ...(request.note === undefined ? [] : [['Not', request.note] as [string, string]]),
        ...messageRows(request),
        ...(request.servedAtEndOf === undefined
          ? []
          : [
              ['Tebliğ edilmiş sayılma', `${shownDay(request.servedAtEndOf)} günü sonunda`] as [
                string,
                string,
              ],
            ]),
        ...(request.userSignature ? signatureRows(request.userSignature) : []),
      ],
    },
  })
}

const common = (request: EnvelopeRequest, header: string) => ({
  header,
  sectionHeader: request.settings.headerNames.sectionType,
  evidence: request.evidence,
  signer: request.signer,
  signingTime: request.date,
  timestamper: request.timestamper,
})

/** The evidence's facts again, for programs that sort mail; the evidence is what counts. */
function remFields({ settings: { headerNames }, facts, outcome }: EnvelopeRequest, type: string): string {
  return [
    textField(headerNames.messageType, type),
    textField(headerNames.evidenceType, facts.root),
    textField(headerNames.event, outcomeNamed(outcome).en),
    textField(headerNames.evidenceIdentifier, facts.id),
    textField(headerNames.messageIdentifier, facts.message.remmdMessageId),
    textField(headerNames.digestMethod, facts.message.digestMethod),
    textField(headerNames.digestValue, facts.message.digestValue),
  ].join('')
}

const messageRows = ({ facts, date }: EnvelopeRequest): [string, string][] => [
  ['Gönderen', facts.sender.addresses.join(', ')],
  ['Alıcılar', facts.recipients.flatMap(({ addresses }) => addresses).join(', ')],
  ['Konu', facts.message.subject],
  ['Tarih', shownTime(date)],
  ['Remmd ID', facts.message.remmdMessageId],
]
