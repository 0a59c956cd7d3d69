/** The rules that every delil passes before it is signed, in one list. */
import type { EvidenceDraft } from '../model/draft.ts'
import type { EvidenceProfile } from '../model/profile.ts'
import { authenticationPresent } from './authentication-present.ts'
import { digestPresent } from './digest-present.ts'
import { eventFitsRoot } from './event-fits-root.ts'
import { idIsAnXmlName } from './id-is-an-xml-name.ts'
import { namesNotEmpty } from './names-not-empty.ts'
import { partiesPresent } from './parties-present.ts'
import { reasonsAreKnown } from './reasons-are-known.ts'
import { reasonsWhenNegative } from './reasons-when-negative.ts'
import { refersToARecipient } from './refers-to-a-recipient.ts'
import type { Rule } from './rule.ts'
import { textIsXml } from './text-is-xml.ts'
import { timesOrdered } from './times-ordered.ts'

export const evidenceRules = (profile: EvidenceProfile): readonly Rule<EvidenceDraft>[] => [
  idIsAnXmlName,
  eventFitsRoot(profile),
  reasonsWhenNegative(profile),
  reasonsAreKnown,
  partiesPresent,
  namesNotEmpty,
  refersToARecipient,
  digestPresent,
  authenticationPresent(profile),
  timesOrdered,
  textIsXml,
]
