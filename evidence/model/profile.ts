/**
 * Every value of evidence that could not be confirmed in the texts of the standard or of the Turkish rules, as
 * settings with the defaults that public implementations agree on. An operator who holds BTK's interoperability
 * procedure changes them here and nowhere else.
 */
import { EVENT_PREFIX, type OutcomeName } from './outcome.ts'

export interface EvidenceProfile {
  /** The `version` attribute. */
  readonly version: string
  readonly eventCodes: Readonly<Record<OutcomeName, string>>
  /** Type numbers as PTT's service numbers its deliller; no entry where none was seen. */
  readonly typeNumbers: Readonly<Partial<Record<OutcomeName, number>>>
  /** Under which policy evidence is issued: URIs, for instance `urn:oid:…`. */
  readonly policyIds: readonly string[]
  /** Namespace of our own extensions. */
  readonly extensionNamespace: string
}

const event = (fragment: string): string => EVENT_PREFIX + fragment

export const DEFAULT_PROFILE: EvidenceProfile = {
  version: '2.1.1',
  eventCodes: {
    'submission-acceptance': event('Acceptance'),
    'submission-rejection': event('Rejection'),
    'relay-acceptance': event('Acceptance'),
    'relay-rejection': event('Rejection'),
    'relay-failure': event('DeliveryExpiration'),
    delivery: event('Delivery'),
    'non-delivery': event('DeliveryExpiration'),
    download: event('Download'),
    'download-expiration': event('DownloadExpiration'),
    retrieval: event('Retrieval'),
    'retrieval-expiration': event('RetrievalExpiration'),
    'recipient-acceptance': event('Acceptance'),
    'recipient-rejection': event('Rejection'),
    'relay-to-non-rem': event('Acceptance'),
    'relay-to-non-rem-failure': event('Rejection'),
    'received-from-non-rem': event('Acceptance'),
  },
  typeNumbers: {
    'submission-acceptance': 10,
    'submission-rejection': 11,
    'relay-acceptance': 20,
    'relay-rejection': 21,
    'relay-failure': 31,
    delivery: 40,
    'non-delivery': 41,
    retrieval: 60,
  },
  policyIds: ['urn:oid:1.3.6.1.4.1.59999.1.1'],
  extensionNamespace: 'urn:openkep:evidence-extension:1',
}
