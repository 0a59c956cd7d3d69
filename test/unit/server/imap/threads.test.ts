import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sortedInTurns } from '../../../../server/imap/sort/in-turns.ts'
import {
  flattened,
  formatThreads,
  type ThreadMessage,
  type ThreadNode,
} from '../../../../server/imap/thread/node.ts'
import { orderedSubject } from '../../../../server/imap/thread/ordered-subject.ts'
import { byReferences } from '../../../../server/imap/thread/references.ts'

const breathe = async () => {}
const message = (uid: number, more: Partial<ThreadMessage> = {}): ThreadMessage => ({
  uid,
  sentAt: uid * 1000,
  subject: `konu ${uid}`,
  isAnswer: false,
  id: `<${uid}>`,
  references: [],
  ...more,
})
const shown = async (roots: readonly ThreadNode[]) =>
  [...formatThreads(await flattened(roots, breathe), (uid) => uid)].join('')

describe('THREAD=REFERENCES [RFC 5256 §3]', () => {
  const thread = async (...messages: ThreadMessage[]) => shown(await byReferences(messages, breathe))

  test('answers stand below what they answer, in the order of sending', async () => {
    const answers = (uid: number, ...to: number[]) =>
      message(uid, { references: to.map((one) => `<${one}>`) })
    expect(await thread(message(1), answers(2, 1), answers(3, 1, 2), message(4), answers(5, 1))).toBe(
      '(1 (2 3)(5))(4)',
    )
    expect(await thread(answers(3, 2), answers(2, 1), message(1))).toBe('(1 2 3)')
  })

  test('a message that is missing holds its answers together, and vanishes where it holds one', async () => {
    const to = (uid: number) => message(uid, { references: ['<yok>'] })
    expect(await thread(to(1), to(2))).toBe('((1)(2))')
    expect(await thread(to(1))).toBe('(1)')
    expect(
      await thread(message(1, { references: ['<a>', '<b>'] }), message(2, { references: ['<a>'] })),
    ).toBe('((1)(2))')
  })

  test('what a message says of itself counts more than what another says of it', async () => {
    expect(
      await thread(
        message(1),
        message(2),
        message(4, { references: ['<1>', '<3>'] }),
        message(3, { references: ['<2>'] }),
      ),
    ).toBe('(1)(2 3 4)')
  })

  test('nobody is below himself, and two of one id are two', async () => {
    expect(await thread(message(1, { references: ['<2>'] }), message(2, { references: ['<1>'] }))).toBe(
      '(2 1)',
    )
    expect(await thread(message(1, { references: ['<1>'] }))).toBe('(1)')
    expect(await thread(message(1), message(2, { id: '<1>', references: ['<1>'] }))).toBe('(1 2)')
  })

  test('threads of one subject are one: answers below, equals beside each other', async () => {
    const same = (uid: number, isAnswer = false) => message(uid, { subject: 'ayni', isAnswer })
    expect(await thread(same(1), same(2, true), same(3, true))).toBe('(1 (2)(3))')
    expect(await thread(same(1), same(2))).toBe('((1)(2))')
    expect(await thread(same(1, true), same(2))).toBe('(2 1)')
    expect(await thread(message(1, { subject: '' }), message(2, { subject: '' }))).toBe('(1)(2)')
  })

  test('a chain of any length ends, and everybody is told once', async () => {
    const chain = Array.from({ length: 3_000 }, (_, at) =>
      message(at + 1, { references: at === 0 ? [] : [`<${at}>`] }),
    )
    const numbers = (await shown(await byReferences(chain, breathe))).match(/\d+/g)?.map(Number)
    expect(numbers?.toSorted((a, b) => a - b)).toEqual(chain.map(({ uid }) => uid))
  })

  test('a thread that is linked from below and forks at each step is told whole, however deep it is', async () => {
    const forks = Array.from({ length: 20_000 }, (_, at) =>
      message(at + 1, {
        id: at % 2 === 0 ? `<${at / 2}>` : undefined,
        references: [`<${1 + Math.floor(at / 2)}>`],
        subject: '',
      }),
    )
    const told = await shown(await byReferences(forks, breathe))
    expect(told.match(/\d+/g)?.length).toBe(forks.length)
    expect(told.split('(').length).toBe(told.split(')').length)
  })

  test('whatever messages refer to, each is told once', async () => {
    const ids = fc.constantFrom('<1>', '<2>', '<3>', '<4>', '<5>', '<a>', '<b>')
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            id: fc.option(ids, { nil: undefined }),
            references: fc.array(ids, { maxLength: 5 }),
            subject: fc.constantFrom('', 'x', 'y'),
            isAnswer: fc.boolean(),
          }),
          { maxLength: 12 },
        ),
        async (drawn) => {
          const messages = drawn.map((one, at) => message(at + 1, one))
          for (const algorithm of [byReferences, orderedSubject]) {
            const told = (await shown(await algorithm(messages, breathe))).match(/\d+/g) ?? []
            expect(told.map(Number).toSorted((a, b) => a - b)).toEqual(messages.map(({ uid }) => uid))
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

test('THREAD=ORDEREDSUBJECT: the first of a subject, and all others below it [RFC 5256 §3]', async () => {
  const of = (uid: number, subject: string, sentAt = uid) => message(uid, { subject, sentAt })
  expect(
    await shown(
      await orderedSubject([of(1, 'b'), of(2, 'a'), of(3, 'b'), of(4, 'b'), of(5, 'a', 0)], breathe),
    ),
  ).toBe('(5 2)(1 (3)(4))')
})

test('a sort in turns is the sort of the whole, and stable', async () => {
  const items = Array.from({ length: 5_001 }, (_, at) => ({ key: (at * 7919) % 97, at }))
  const sorted = await sortedInTurns(items, (a, b) => a.key - b.key, breathe)
  expect(sorted).toEqual(items.toSorted((a, b) => a.key - b.key || a.at - b.at))
})
