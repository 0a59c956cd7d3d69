/**
 * Outcomes by name, so that plugins never spell a URI: (root, positive or negative) → event code, type number and
 * names. The URIs come from the profile, because part of them could not be confirmed. [TS 102 640-2 annex B]
 */
import type { EvidenceProfile } from './profile.ts'
import type { EvidenceRoot } from './roots.ts'

/** The standard prints its URIs without the double slash; verifiers see both spellings. */
export const EVENT_PREFIX = 'http:uri.etsi.org/02640/Event#'

export type OutcomeName =
  | 'submission-acceptance'
  | 'submission-rejection'
  | 'relay-acceptance'
  | 'relay-rejection'
  | 'relay-failure'
  | 'delivery'
  | 'non-delivery'
  | 'download'
  | 'download-expiration'
  | 'retrieval'
  | 'retrieval-expiration'
  | 'recipient-acceptance'
  | 'recipient-rejection'
  | 'relay-to-non-rem'
  | 'relay-to-non-rem-failure'
  | 'received-from-non-rem'

export interface Outcome {
  readonly name: OutcomeName
  readonly root: EvidenceRoot
  readonly positive: boolean
  readonly tr: string
  readonly en: string
}

const outcome = (
  name: OutcomeName,
  root: EvidenceRoot,
  positive: boolean,
  tr: string,
  en: string,
): Outcome => ({ name, root, positive, tr, en })

export const OUTCOMES: readonly Outcome[] = [
  outcome(
    'submission-acceptance',
    'SubmissionAcceptanceRejection',
    true,
    'Gönderi kabul edildi',
    'Submission acceptance',
  ),
  outcome(
    'submission-rejection',
    'SubmissionAcceptanceRejection',
    false,
    'Gönderi kabul edilmedi',
    'Submission rejection',
  ),
  outcome(
    'relay-acceptance',
    'RelayREMMDAcceptanceRejection',
    true,
    "Alıcı KEPHS'ye teslim edildi",
    'Relay acceptance',
  ),
  outcome(
    'relay-rejection',
    'RelayREMMDAcceptanceRejection',
    false,
    "Alıcı KEPHS'ye teslim edilemedi",
    'Relay rejection',
  ),
  outcome('relay-failure', 'RelayREMMDFailure', false, "Alıcı KEPHS'ye ulaşılamadı", 'Relay failure'),
  outcome('delivery', 'DeliveryNonDeliveryToRecipient', true, 'Alıcıya teslim edildi', 'Delivery'),
  outcome(
    'non-delivery',
    'DeliveryNonDeliveryToRecipient',
    false,
    'Alıcıya teslim edilemedi',
    'Non delivery',
  ),
  outcome('download', 'DownloadNonDownloadByRecipient', true, 'Alıcı tarafından indirildi', 'Download'),
  outcome(
    'download-expiration',
    'DownloadNonDownloadByRecipient',
    false,
    'Alıcı tarafından indirilmedi',
    'Download expiration',
  ),
  outcome('retrieval', 'RetrievalNonRetrievalByRecipient', true, 'Alıcı tarafından okundu', 'Retrieval'),
  outcome(
    'retrieval-expiration',
    'RetrievalNonRetrievalByRecipient',
    false,
    'Alıcı tarafından okunmadı',
    'Retrieval expiration',
  ),
  outcome(
    'recipient-acceptance',
    'AcceptanceRejectionByRecipient',
    true,
    'Alıcı kabul etti',
    'Acceptance by recipient',
  ),
  outcome(
    'recipient-rejection',
    'AcceptanceRejectionByRecipient',
    false,
    'Alıcı reddetti',
    'Rejection by recipient',
  ),
  outcome(
    'relay-to-non-rem',
    'RelayToNonREMSystem',
    true,
    'KEP dışı sisteme iletildi',
    'Relay to non-REM system',
  ),
  outcome(
    'relay-to-non-rem-failure',
    'RelayToNonREMSystem',
    false,
    'KEP dışı sisteme iletilemedi',
    'Relay to non-REM system failed',
  ),
  outcome(
    'received-from-non-rem',
    'ReceivedFromNonREMSystem',
    true,
    'KEP dışı sistemden alındı',
    'Received from non-REM system',
  ),
]

const byName = new Map(OUTCOMES.map((entry) => [entry.name, entry]))

export const outcomeNamed = (name: OutcomeName): Outcome => byName.get(name)!

export const eventCodeOf = (profile: EvidenceProfile, name: OutcomeName): string => profile.eventCodes[name]

/** PTT's delil type number, where one was ever seen (expiry of reading has none). */
export const typeNumberOf = (profile: EvidenceProfile, name: OutcomeName): number | undefined =>
  profile.typeNumbers[name]

/** `http://uri…` and `http:uri…` are one URI: public code writes both. */
export const sameUri = (a: string, b: string): boolean => singleSlash(a) === singleSlash(b)

const singleSlash = (uri: string): string => uri.replace(/^http:\/\/uri\.etsi\.org\//, 'http:uri.etsi.org/')

/**
 * The outcome that a root and an event code mean, by our profile first and then by every spelling known from other
 * implementations; undefined where the pair makes no sense.
 */
export function outcomeOf(
  profile: EvidenceProfile,
  root: EvidenceRoot,
  eventCode: string,
): Outcome | undefined {
  const candidates = OUTCOMES.filter((entry) => entry.root === root)
  const own = candidates.find((entry) => sameUri(profile.eventCodes[entry.name], eventCode))
  if (own) return own
  const code = singleSlash(eventCode)
  if (!code.startsWith(EVENT_PREFIX)) return undefined
  const meant = foreignCodes.get(code.slice(EVENT_PREFIX.length)) ?? []
  return candidates.find((entry) => meant.includes(entry.name))
}

/** Fragments seen in public implementations → the outcomes that they may mean; the root decides among these. */
const foreignCodes = new Map<string, readonly OutcomeName[]>([
  [
    'Acceptance',
    [
      'submission-acceptance',
      'relay-acceptance',
      'recipient-acceptance',
      'relay-to-non-rem',
      'received-from-non-rem',
    ],
  ],
  [
    'Rejection',
    ['submission-rejection', 'relay-rejection', 'recipient-rejection', 'relay-to-non-rem-failure'],
  ],
  ['Delivery', ['delivery']],
  ['NonDelivery', ['non-delivery', 'relay-failure']],
  ['DeliveryExpiration', ['non-delivery', 'relay-failure']],
  ['Download', ['download']],
  ['DownloadExpiration', ['download-expiration']],
  ['NonDownload', ['download-expiration']],
  ['Retrieval', ['retrieval']],
  ['RetrievalExpiration', ['retrieval-expiration']],
  ['NonRetrievalExpiration', ['retrieval-expiration']],
  ['NonRetrieval', ['retrieval-expiration']],
])
