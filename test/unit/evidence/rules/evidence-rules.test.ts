import { describe, expect, test } from 'vitest'
import type { EvidenceDraft } from '../../../../evidence/model/draft.ts'
import { DEFAULT_PROFILE } from '../../../../evidence/model/profile.ts'
import { evidenceRules } from '../../../../evidence/rules/evidence-rules.ts'
import { checkAll, RulesBroken } from '../../../../evidence/rules/rule.ts'
import { afterEvent, draftFor, EVENT_TIME } from '../../../fakes/evidence.ts'

const codes = DEFAULT_PROFILE.eventCodes
const base = draftFor(Buffer.from('x'))
const delivery = { root: 'DeliveryNonDeliveryToRecipient', eventCode: codes.delivery } as const
const retrieval = {
  root: 'RetrievalNonRetrievalByRecipient',
  eventCode: codes.retrieval,
  refersTo: 1,
} as const
const { senderAuthentication: _, ...withoutSender } = base

const broken = (draft: EvidenceDraft): string[] => {
  try {
    checkAll(draft, evidenceRules(DEFAULT_PROFILE))
    return []
  } catch (error) {
    if (!(error instanceof RulesBroken)) throw error
    return error.broken.map(({ rule }) => rule)
  }
}

const table: [string, EvidenceDraft, string[]][] = [
  ['a complete submission', base, []],
  ['an id with a digit in front', { ...base, id: '0b6f' }, ['id-is-an-xml-name']],
  ['an id with a colon', { ...base, id: 'a:b' }, ['id-is-an-xml-name']],
  [
    'an event of another root',
    { ...base, eventCode: codes.delivery },
    ['event-fits-root', 'reasons-when-negative'],
  ],
  ['an event with a double slash', { ...base, eventCode: 'http://uri.etsi.org/02640/Event#Acceptance' }, []],
  [
    'a rejection without reason',
    { ...base, eventCode: codes['submission-rejection'] },
    ['reasons-when-negative'],
  ],
  [
    'a rejection with reason',
    {
      ...base,
      eventCode: codes['submission-rejection'],
      reasons: [{ code: 'http:uri.etsi.org/REM/EventReason#MalwareFound' }],
    },
    [],
  ],
  ['an unknown reason', { ...base, reasons: [{ code: 'urn:x' }] }, ['reasons-are-known']],
  ['no recipient', { ...base, recipients: [], delegates: [] }, ['parties-present']],
  ['a sender without address', { ...base, sender: { addresses: [] } }, ['parties-present']],
  ['an address with a line break', { ...base, sender: { addresses: ['a@b\r\nc'] } }, ['parties-present']],
  ['an empty name', { ...base, issuer: { names: [' '], addresses: ['a@b'] } }, ['names-not-empty']],
  [
    'an empty display name',
    { ...base, sender: { displayName: '', addresses: ['a@b'] } },
    ['names-not-empty'],
  ],
  ['a delivery for nobody', { ...base, ...delivery }, ['refers-to-a-recipient']],
  ['a delivery for recipient 0', { ...base, ...delivery, refersTo: 0 }, ['refers-to-a-recipient']],
  ['a delivery for recipient 3 of 2', { ...base, ...delivery, refersTo: 3 }, ['refers-to-a-recipient']],
  ['a delivery for recipient 2', { ...base, ...delivery, refersTo: 2 }, []],
  [
    'a digest of SHA-1',
    { ...base, message: { ...base.message, digestMethod: 'http://www.w3.org/2000/09/xmldsig#sha1' } },
    ['digest-present'],
  ],
  [
    'a digest that is too short',
    { ...base, message: { ...base.message, digestValue: 'AAAA' } },
    ['digest-present'],
  ],
  ['a submission without login', withoutSender, ['authentication-present']],
  ['a retrieval without login', { ...base, ...retrieval }, ['authentication-present']],
  [
    'an expiry needs no login, but a reason',
    { ...base, ...retrieval, eventCode: codes['retrieval-expiration'], reasons: [{ code: '15' }] },
    [],
  ],
  ['submitted after the event', { ...base, submissionTime: afterEvent(1) }, ['times-ordered']],
  [
    'a local time',
    { ...base, eventTime: EVENT_TIME.toISOString().replace('Z', '+03:00') },
    ['times-ordered'],
  ],
  ['a day that is none', { ...base, eventTime: '2026-02-30T10:00:00.000Z' }, ['times-ordered']],
  [
    'NUL in the message id',
    { ...base, message: { ...base.message, uaMessageId: '<\0@x>' } },
    ['text-is-xml'],
  ],
  ['NUL in the subject is replaced later', { ...base, message: { ...base.message, subject: '\0' } }, []],
  [
    'an extension called <x>',
    { ...base, extensions: [{ namespace: 'urn:x', name: '<x>', critical: false, fields: [] }] },
    ['text-is-xml'],
  ],
]

describe('rules of evidence', () => {
  test.each(table)('%s', (_name, draft, expected) => {
    expect(broken(draft)).toEqual(expected)
  })

  test('all broken rules are named, not only the first', () => {
    expect(broken({ ...base, id: '1', recipients: [] })).toEqual(
      expect.arrayContaining(['id-is-an-xml-name', 'parties-present']),
    )
  })

  test('what was checked cannot be changed', () => {
    const checked = checkAll(draftFor(Buffer.from('x')), evidenceRules(DEFAULT_PROFILE))
    expect(() => Object.assign(checked.message, { subject: 'other' })).toThrow(TypeError)
  })
})
