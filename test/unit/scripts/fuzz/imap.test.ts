import { describe, expect, test } from 'vitest'
import { Framing } from '../../../../scripts/fuzz/imap/framing.ts'
import { grow } from '../../../../scripts/fuzz/imap/grammar.ts'
import { MailboxModel } from '../../../../scripts/fuzz/imap/mailbox-model.ts'
import { isResponse, ResponseReader } from '../../../../scripts/fuzz/imap/responses.ts'
import { growScript, readScript } from '../../../../scripts/fuzz/imap/script.ts'
import { Broken } from '../../../../scripts/fuzz/target.ts'
import { imapSession } from '../../../../scripts/fuzz/targets/imap-session.ts'
import { Random } from '../../../../scripts/soak/power-loss/random.ts'

describe('which answers are owed [RFC 9051 §2.2.1]', () => {
  const sent = (...pieces: readonly string[]): Framing => {
    const framing = new Framing()
    for (const piece of pieces) framing.sent(piece)
    return framing
  }

  test('one to each command, in order, by its tag', () => {
    const framing = sent('a NOOP\r\nb NO', 'OP\r\n')
    framing.answered('a')
    expect(framing.owes).toBe(true)
    framing.answered('b')
    expect([framing.owes, framing.clean]).toEqual([false, true])
    expect(() => framing.answered('b')).toThrow(Broken)
  })

  test('another tag is an answer to another command', () => {
    expect(() => sent('a NOOP\r\n').answered('b')).toThrow(Broken)
    sent('no-tag\r\n').answered('*')
  })

  test('a literal that is refused leaves what follows to the next command', () => {
    const framing = sent('a LOGIN {3}\r\nb NOOP\r\n')
    framing.answered('a')
    expect(framing.owes).toBe(true)
    framing.answered('b')
  })

  test('a literal that is asked for takes what follows, lines too', () => {
    const framing = sent('a LOGIN {8}\r\nb NOOP\r\n')
    framing.asked()
    expect(framing.owes).toBe(false)
    framing.sent(' x\r\n')
    framing.answered('a')
    expect(framing.clean).toBe(true)
  })

  test('an early refusal is the only answer, literals or not', () => {
    const framing = sent('a LOGIN {3+}\r\n')
    framing.answered('a')
    framing.sent('abc {2+}\r\nxy\r\n')
    expect([framing.owes, framing.clean]).toEqual([false, true])
  })

  test('a line that is asked for is no command', () => {
    const framing = sent('a IDLE\r\n')
    framing.asked()
    framing.sent('DONE\r\n')
    framing.answered('a')
    expect(() => framing.asked()).toThrow(Broken)
  })
})

test.each([
  'OK done',
  'OK [UIDNEXT 4] The next UID',
  'OK [PERMANENTFLAGS (\\Seen \\*)] Flags that stay',
  'FLAGS (\\Seen x)',
  'LIST (\\HasNoChildren) "/" "a b"',
  'SEARCH',
  'ESEARCH (TAG "a") UID ALL 1:3,5 COUNT 4',
  'ESEARCH (TAG "a" MAILBOX "b\\"c" UIDVALIDITY 7) UID ALL 2',
  'ESEARCH (TAG "a") UID ADDTO (0 1:3)',
  '3 EXPUNGE',
  '3 FETCH (FLAGS (\\Seen) BODY[HEADER.FIELDS ("a]")]<0> {2}\r\n)( UID 4)',
])('a response as it should be: %s', (text) => {
  expect(isResponse({ tag: '*', text })).toBe(true)
})

test.each([
  'OK',
  'OK line\r\nOK injected',
  'FLAGS (\\Seen',
  'LIST () "/" "a"b"',
  'LIST () "/" a\0',
  'SEARCH x',
  'VANISHED *',
  '3 EXPUNGE 4',
  '3 FETCH (FLAGS)',
  '3 FETCH (FLAGS (a) BODY[] {2}\r\nabc)',
  'SOMETHING else',
])('a response that no client can read: %s', (text) => {
  expect(isResponse({ tag: '*', text })).toBe(false)
})

test('responses are cut at their line ends, and literals may hold some', () => {
  const reader = new ResponseReader()
  const read = [...'* 1 FETCH (BODY[] {4}\r\na\r\nb)\r\n* 2 EXISTS\r\n'].flatMap((char) => [
    ...reader.read(char),
  ])
  expect(read.map(({ text }) => text)).toEqual(['1 FETCH (BODY[] {4}\r\na\r\nb)', '2 EXISTS'])
  expect(reader.open).toBe(false)
})

describe('what a client may believe [RFC 9051 §7.4]', () => {
  const hears = (...texts: readonly string[]): number | undefined => {
    const model = new MailboxModel()
    for (const text of texts) model.hear(text)
    return model.exists
  }

  test('messages come, and go by number and by UID', () => {
    expect(hears('5 EXISTS', '2 EXPUNGE', 'VANISHED 7,9:10', '3 EXISTS')).toBe(3)
    expect(hears('5 EXISTS', 'VANISHED (EARLIER) 1:40')).toBe(5)
    expect(hears('5 EXISTS', 'OK [CLOSED] bye', '1 EXISTS')).toBe(1)
  })

  test('who asked not to hear all may know less', () => {
    const model = new MailboxModel()
    expect(model.unsaid).toBe(false)
    model.ended('NOTIFY SET (SELECTED NONE)')
    expect(model.unsaid).toBe(true)
  })

  test.each([
    [['5 EXISTS', '4 EXISTS']],
    [['5 EXISTS', '6 EXPUNGE']],
    [['5 EXISTS', '6 FETCH (FLAGS ())']],
    [['1 EXISTS', 'VANISHED 1:2']],
    [['1 EXPUNGE']],
  ])('%j cannot be', (texts) => {
    expect(() => hears(...texts)).toThrow(Broken)
  })
})

test('every production grows to its end, and the same seed grows the same', () => {
  const grown = (seed: number): string[] => {
    const random = new Random(seed)
    return Array.from({ length: 500 }, () => grow('command', random) + growScript(random))
  }
  expect(grown(1)).toEqual(grown(1))
  expect(grown(1)).not.toEqual(grown(2))
})

test('a script says who sends what, octet for octet', () => {
  expect(readScript('cold\nA> a \\x00\\\\\\r\\n\nB+ b\nA.\nnothing')).toEqual({
    cold: true,
    steps: [
      { client: 'A', act: 'ask', octets: 'a \0\\\r\n' },
      { client: 'B', act: 'send', octets: 'b' },
      { client: 'A', act: 'end', octets: '' },
    ],
  })
})

test('one session: pipelined, compressed, and beside another that takes its messages away', async () => {
  const script = [
    'A> a SELECT INBOX\\r\\nb FETCH 1:* (FLAGS BODY[])\\r\\n',
    'B> a COMPRESS DEFLATE\\r\\n',
    'B> b SELECT INBOX\\r\\n',
    'A> c IDLE\\r\\n',
    'B> c STORE 1:3 +FLAGS.SILENT (\\\\Deleted)\\r\\nd EXPUNGE\\r\\n',
    'A> DONE\\r\\n',
  ]
  expect(await imapSession.run(Buffer.from(script.join('\n')))).toBe(' EXPUNGE FETCH RECENT OK IDLE done')
})
