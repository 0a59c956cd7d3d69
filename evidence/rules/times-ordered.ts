import type { EvidenceDraft } from '../model/draft.ts'
import { fail, pass, type Rule } from './rule.ts'

/** Times are UTC and in the order in which things happen: log in, submit, event. [XML Schema 2 §3.2.7] */
export const timesOrdered: Rule<EvidenceDraft> = {
  id: 'times-ordered',
  ref: 'XML Schema 2 §3.2.7',
  check({ eventTime, submissionTime, senderAuthentication, recipientAuthentication }) {
    const given = [eventTime, submissionTime, senderAuthentication?.time, recipientAuthentication?.time]
    for (const time of given) if (time !== undefined && !isUtc(time)) return fail(`${time} is no UTC time`)
    if (submissionTime !== undefined && submissionTime > eventTime) return fail('submitted after the event')
    if (senderAuthentication && senderAuthentication.time > eventTime)
      return fail('sender logged in after the event')
    if (recipientAuthentication && recipientAuthentication.time > eventTime)
      return fail('recipient logged in after the event')
    return pass
  },
}

/** Exactly what Date.toISOString writes: equal lengths make text order the order of time. */
const isUtc = (time: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time) &&
  !Number.isNaN(Date.parse(time)) &&
  new Date(time).toISOString() === time
