import { expect, test } from 'vitest'
import { answeredBy } from '../../../mail/thread-ids.ts'

test('what a message answers: the first and the newest of References, else In-Reply-To', () => {
  expect(answeredBy({})).toEqual([])
  expect(answeredBy({ references: '', inReplyTo: '<a@x> <b@x>' })).toEqual(['<a@x>'])
  expect(answeredBy({ references: '<a@x>\t<b@x>', inReplyTo: '<c@x>' })).toEqual(['<a@x>', '<b@x>'])
  const many = Array.from({ length: 40 }, (_, n) => `<${n}@x>`)
  expect(answeredBy({ references: many.join(' ') })).toEqual(['<0@x>', ...many.slice(-9)])
  expect(answeredBy({ references: `<${'a'.repeat(300)}@x> yok <b@x>` })).toEqual(['<b@x>'])
})
