import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { Holds } from '../../../server/retention/holds.ts'
import { type CopyResult, StoreError } from '../../../storage/port.ts'
import type { LineClient } from '../../fakes/dialogue.ts'
import { ACCOUNT, type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

const COUNT = 1_200

let under: ImapUnderTest
let client: LineClient
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await loggedIn(under)
  for (const name of ['cok', 'hedef']) await client.command('c', `CREATE ${name}`)
  await client.command('a', `APPEND cok${' {3+}\r\na:b'.repeat(75)}`)
  await client.command('s', 'SELECT cok')
  for (let count = 75; count < COUNT; count *= 2) await client.command('d', 'COPY 1:* cok')
})
afterEach(async () => {
  await client.command('u', 'UNSELECT')
  for (const name of ['cok', 'hedef']) await client.command('x', `DELETE ${name}`)
  client.end()
})

const exists = async (name: string) =>
  (await under.store.mailboxes.head((await under.store.mailboxes.byName(ACCOUNT, name))!.id))?.exists

/** The sizes of the writes; from the n-th on they fail. */
function writesOf(method: 'copy' | 'move', failsAt = Number.POSITIVE_INFINITY): number[] {
  const { mailboxes } = under.store
  const own: (...args: Parameters<typeof mailboxes.copy>) => Promise<CopyResult> = mailboxes[method]
  const sizes: number[] = []
  const counting: typeof own = async (...args) => {
    sizes.push(args[1].length)
    if (sizes.length < failsAt) return own(...args)
    Object.assign(mailboxes, { [method]: own })
    throw new StoreError('UNAVAILABLE', 'away')
  }
  Object.assign(mailboxes, { [method]: counting })
  return sizes
}

test.each(['COPY', 'MOVE'] as const)('%s of many is many writes and one answer', async (name) => {
  const sizes = writesOf(name === 'COPY' ? 'copy' : 'move')
  const answer = await client.command('t', `UID ${name} 1:* hedef`)
  expect(sizes).toEqual([500, 500, 200])
  expect(answer.join('\n')).toMatch(/\[COPYUID \d+ 1:1200 1:1200\]/)
  expect(answer.filter((line) => line.includes('COPYUID'))).toHaveLength(1)
  expect([await exists('cok'), await exists('hedef')]).toEqual(name === 'COPY' ? [COUNT, COUNT] : [0, COUNT])
})

test('COPY that fails half-way leaves nothing behind [RFC 9051 §6.4.7]', async () => {
  writesOf('copy', 2)
  expect((await client.command('t', 'COPY 1:* hedef')).at(-1)).toMatch(/^t NO \[UNAVAILABLE\]/)
  expect([await exists('cok'), await exists('hedef')]).toEqual([COUNT, 0])
})

/** Does something after the first write of the command. */
function meanwhile(method: 'copy' | 'move' | 'store' | 'expunge', act: () => Promise<unknown>): void {
  const { mailboxes } = under.store
  const own: (...args: never[]) => Promise<unknown> = mailboxes[method]
  const once: typeof own = async (...args) => {
    Object.assign(mailboxes, { [method]: own })
    const answer = await own(...args)
    await act()
    return answer
  }
  Object.assign(mailboxes, { [method]: once })
}

type Document = Parameters<Parameters<ImapUnderTest['changeAccount']>[1]>[0]
const takeBack = (permission: string) => (document: Document) => ({
  ...document,
  persons: document.persons.map((person) => ({
    ...person,
    permissions: person.permissions.filter((each) => each !== permission),
  })),
})

/** The account is as it was when the test ends. */
async function changed(
  change: (document: Document) => Document,
): Promise<AsyncDisposable & { readonly begin: () => Promise<void> }> {
  let before: Document | undefined
  return {
    begin: () =>
      under.changeAccount(ACCOUNT, (document) => {
        before = document
        return change(document)
      }),
    [Symbol.asyncDispose]: async () => {
      if (before !== undefined) await under.changeAccount(ACCOUNT, () => before!)
    },
  }
}

const closed = (document: Document) => ({ ...document, state: 'closed' })

describe.each([
  ['the account is closed', closed],
  ['the right to read is taken back', takeBack('read')],
] as const)('where %s meanwhile', (_, change) => {
  test.each([
    ['COPY 1:* hedef', 'copy'],
    ['MOVE 1:* hedef', 'move'],
    ['STORE 1:* +FLAGS ($x)', 'store'],
    ['STORE 1:* +FLAGS (\\Deleted)', 'store'],
    ['EXPUNGE', 'expunge'],
  ] as const)('%s ends', async (command, method) => {
    await using account = await changed(change)
    await client.command('d', 'STORE 1:* +FLAGS.SILENT (\\Deleted)')
    meanwhile(method, account.begin)
    expect((await client.command('t', command)).at(-1)).toMatch(/^t NO \[NOPERM\]/)
    const left = await exists('cok')
    if (command === 'EXPUNGE') expect([0, COUNT]).not.toContain(left)
    if (command.startsWith('COPY')) expect([left, await exists('hedef')]).toEqual([COUNT, 0])
  })
})

describe('where the right to delete is taken back meanwhile', () => {
  beforeEach(() => client.command('d', 'STORE 1:* +FLAGS.SILENT (\\Deleted)'))
  test('STORE FLAGS clears \\Deleted no more', async () => {
    await using account = await changed(takeBack('delete'))
    meanwhile('store', account.begin)
    expect((await client.command('t', 'STORE 1:* FLAGS (\\Flagged)')).at(-1)).toMatch(/^t NO \[NOPERM\]/)
    const { id } = (await under.store.mailboxes.byName(ACCOUNT, 'cok'))!
    expect((await under.store.mailboxes.head(id))?.deleted).toBe(COUNT - 400)
  })
  test('CLOSE removes no more, and closes', async () => {
    await using account = await changed(takeBack('delete'))
    meanwhile('expunge', account.begin)
    expect((await client.command('t', 'CLOSE')).at(-1)).toBe('t OK CLOSE done')
    expect(await exists('cok')).toBe(COUNT - 1_000)
    expect((await client.command('n', 'FETCH 1 FLAGS')).at(-1)).toMatch(/^n BAD/)
  })
})

/** Does something while this is recorded. */
function whileRecording(what: string, act: () => Promise<unknown>): void {
  const { eventLog } = under.parts
  const { record } = eventLog
  eventLog.record = async (event) => {
    if (event.what === what) {
      eventLog.record = record
      await act()
    }
    return record.call(eventLog, event)
  }
}

test('DELETE of a mailbox ends where the account is closed while it is recorded', async () => {
  await using account = await changed(closed)
  whileRecording('mailbox deleted', account.begin)
  expect((await client.command('t', 'DELETE cok')).at(-1)).toMatch(/^t NO \[NOPERM\]/)
  expect(await exists('cok')).toBe(COUNT)
})

test.each([
  ['EXPUNGE', 'EXPUNGE'],
  ['REPLACE', 'REPLACE 1 hedef {7+}\r\na:b\r\n\r\n'],
])('%s keeps what is held while it is recorded', async (_, command) => {
  const holds = new Holds(under.store)
  await client.command('d', 'STORE 1:* +FLAGS.SILENT (\\Deleted)')
  await client.command('o', 'UID EXPUNGE 2:1200')
  const { id } = (await under.store.mailboxes.byName(ACCOUNT, 'cok'))!
  const [row] = await under.store.mailboxes.rows(id, [1])
  const hold = { reason: 'x', since: '2026-01-01T00:00:00Z', by: 'x' }
  whileRecording('mail deleted', () => holds.place({ account: ACCOUNT }, hold))
  expect((await client.command('t', command)).at(-1)).toMatch(/^t OK/)
  await client.command('u', 'UNSELECT')
  await client.command('x', 'DELETE cok')
  await client.command('c', 'CREATE cok')
  await under.store.blobs.sweep(1_000)
  expect(Buffer.from(await under.store.blobs.read(row!.body)).toString()).toBe('a:b')
  await holds.lift({ account: ACCOUNT })
})

/** What is recorded while it runs: acts and UIDs. */
async function recordedBy(command: string): Promise<{ answer: string | undefined; acts: unknown[] }> {
  const from = (await under.parts.store.chain.head('events'))?.seq ?? 0
  const answer = (await client.command('t', command)).at(-1)
  const entries = await under.parts.store.chain.read('events', from + 1, 10)
  const acts = entries.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()))
  return { answer, acts: acts.map(({ what, details }) => [what, details.uids]) }
}

test('what is recorded is what was begun, and that a copy was undone', async () => {
  writesOf('copy', 2)
  const copied = await recordedBy('COPY 1:* hedef')
  expect(copied.answer).toMatch(/^t NO \[UNAVAILABLE\]/)
  expect(copied.acts).toEqual([
    ['mail copied', '1:500'],
    ['mail copied', '501:1000'],
    ['mail copy undone', '1:500'],
  ])
  writesOf('move', 2)
  expect((await recordedBy('MOVE 1:* hedef')).acts).toEqual([
    ['mail moved', '1:500'],
    ['mail moved', '501:1000'],
  ])
})

test('copies are taken back in pieces too', async () => {
  writesOf('copy', 3)
  const expunged = vi.spyOn(under.store.mailboxes, 'expunge')
  await client.command('t', 'COPY 1:* hedef')
  expect(expunged.mock.calls.map(([, uids]) => uids.length)).toEqual([500, 500])
  expunged.mockRestore()
})

test('COPY of more than fits by now ends, and leaves nothing', async () => {
  await using account = await changed((document) => ({ ...document, quota: 4_000 }))
  meanwhile('copy', account.begin)
  expect((await client.command('t', 'COPY 1:* hedef')).at(-1)).toMatch(/^t NO \[OVERQUOTA\]/)
  expect([await exists('cok'), await exists('hedef')]).toEqual([COUNT, 0])
})

test('MOVE that fails half-way tells what has gone, and the rest stays [RFC 6851 §3.3]', async () => {
  for (const line of ['UNSELECT', 'ENABLE QRESYNC', 'SELECT cok']) await client.command('q', line)
  writesOf('move', 2)
  const answer = await client.command('t', 'MOVE 1:* hedef')
  expect(answer[0]).toMatch(/^\* OK \[COPYUID \d+ 1:500 1:500\]/)
  expect(answer.at(-1)).toMatch(/^t NO \[UNAVAILABLE\]/)
  expect(await client.command('n', 'NOOP')).toContain('* VANISHED 1:500')
  expect([await exists('cok'), await exists('hedef')]).toEqual([COUNT - 500, 500])
})
