/** NIL and worse in every argument position of every command there is, taken from the registry itself. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { COMMAND_NAMES } from '../../server/imap/registry.ts'
import type { LineClient } from '../fakes/dialogue.ts'
import { type ImapUnderTest, loggedIn, startImap } from '../fakes/imap-server.ts'

let under: ImapUnderTest
let client: LineClient
beforeAll(async () => {
  under = await startImap()
  await under.deliver('INBOX', Buffer.from('Subject: x\r\n\r\nbir\r\n'))
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await loggedIn(under)
  await client.command('s', 'SELECT INBOX')
})

/** More than any command takes. */
const POSITIONS = 6
/** What stands in the other positions, so that some commands read on to the poisoned one. */
const FILLERS = ['1', 'INBOX', '""', '(x)', 'FLAGS', 'UTF-8']
const POISONS = [
  'NIL',
  '()',
  '(NIL)',
  '__proto__',
  'constructor',
  '~{3+}\r\n\0\0\0',
  '{0+}\r\n',
  '(((((((((((',
  '"',
]
/** These end the session, or wait for another kind of line. */
const ENDINGS: ReadonlySet<string> = new Set(['LOGOUT', 'IDLE', 'AUTHENTICATE', 'COMPRESS'])

test('the registry names what is attacked', () => {
  expect(COMMAND_NAMES.length).toBeGreaterThan(50)
  expect(COMMAND_NAMES).toContain('UID FETCH')
})

test.each(POISONS.map((poison) => [JSON.stringify(poison), poison]))('%s', async (_, poison) => {
  let tag = 0
  for (const name of COMMAND_NAMES.filter((one) => !ENDINGS.has(one)))
    for (let position = 0; position < POSITIONS; position++)
      for (const filler of FILLERS) {
        const words = [name, ...Array<string>(position).fill(filler), poison]
        client.send(`t${++tag} ${words.join(' ')}\r\n`)
        const answer = await answerTo(`t${tag} `)
        expect(answer, words.join(' ')).toMatch(/^t\d+ (?:OK|NO|BAD) /)
        expect(answer).not.toContain('SERVERBUG')
        // Many refusals in a row end a session, one that is understood goes on.
        if (tag % 20 === 0) expect((await client.command('n', 'NOOP')).at(-1)).toMatch(/^n OK/)
      }
  expect(tag).toBeGreaterThan(1000)
})

/** The end of the command; a mailbox that was left is opened again. */
async function answerTo(tag: string): Promise<string> {
  const lines = await client.until(tag)
  if (lines.some((line) => line.includes('[CLOSED]')) || /^t\d+ OK (?:CLOSE|UNSELECT)/.test(lines.at(-1)!))
    await client.command('s', 'SELECT INBOX')
  return lines.at(-1) ?? ''
}
