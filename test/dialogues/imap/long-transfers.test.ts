import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
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

test.each(['COPY 1:* hedef', 'MOVE 1:* hedef', 'STORE 1:* +FLAGS ($x)', 'EXPUNGE'])(
  '%s ends where the account is closed meanwhile',
  async (command) => {
    const { mailboxes } = under.store
    await client.command('d', 'STORE 1:* +FLAGS.SILENT (\\Deleted)')
    const state = (state: string) => under.changeAccount(ACCOUNT, (document) => ({ ...document, state }))
    for (const method of ['copy', 'move', 'store', 'expunge'] as const) {
      const own: (...args: never[]) => Promise<unknown> = mailboxes[method]
      const closing: typeof own = async (...args) => {
        for (const each of ['copy', 'move', 'store', 'expunge'] as const)
          if (each === method) Object.assign(mailboxes, { [each]: own })
        const answer = await own(...args)
        await state('closed')
        return answer
      }
      if (command.toLowerCase().startsWith(method)) Object.assign(mailboxes, { [method]: closing })
    }
    expect((await client.command('t', command)).at(-1)).toMatch(/^t NO \[NOPERM\]/)
    await state('active')
    const left = await exists('cok')
    if (command === 'EXPUNGE') expect([0, COUNT]).not.toContain(left)
  },
)

test('MOVE that fails half-way tells what has gone, and the rest stays [RFC 6851 §3.3]', async () => {
  for (const line of ['UNSELECT', 'ENABLE QRESYNC', 'SELECT cok']) await client.command('q', line)
  writesOf('move', 2)
  const answer = await client.command('t', 'MOVE 1:* hedef')
  expect(answer[0]).toMatch(/^\* OK \[COPYUID \d+ 1:500 1:500\]/)
  expect(answer.at(-1)).toMatch(/^t NO \[UNAVAILABLE\]/)
  expect(await client.command('n', 'NOOP')).toContain('* VANISHED 1:500')
  expect([await exists('cok'), await exists('hedef')]).toEqual([COUNT - 500, 500])
})
