import type { EvidenceDraft, MessageDetails } from '../model/draft.ts'
import { HASH_LENGTH } from '../x509/algorithm.ts'
import { hashOfDigestUri } from '../xades/algorithms.ts'
import { fail, pass, type Rule } from './rule.ts'

/** Without the digest the evidence is about a subject line, not about a message. [EN 319 532-4 §C.4.5.1] */
export const digestPresent: Rule<EvidenceDraft> = {
  id: 'digest-present',
  ref: 'EN 319 532-4 §C.4.5.1',
  check({ message, notification }) {
    if (!complete(message))
      return fail('the message digest is missing, malformed or of an algorithm we refuse')
    return notification === undefined || complete(notification)
      ? pass
      : fail('the notification has no digest')
  },
}

function complete({ digestMethod, digestValue }: MessageDetails): boolean {
  const hash = hashOfDigestUri(digestMethod)
  const octets = Buffer.from(digestValue, 'base64')
  return (
    hash !== undefined && octets.length === HASH_LENGTH[hash] && octets.toString('base64') === digestValue
  )
}
