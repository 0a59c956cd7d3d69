/**
 * The nine root elements of REM evidence with the names people see. The positive and the negative outcome share one
 * root; the event code tells them apart. [TS 102 640-2 §5]
 */
export const EVIDENCE_NAMESPACE = 'http://uri.etsi.org/02640/v2#'

export const EVIDENCE_ROOTS = [
  'SubmissionAcceptanceRejection',
  'RelayREMMDAcceptanceRejection',
  'RelayREMMDFailure',
  'DeliveryNonDeliveryToRecipient',
  'DownloadNonDownloadByRecipient',
  'RetrievalNonRetrievalByRecipient',
  'AcceptanceRejectionByRecipient',
  'RelayToNonREMSystem',
  'ReceivedFromNonREMSystem',
] as const

export type EvidenceRoot = (typeof EVIDENCE_ROOTS)[number]

export const isEvidenceRoot = (name: string): name is EvidenceRoot =>
  (EVIDENCE_ROOTS as readonly string[]).includes(name)

/** What a root says about whom, and which authentication it must carry. */
export interface RootFacts {
  readonly tr: string
  readonly en: string
  /** One document per recipient, so EvidenceRefersToRecipient is needed. */
  readonly perRecipient: boolean
  readonly senderAuthentication: boolean
  /** Only for positive outcomes: nobody logs in when a reading period expires. */
  readonly recipientAuthentication: boolean
}

const facts = (tr: string, en: string, needs: Partial<RootFacts> = {}): RootFacts => ({
  tr,
  en,
  perRecipient: false,
  senderAuthentication: false,
  recipientAuthentication: false,
  ...needs,
})

export const ROOT_FACTS: Readonly<Record<EvidenceRoot, RootFacts>> = {
  SubmissionAcceptanceRejection: facts('Gönderi kabul/ret delili', 'Submission acceptance/rejection', {
    senderAuthentication: true,
  }),
  RelayREMMDAcceptanceRejection: facts(
    "KEPHS'ler arası iletim kabul/ret delili",
    'Relay to REM-MD acceptance/rejection',
  ),
  RelayREMMDFailure: facts('KEPHS iletim başarısızlık delili', 'Relay to REM-MD failure'),
  DeliveryNonDeliveryToRecipient: facts(
    'Teslim/teslim edilememe delili',
    'Delivery/non-delivery to recipient',
    { perRecipient: true },
  ),
  DownloadNonDownloadByRecipient: facts('İndirme/indirmeme delili', 'Download/non-download by recipient', {
    perRecipient: true,
    recipientAuthentication: true,
  }),
  RetrievalNonRetrievalByRecipient: facts('Okundu/okunmadı delili', 'Retrieval/non-retrieval by recipient', {
    perRecipient: true,
    recipientAuthentication: true,
  }),
  AcceptanceRejectionByRecipient: facts('Alıcı kabul/ret delili', 'Acceptance/rejection by recipient', {
    perRecipient: true,
    recipientAuthentication: true,
  }),
  RelayToNonREMSystem: facts('KEP dışı sisteme iletim delili', 'Relay to non-REM system'),
  ReceivedFromNonREMSystem: facts('KEP dışından alım delili', 'Received from non-REM system'),
}
