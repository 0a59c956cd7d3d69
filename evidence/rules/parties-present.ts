import type { EntityDetails, EvidenceDraft } from '../model/draft.ts'
import { fail, pass, type Rule } from './rule.ts'

/** The schema allows empty parties; evidence about nobody proves nothing. [TS 102 640-2 §5] */
export const partiesPresent: Rule<EvidenceDraft> = {
  id: 'parties-present',
  ref: 'TS 102 640-2 §5',
  check({ issuer, sender, recipients }) {
    if (recipients.length === 0) return fail('there is no recipient')
    if (!named(issuer)) return fail('the issuer has no address')
    if (!named(sender)) return fail('the sender has no address')
    const nobody = recipients.findIndex((recipient) => !named(recipient))
    return nobody < 0 ? pass : fail(`recipient ${nobody + 1} has no address`)
  },
}

const named = ({ addresses }: EntityDetails): boolean =>
  addresses.length > 0 && addresses.every((address) => /^[\x21-\x7e]+@[\x21-\x7e]+$/.test(address))
