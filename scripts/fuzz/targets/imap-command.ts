/** One IMAP command with its literals in their places, in each state that a session may be in. */
import { PassThrough } from 'node:stream'
import { messageOptions } from '../../../server/imap/append/message-options.ts'
import { Cursor } from '../../../server/imap/cursor.ts'
import { CommandError } from '../../../server/imap/failure.ts'
import { OctetReader } from '../../../server/imap/octet-reader.ts'
import { Output } from '../../../server/imap/output.ts'
import { findCommand } from '../../../server/imap/registry.ts'
import { Session } from '../../../server/imap/session.ts'
import { Random } from '../../soak/power-loss/random.ts'
import { grow } from '../imap/grammar.ts'
import { ACCOUNT, makeHouse, PASSWORD } from '../imap/house.ts'
import { type Growth, shapeOf, type Target } from '../target.ts'

/** What leads to each state from the one before it. */
const WAYS: readonly (readonly string[])[] = [
  [],
  [`LOGIN ${ACCOUNT} ${PASSWORD}`],
  [`LOGIN ${ACCOUNT} ${PASSWORD}`, 'SELECT INBOX'],
  [`LOGIN ${ACCOUNT} ${PASSWORD}`, 'ENABLE IMAP4rev2 QRESYNC UTF8=ACCEPT METADATA', 'SELECT INBOX'],
  [`LOGIN ${ACCOUNT} ${PASSWORD}`, 'ENABLE UIDONLY', 'SELECT INBOX'],
]
/** Where nearly every command may be given. */
const SELECTED = 2
const sessions = await Promise.all(WAYS.map(openSession))

async function openSession(way: readonly string[]): Promise<Session> {
  const { parts } = await makeHouse()
  const admission = parts.census.admit('127.0.0.1')
  if (admission === undefined) throw new Error('no room for one connection')
  const [input, out] = [new OctetReader(new PassThrough()), new Output(new PassThrough())]
  const session = new Session(parts, input, out, {
    ip: '127.0.0.1',
    channel: { binding: () => undefined },
    admission,
    byCertificate: undefined,
  })
  for (const text of way) {
    const cursor = new Cursor(`a ${text}`)
    await findCommand(cursor, session).command.prepare(cursor, session)()
  }
  return session
}

/** What it is taken for; refusals are errors of one class and nothing else. */
function read(text: string, session: Session): string {
  const cursor = new Cursor(text)
  let name = '-'
  try {
    const { command } = findCommand(cursor, session)
    name = command.name
    command.prepare(cursor, session)
    if (command.goesOn && cursor.sees(' ')) messageOptions(cursor)
    return name
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return `${name} ${shapeOf(error.message)}`
  }
}

const SEEDS = 400

export const imapCommand: Target = {
  name: 'imap-command',
  kind: 'imap',
  weight: 12,
  async seeds() {
    const random = new Random(9051)
    return Array.from({ length: SEEDS }, () => Buffer.from(`a ${grow('command', random)}`, 'latin1'))
  },
  run(input) {
    const text = Buffer.from(input).toString('latin1')
    // Before login nearly all is refused at once; the other states take turns, by what the input says itself.
    const turn = 1 + (input.length % (sessions.length - 1))
    return [0, turn].map((state) => read(text, sessions[state]!)).join(' ')
  },
  work(input) {
    read(Buffer.from(input).toString('latin1'), sessions[SELECTED]!)
  },
  growth: [
    of('a set of numbers', 'a FETCH ', '1,', '1 FLAGS'),
    of('a set of ranges', 'a UID FETCH ', '4294967295:1,', '* FLAGS'),
    of('a set without end', 'a FETCH ', '1:', ''),
    of('parentheses', 'a SEARCH ', '(', ''),
    of('keys', 'a SEARCH ', 'ALL ', 'ALL'),
    of('negations', 'a SEARCH ', 'NOT ', 'ALL'),
    of('branches', 'a SEARCH ', 'OR ', 'ALL'),
    of('flags', 'a STORE 1 FLAGS (', 'a ', 'a)'),
    of('items', 'a FETCH 1 (', 'FLAGS ', 'FLAGS)'),
    of('parts of a section', 'a FETCH 1 BODY[', '1.', '1]'),
    of('fields', 'a FETCH 1 BODY[HEADER.FIELDS (', 'a ', 'a)]'),
    of('patterns', 'a LIST "" (', '* ', '*)'),
    of('a pattern', 'a LIST "" ', '*%', ''),
    of('a quoted string', 'a SELECT "', 'x', '"'),
    of('backslashes', 'a SELECT "', '\\\\', '"'),
    of('a quote without end', 'a SELECT "', '\\"', ''),
    of('empty literals', 'a ID (', '"a" {0+}\r\n ', '"a" NIL)'),
    of('announcements', 'a LOGIN ', '{0+}\r\n', ''),
    of('entries', 'a GETMETADATA INBOX (', '/shared/a ', '/shared/a)'),
    of('switches', 'a ENABLE ', 'X ', 'X'),
    of('spaces', 'a NOOP', ' ', ''),
    of('a tag', '', 'a', ' NOOP'),
  ],
}

/** As many of a piece as fit. */
function of(name: string, before: string, piece: string, after: string): Growth {
  const make = (octets: number) => before + piece.repeat(Math.floor(octets / piece.length)) + after
  return { name, make: (octets) => Buffer.from(make(octets), 'latin1') }
}
