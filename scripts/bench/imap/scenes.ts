/** What clients do with large mailboxes; each scene is one user's wait. */
import { RARE_WORD } from './letters.ts'
import type { RawClient } from './raw-client.ts'

/** Mailboxes of both servers, filled alike. */
export const LETTERS = { box: 'Mektuplar', count: 20_000 } as const
export const NOTICES = { box: 'Bildirimler', count: 100_000 } as const
export const LARGE_BOX = 'Taslak'
export const LARGE_OCTETS = 100_000_000
const CHANGED = 100

export interface Scene {
  readonly name: string
  /** Opened before it begins; undefined: the scene opens what it needs. */
  readonly box: string | undefined
  /** What must be so before, and is not measured. */
  readonly before?: (client: RawClient) => Promise<unknown>
  readonly act: (client: RawClient) => Promise<unknown>
  /** Whether the answer is right: a server that does nothing is fast. */
  readonly check?: (answer: string) => boolean
}

const asks = (name: string, box: string, command: string, check?: Scene['check']): Scene => ({
  name,
  box,
  act: async (client) => {
    const { head, octets } = await client.command(command)
    const answer = head.replace(/^\* OK \[INPROGRESS .*\r\n/gm, '')
    if (check !== undefined && !check(answer))
      throw new Error(`${name}: ${answer.slice(0, 200)} (${octets} octets)`)
  },
})

const LETTERS_WITH_RARE_WORD = LETTERS.count / 1_000
const countsNumbers = (many: number) => (head: string) =>
  (/^\* SEARCH((?: \d+)*)\r\n/.exec(head)?.[1] ?? '').split(' ').length - 1 === many

const searchText = (name: string): Scene =>
  asks(name, LETTERS.box, `SEARCH TEXT ${RARE_WORD}`, countsNumbers(LETTERS_WITH_RARE_WORD))

export const LETTER_SCENES: readonly Scene[] = [
  asks('FETCH 1:* (UID FLAGS) of 20,000', LETTERS.box, 'FETCH 1:* (UID FLAGS)', (head) =>
    head.startsWith('* 1 FETCH (UID 1 FLAGS ('),
  ),
  asks('FETCH ENVELOPE of 20,000', LETTERS.box, 'FETCH 1:* (ENVELOPE)', (head) =>
    head.includes('ENVELOPE ("'),
  ),
  asks(
    'FETCH BODYSTRUCTURE of 20,000',
    LETTERS.box,
    'FETCH 1:* (BODYSTRUCTURE)',
    (head) => head.includes('"MIXED"') || head.includes('"mixed"'),
  ),
  {
    name: 'FETCH 1:20 (UID FLAGS RFC822.SIZE), 2,000 at once',
    box: LETTERS.box,
    act: (client) =>
      client.pipelined(Array.from({ length: 2_000 }, () => 'FETCH 1:20 (UID FLAGS RFC822.SIZE)')),
  },
  searchText('SEARCH TEXT, a rare word in 20,000'),
  asks('SEARCH SUBJECT in 20,000', LETTERS.box, 'SEARCH SUBJECT "Fatura 123"', (head) =>
    head.startsWith('* SEARCH '),
  ),
  asks('SORT (REVERSE DATE) of 20,000', LETTERS.box, 'SORT (REVERSE DATE) UTF-8 ALL', (head) =>
    head.startsWith('* SORT 20000 '),
  ),
  asks('SORT (SUBJECT) of 20,000', LETTERS.box, 'SORT (SUBJECT) UTF-8 ALL', (head) =>
    head.startsWith('* SORT '),
  ),
  asks('THREAD REFERENCES of 20,000', LETTERS.box, 'THREAD REFERENCES UTF-8 ALL', (head) =>
    head.startsWith('* THREAD (1 2 3 4)'),
  ),
]

/** Of an account that opted in; Dovecot searches as it is installed. */
export const INDEXED_SCENES: readonly Scene[] = [searchText('the same, with a search index')]

export const OTHER_SCENES: readonly Scene[] = [
  {
    name: 'STORE on 100,000',
    box: NOTICES.box,
    before: (client) => client.command('STORE 1:* -FLAGS.SILENT (\\Flagged)'),
    act: (client) => client.command('STORE 1:* +FLAGS.SILENT (\\Flagged)'),
  },
  {
    name: 'QRESYNC of 100,000 after 100 changes',
    box: undefined,
    before: async (client) => {
      const { head } = await client.command(`SELECT ${NOTICES.box} (CONDSTORE)`)
      seen = { validity: numberIn(head, 'UIDVALIDITY'), modseq: numberIn(head, 'HIGHESTMODSEQ') }
      const uids = Array.from({ length: CHANGED }, (_, i) => 1 + i * (NOTICES.count / CHANGED)).join(',')
      for (const sign of ['+', '-'])
        await client.command(`UID STORE ${uids} ${sign}FLAGS.SILENT (\\Answered)`)
      await client.command('UNSELECT')
      await client.command('ENABLE QRESYNC')
    },
    act: async (client) => {
      const { head } = await client.command(
        `SELECT ${NOTICES.box} (QRESYNC (${seen.validity} ${seen.modseq}))`,
      )
      if (!/^\* 1 FETCH /m.test(head)) throw new Error(`QRESYNC: ${head}`)
    },
  },
  {
    name: 'APPEND of 100 MB',
    box: undefined,
    before: (client) => client.command(`CREATE ${LARGE_BOX}`).catch(() => {}), // there from the second time on
    act: (client) => client.append(LARGE_BOX, LARGE_OCTETS, largeLetter()),
  },
  {
    name: 'FETCH BODY[] of 100 MB',
    box: LARGE_BOX,
    act: async (client) => {
      const { octets } = await client.command('FETCH 1 BODY.PEEK[]')
      if (octets < LARGE_OCTETS) throw new Error(`only ${octets} octets`)
    },
  },
]

let seen = { validity: 0, modseq: 0 }

const numberIn = (head: string, code: 'UIDVALIDITY' | 'HIGHESTMODSEQ'): number =>
  Number((code === 'UIDVALIDITY' ? /UIDVALIDITY (\d+)/ : /HIGHESTMODSEQ (\d+)/).exec(head)?.[1])

function* largeLetter(): Generator<Buffer> {
  const header = Buffer.from(
    'From: a@bench.example\r\nSubject: 100 MB\r\nDate: Thu, 01 Jan 2026 08:20:00 +0000\r\n\r\n',
  )
  yield header
  const block = Buffer.from(`${'a'.repeat(76)}\r\n`.repeat(800))
  let missing = LARGE_OCTETS - header.length
  for (; missing > 0; missing -= block.length) yield block.subarray(0, Math.min(missing, block.length))
}
