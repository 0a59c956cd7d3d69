import { describe, expect, test } from 'vitest'
import { OUTCOMES, outcomeOf, typeNumberOf } from '../../../../evidence/model/outcome.ts'
import { DEFAULT_PROFILE } from '../../../../evidence/model/profile.ts'
import { REASONS, reasonOf, reasonUri } from '../../../../evidence/model/reasons.ts'
import { EVIDENCE_ROOTS, isEvidenceRoot } from '../../../../evidence/model/roots.ts'

const event = (fragment: string) => `http:uri.etsi.org/02640/Event#${fragment}`

describe('outcomes [TS 102 640-2 annex B]', () => {
  test('each root has one, and each is read back from what we write', () => {
    expect(new Set(OUTCOMES.map(({ root }) => root))).toEqual(new Set(EVIDENCE_ROOTS))
    for (const outcome of OUTCOMES)
      expect(outcomeOf(DEFAULT_PROFILE, outcome.root, DEFAULT_PROFILE.eventCodes[outcome.name])).toBe(outcome)
  })

  test.each([
    ['DeliveryNonDeliveryToRecipient', event('NonDelivery'), 'non-delivery'],
    ['DeliveryNonDeliveryToRecipient', event('DeliveryExpiration'), 'non-delivery'],
    ['DeliveryNonDeliveryToRecipient', 'http://uri.etsi.org/02640/Event#Delivery', 'delivery'],
    ['RetrievalNonRetrievalByRecipient', event('NonRetrievalExpiration'), 'retrieval-expiration'],
    ['RelayREMMDFailure', event('DeliveryExpiration'), 'relay-failure'],
    ['RelayREMMDAcceptanceRejection', event('Rejection'), 'relay-rejection'],
    ['SubmissionAcceptanceRejection', event('Delivery'), undefined],
    ['DeliveryNonDeliveryToRecipient', event('Acceptance'), undefined],
    ['SubmissionAcceptanceRejection', 'Acceptance', undefined],
    ['SubmissionAcceptanceRejection', '', undefined],
  ] as const)('%s with %s is %s', (root, code, expected) => {
    expect(outcomeOf(DEFAULT_PROFILE, root, code)?.name).toBe(expected)
  })

  test('type numbers', () => {
    const numbers = OUTCOMES.map(({ name }) => typeNumberOf(DEFAULT_PROFILE, name)).filter(
      (n) => n !== undefined,
    )
    expect(numbers).toEqual([10, 11, 20, 21, 31, 40, 41, 60])
  })

  test('names of objects are no roots', () => {
    for (const name of ['constructor', '__proto__', 'toString', '']) expect(isEvidenceRoot(name)).toBe(false)
  })
})

describe('reasons [TS 102 640-2 annex D]', () => {
  test('twenty-two, numbered without gap', () => {
    expect(REASONS.map(({ number }) => number)).toEqual(Array.from({ length: 22 }, (_, n) => n + 1))
  })

  test.each([
    [reasonUri('MailboxFull'), 11],
    ['http://uri.etsi.org/REM/EventReason#MailboxFull', 11],
    ['11', 11],
    ['23', undefined],
    ['0', undefined],
    ['MailboxFull', undefined],
    ['', undefined],
  ])('%s is number %s', (code, number) => {
    expect(reasonOf(code)?.number).toBe(number)
  })
})
