import type { EvidenceDraft } from '../model/draft.ts'
import { reasonOf } from '../model/reasons.ts'
import { fail, pass, type Rule } from './rule.ts'

/** Peers act on the code, so it is one of annex D and not words of ours. [TS 102 640-2 annex D] */
export const reasonsAreKnown: Rule<EvidenceDraft> = {
  id: 'reasons-are-known',
  ref: 'TS 102 640-2 annex D',
  check({ reasons }) {
    const unknown = reasons.find(({ code }) => reasonOf(code) === undefined)
    return unknown === undefined ? pass : fail(`${unknown.code} is no reason of annex D`)
  },
}
