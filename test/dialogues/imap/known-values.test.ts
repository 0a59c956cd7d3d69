/** What messages are searched, sorted and threaded by is worked out once, and the answers are those that it would be without. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { KnownValues } from '../../../server/imap/known-values.ts'
import type { LineClient } from '../../fakes/dialogue.ts'
import { type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())

const SUBJECTS = ['Çağrı', 'fatura', 'RE: fatura', 'İhale', 'ihale', 'zeyil', 'Fatura', 'ağ', '']

const letter = (n: number) =>
  Buffer.from(
    `From: ${'cab'[n % 3]}@hs98.kep.tr\r\nTo: b@hs98.kep.tr\r\nSubject: ${SUBJECTS[(n * 7) % SUBJECTS.length]}\r\n` +
      `Date: ${1 + ((n * 11) % 28)} Mar 2026 10:00:00 +0300\r\nMessage-ID: <${n}@x>\r\n` +
      `References: <${(n * 5) % 13}@x>\r\n\r\n${'x'.repeat(n % 5)}\r\n`,
  )

async function opened(box: string): Promise<LineClient> {
  const client = await loggedIn(under)
  onTestFinished(() => client.end())
  await client.command('s', `SELECT ${box}`)
  return client
}

async function boxOf(box: string, count: number): Promise<LineClient> {
  const client = await loggedIn(under)
  await client.command('c', `CREATE ${box}`)
  client.end()
  for (let n = 1; n <= count; n++) await under.deliver(box, letter(n))
  return opened(box)
}

const READING = ['rows', 'page', 'marks', 'index', 'indexes'] as const

/** Questions to the store of these kinds, while something is done. */
async function readsDuring(
  act: () => Promise<unknown>,
  asked: readonly ((typeof READING)[number] | 'uids' | 'changes')[] = READING,
): Promise<number> {
  const { mailboxes } = under.store
  const real = new Map(asked.map((name) => [name, mailboxes[name]]))
  let reads = 0
  for (const [name, ask] of real)
    Object.assign(mailboxes, {
      [name]: (...given: unknown[]) => {
        reads++
        return Reflect.apply(ask, mailboxes, given)
      },
    })
  await act()
  Object.assign(mailboxes, Object.fromEntries(real))
  return reads
}

const QUESTIONS = [
  'UID SORT (SUBJECT) UTF-8 ALL',
  'UID SORT (REVERSE SUBJECT DATE) UTF-8 ALL',
  'UID SORT (FROM REVERSE SIZE) UTF-8 1:7',
  'UID THREAD REFERENCES UTF-8 ALL',
  'UID THREAD ORDEREDSUBJECT UTF-8 ALL',
  'UID SEARCH OR SUBJECT "FATURA" FROM "a@"',
] as const

test.each(QUESTIONS)('%s reads nothing where it was asked before, by whoever', async (question) => {
  const box = `bir${QUESTIONS.indexOf(question)}`
  const [client, other] = [await boxOf(box, 9), await opened(box)]
  const answer = await client.command('a', question)
  expect(answer[0]).toMatch(/^\* \w+ .*\d/)
  let again: string[] = []
  expect(await readsDuring(async () => (again = await other.command('a', question)))).toBe(0)
  expect(again).toEqual(answer)
})

test('of a mailbox that grew by one message that one is read', async () => {
  const client = await boxOf('iki', 20)
  await client.command('a', 'UID SORT (SUBJECT DATE) UTF-8 ALL')
  await under.deliver('iki', letter(21))
  await client.command('n', 'NOOP')
  const reads = await readsDuring(() => client.command('b', 'UID SORT (SUBJECT DATE) UTF-8 ALL'))
  // Its row and its index, for each of two keys.
  expect(reads).toBe(4)
})

test('a mailbox that is opened again is not read whole, whatever came and went', async () => {
  const [client, other] = [await boxOf('acik', 9), await opened('acik')]
  const open = async () => {
    const lines = await client.command('s', 'SELECT acik')
    const [found] = await client.command('u', 'UID SEARCH ALL')
    return [...lines.filter((line) => / EXISTS$|UIDNEXT|HIGHESTMODSEQ/.test(line)), found]
  }
  const { parts } = under
  const known = parts.knownValues
  onTestFinished(() => void Object.assign(parts, { knownValues: known }))
  for (const change of [
    'NOOP',
    'STORE 2 +FLAGS (\\Seen)',
    'COPY 1:3 acik',
    'STORE 3,5 +FLAGS (\\Deleted)',
    'EXPUNGE',
    'COPY 1 acik',
    'MOVE 8:* Taslaklar',
  ]) {
    expect((await other.command('c', change)).at(-1)).toMatch(/^c OK/)
    let answer: unknown
    expect(await readsDuring(async () => (answer = await open()), ['uids'])).toBe(0)
    Object.assign(parts, { knownValues: new KnownValues(0) })
    expect(await open()).toEqual(answer)
    Object.assign(parts, { knownValues: known })
  }
})

test('where too much changed it is read whole', async () => {
  const client = await boxOf('cok', 9)
  for (let n = 0; n < 8; n++) await client.command('c', 'UID COPY 1:* cok')
  expect(await readsDuring(() => client.command('s', 'EXAMINE cok'), ['uids'])).toBe(1)
  expect((await client.command('u', 'UID SEARCH RETURN (COUNT) ALL'))[0]).toContain(`COUNT ${9 * 2 ** 8}`)
})

test('what came or went as one change is not read with all its rows, to be thrown away', async () => {
  const client = await boxOf('birden', 9)
  for (let n = 0; n < 7; n++) await client.command('c', 'UID COPY 1:* birden')
  const select = () => client.command('s', 'SELECT birden')
  await select()
  await client.command('c', 'UID COPY 1:* birden')
  await client.command('u', 'UNSELECT')
  expect(await readsDuring(select, ['changes'])).toBe(0)
  await client.command('d', 'STORE 1:1100 +FLAGS.SILENT (\\Deleted)')
  await client.command('l', 'CLOSE')
  expect(await readsDuring(select, ['changes'])).toBe(0)
  expect((await client.command('u', 'UID SEARCH RETURN (COUNT) ALL'))[0]).toContain(
    `COUNT ${9 * 2 ** 8 - 1100}`,
  )
})

test('texts are worked out of messages alone that the other keys let through', async () => {
  const client = await boxOf('dar', 30)
  await client.command('f', 'STORE 7,8 +FLAGS (\\Flagged)')
  const { mailboxes } = under.store
  const { rows } = mailboxes
  onTestFinished(() => void Object.assign(mailboxes, { rows }))
  const asked: number[] = []
  Object.assign(mailboxes, {
    rows: (id: string, uids: readonly number[]) => {
      asked.push(...uids)
      return rows(id, uids)
    },
  })
  for (const key of ['FLAGGED', '7:8']) {
    expect((await client.command('a', `SEARCH OR SUBJECT "ag" FROM "@" ${key}`))[0]).toBe('* SEARCH 7 8')
  }
  expect([...new Set(asked)]).toEqual([7, 8])
})

test('flags are asked for each time, since they change', async () => {
  const client = await boxOf('uc', 3)
  expect((await client.command('a', 'UID SEARCH UNFLAGGED'))[0]).toBe('* SEARCH 1 2 3')
  await client.command('b', 'STORE 2 +FLAGS (\\Flagged)')
  expect((await client.command('c', 'UID SEARCH UNFLAGGED'))[0]).toBe('* SEARCH 1 3')
  expect((await client.command('d', 'UID SEARCH NOT (OR FLAGGED SUBJECT "fatura")'))[0]).toBe('* SEARCH 1 3')
})

/** A walk that is the same each time. */
function* numbers(): Generator<number, never> {
  for (let n = 12_345; ; n = (n * 1_103_515_245 + 12_345) % 2 ** 31) yield n
}

test('after whatever came and went the answers are those of a server that knows nothing', async () => {
  const [client, other] = [await boxOf('dort', 8), await opened('dort')]
  const { parts } = under
  const known = parts.knownValues
  onTestFinished(() => void Object.assign(parts, { knownValues: known }))
  const walk = numbers()
  for (let n = 30; n < 60; n++) {
    const which = walk.next().value
    if (which % 3 > 0) await under.deliver('dort', letter(n))
    else {
      await other.command('d', `STORE ${1 + (which % 5)} +FLAGS.SILENT (\\Deleted)`)
      await other.command('x', 'EXPUNGE')
    }
    await client.command('n', 'NOOP')
    const question = QUESTIONS[which % QUESTIONS.length]!
    Object.assign(parts, { knownValues: known })
    const answer = await client.command('a', question)
    Object.assign(parts, { knownValues: new KnownValues(0) })
    expect(await client.command('a', question)).toEqual(answer)
  }
})
