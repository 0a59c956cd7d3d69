import type { EvidenceDraft } from '../model/draft.ts'
import { ROOT_FACTS } from '../model/roots.ts'
import { fail, pass, type Rule } from './rule.ts'

/** Delivery and reading are proved for one recipient each, by position from 1. [EN 319 522-3 §5.2.2.21] */
export const refersToARecipient: Rule<EvidenceDraft> = {
  id: 'refers-to-a-recipient',
  ref: 'EN 319 522-3 §5.2.2.21',
  check({ root, refersTo, recipients, delegates = [] }) {
    if (refersTo === undefined && ROOT_FACTS[root].perRecipient) return fail(`${root} names no recipient`)
    const positions = [
      ...(refersTo === undefined ? [] : [refersTo]),
      ...delegates.flatMap((d) => d.recipients),
    ]
    const outside = positions.find((n) => !Number.isInteger(n) || n < 1 || n > recipients.length)
    if (outside !== undefined) return fail(`position ${outside} is outside 1…${recipients.length}`)
    return delegates.some((d) => d.recipients.length === 0) ? fail('a delegate acts for no recipient') : pass
  },
}
