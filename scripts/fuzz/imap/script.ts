/**
 * What one or two clients do, as text, so that it is bent like any input and a finding can be read:
 *
 *     A> a1 SELECT INBOX\r\n
 *     B+ b1 FETCH 1:* (FL
 *     B> AGS)\r\n
 *     A.
 *
 * `>` sends and waits for the answers, `+` sends at once, `!` sends past the compression, `.` closes the client's side.
 * `\r`, `\n`, `\\` and `\xHH` are octets. Other lines say nothing; a first line `cold` leaves the login out.
 */
import type { Random } from '../../soak/power-loss/random.ts'
import { grow } from './grammar.ts'

export interface Step {
  readonly client: 'A' | 'B'
  readonly act: 'ask' | 'send' | 'raw' | 'end'
  /** One char per octet. */
  readonly octets: string
}

const ACTS: ReadonlyMap<string, Step['act']> = new Map([
  ['>', 'ask'],
  ['+', 'send'],
  ['!', 'raw'],
  ['.', 'end'],
])

export function readScript(text: string): { readonly cold: boolean; readonly steps: readonly Step[] } {
  const lines = text.split('\n')
  const steps = lines.flatMap((line): Step[] => {
    const act = ACTS.get(line[1] ?? '')
    const client = line[0]
    if (act === undefined || (client !== 'A' && client !== 'B')) return []
    return [{ client, act, octets: unescaped(line.slice(line[2] === ' ' ? 3 : 2)) }]
  })
  return { cold: lines[0] === 'cold', steps }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['r', '\r'],
  ['n', '\n'],
  ['\\', '\\'],
])

const unescaped = (text: string): string =>
  text.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, char: string) =>
    hex === undefined ? (ESCAPES.get(char) ?? char) : String.fromCharCode(Number.parseInt(hex, 16)),
  )

const escaped = (octets: string): string =>
  octets
    .replaceAll('\\', '\\\\')
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n')
    .replace(/[^\x20-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)

/** Lines of one thing that a client may do; most are a command and its answer. */
export function growSteps(random: Random): string {
  const client = random.chance(0.75) ? 'A' : 'B'
  const line = (act: string, octets: string): string => `${client}${act} ${escaped(octets)}\n`
  const tag = `t${random.whole(1, 99)}`
  const command = `${tag} ${grow('command', random)}\r\n`
  switch (random.whole(0, 24)) {
    case 0:
      return (
        line('>', `${tag} IDLE\r\n`) + line('>', random.one(['DONE\r\n', 'done\r\n', 'NOOP\r\n', '\r\n']))
      )
    case 1: {
      // The other changes what this one watches.
      const other = client === 'A' ? 'B' : 'A'
      const change = random.one([
        'STORE 1:* +FLAGS (\\Deleted)',
        'EXPUNGE',
        'UID MOVE 1:3 a',
        'UID COPY * INBOX',
      ])
      return `${line('>', `${tag} IDLE\r\n`)}${other}> x ${escaped(change)}\\r\\n\n${line('>', 'DONE\r\n')}`
    }
    case 2:
      return (
        line('>', `${tag} AUTHENTICATE ${grow('mechanism', random)}\r\n`) +
        line('>', `${grow('response', random)}\r\n`)
      )
    case 3:
      return random.chance(0.08)
        ? line('>', `${tag} COMPRESS DEFLATE\r\n`)
        : line('>', `${tag} ${grow('select', random)}\r\n`)
    case 4:
      return random.chance(0.2)
        ? line('!', random.one(['\0\u0001\u00ff', '\u00ff\u00ff\u00ff', 'x NOOP\r\n']))
        : ''
    case 5:
      return random.chance(0.2) ? `${client}.\n` : line('>', `${tag} EXPUNGE\r\n`)
    case 6:
      return line('>', random.chance(0.2) ? `${tag} LOGOUT\r\n` : `${tag} STORE 1:* +FLAGS (\\Deleted)\r\n`)
    case 7:
    case 8:
      return line('+', command)
    case 9:
    case 10: {
      const at = random.whole(1, command.length - 1)
      return line(random.one(['+', '>']), command.slice(0, at)) + line('>', command.slice(at))
    }
    case 11:
      return line('>', command + `u${tag} ${grow('command', random)}\r\n`)
    case 12:
      // More than was announced, or less.
      return line(
        '>',
        command.replace(
          /\{([0-9]+)/,
          (_, size: string) => `{${Math.max(0, Number(size) + random.one([-1, 1, 9]))}`,
        ),
      )
    default:
      return line('>', command)
  }
}

export const growScript = (random: Random): string =>
  (random.chance(0.05)
    ? 'cold\n'
    : `A> s ${random.one(['SELECT INBOX', 'SELECT Taslaklar', 'ENABLE QRESYNC'])}\\r\\n\n`) +
  (random.chance(0.4) ? `B> s SELECT ${random.one(['INBOX', 'Taslaklar'])}\\r\\n\n` : '') +
  Array.from({ length: random.whole(1, 8) }, () => growSteps(random)).join('')
