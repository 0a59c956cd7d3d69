import { expect, test } from 'vitest'
import { baseSubject } from '../../../../server/imap/sort/base-subject.ts'
import { subjectOf } from '../../../../server/imap/sort/keys.ts'

test.each([
  ['merhaba', 'merhaba', false],
  ['  iki   söz ', 'iki söz', false],
  ['Re: merhaba', 'merhaba', true],
  ['RE: Fwd: fw: merhaba', 'merhaba', true],
  ['Re [liste] : merhaba', 'merhaba', true],
  ['[liste] Re: merhaba', 'merhaba', true],
  ['[liste] merhaba', 'merhaba', true],
  ['[liste]', '[liste]', false],
  ['merhaba (fwd)', 'merhaba', true],
  ['merhaba (fwd) (FWD)', 'merhaba', true],
  ['[Fwd: Re: merhaba]', 'merhaba', true],
  ['[fwd: [fwd: merhaba]]', 'merhaba', true],
  ['Ynt: YNT: İlt: merhaba', 'merhaba', true],
  ['ilt: merhaba', 'merhaba', true],
  ['Rezervasyon: merhaba', 'Rezervasyon: merhaba', false],
  ['', '', false],
  ['Re:', '', true],
])('%j is about %j [RFC 5256 §2.1]', (subject, text, isAnswer) => {
  expect(baseSubject(subject)).toEqual({ text, isAnswer })
})

test('long ones take no longer than they are long', () => {
  const steps = 'Re: '.repeat(20_000)
  expect(baseSubject(`${steps}x`).text).toBe('x')
  expect(baseSubject('['.repeat(50_000)).text).toHaveLength(50_000)
})

test.each(['[a]', '[a] ', '(fwd)', 'Re: ', '[fwd:'])(
  'of a mebibyte of %s no more is looked at than people read',
  (unit) => {
    expect(subjectOf({ subject: unit.repeat(1_048_576 / unit.length) }).text.length).toBeLessThan(2_001)
  },
)
