/** IMAP's commands as productions, from which valid commands grow, and near ones. [RFC 9051 §9] and the extensions we have. */
import type { Random } from '../../soak/power-loss/random.ts'

/** Deeper than this the first alternative is taken, which ends. */
const MAX_DEPTH = 14

/** `<name>` stands for one of the alternatives of that name; the first of each ends soonest. */
const PRODUCTIONS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    command: [
      'NOOP',
      'CHECK',
      'CAPABILITY',
      'NAMESPACE',
      'EXPUNGE',
      'CLOSE',
      'UNSELECT',
      '<select>',
      '<select>',
      '<fetch>',
      '<fetch>',
      '<fetch>',
      '<store>',
      '<store>',
      '<search>',
      '<search>',
      '<search>',
      '<list>',
      '<list>',
      '<transfer>',
      '<append>',
      '<append>',
      '<metadata>',
      '<metadata>',
      '<naming>',
      '<notify>',
      '<notify>',
      '<many>',
      'CANCELUPDATE "t<nz>"',
      'STATUS <mailbox> (<status-items>)',
      'ENABLE <switches>',
      'ID <id>',
      'GETQUOTA <string>',
      'GETQUOTAROOT <mailbox>',
      'MYRIGHTS <mailbox>',
      'GETACL <mailbox>',
      'SETACL <mailbox> <string> <string>',
      'UID EXPUNGE <set>',
      'UIDBATCHES <number>',
      'UIDBATCHES <number> <number>:<number>',
      'LOGIN <string> <string>',
      'AUTHENTICATE <mechanism>',
      'AUTHENTICATE <mechanism> <response>',
    ],
    mechanism: ['PLAIN', 'LOGIN', 'EXTERNAL', 'SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS', 'OAUTHBEARER', '<atom>'],
    response: ['=', '*', 'AGEAYg==', 'bixhPWEsbj11LHI9eA==', 'biwsbj11LHI9eA==', '<atom>'],
    select: [
      'SELECT INBOX',
      'SELECT Taslaklar',
      'SELECT <mailbox>',
      'EXAMINE <mailbox>',
      'SELECT <mailbox> (CONDSTORE)',
      'SELECT <mailbox> (QRESYNC (<number> <number>))',
      'SELECT <mailbox> (QRESYNC (<number> <number> <set>))',
      'SELECT <mailbox> (QRESYNC (<number> <number> <set> (<set> <set>)))',
    ],
    fetch: ['<u>FETCH <set> <items><fetch-modifiers>'],
    items: ['FLAGS', 'ALL', 'FULL', 'FAST', '<item>', '(<item-list>)'],
    'item-list': ['<item>', '<item> <item-list>', '<item> <item-list>'],
    item: [
      'UID',
      'FLAGS',
      'INTERNALDATE',
      'RFC822.SIZE',
      'ENVELOPE',
      'BODYSTRUCTURE',
      'BODY',
      'MODSEQ',
      'EMAILID',
      'THREADID',
      'SAVEDATE',
      'PREVIEW',
      'PREVIEW (LAZY)',
      'RFC822',
      'RFC822.HEADER',
      'RFC822.TEXT',
      'BODY<peek>[<section>]<partial>',
      'BODY<peek>[<section>]<partial>',
      'BINARY<peek>[<part>]<partial>',
      'BINARY.SIZE[<part>]',
    ],
    peek: ['', '.PEEK'],
    section: [
      '',
      'HEADER',
      'TEXT',
      '<part>',
      '<part>.MIME',
      '<part>.HEADER',
      '<part>.TEXT',
      '<fields>',
      '<part>.<fields>',
    ],
    fields: ['HEADER.FIELDS (<field>)', 'HEADER.FIELDS.NOT (<field> <field>)'],
    field: ['Subject', 'From', 'Date', '<string>'],
    part: ['1', '2', '2.1', '2.1.2', '<nz>.<nz>'],
    partial: ['', '', '<<number>.<nz>>'],
    'fetch-modifiers': [
      '',
      '',
      '',
      ' (CHANGEDSINCE <number>)',
      ' (CHANGEDSINCE <number> VANISHED)',
      ' (PARTIAL <range>)',
    ],
    range: ['1:5', '-1:-5', '<nz>:<nz>'],
    store: ['<u>STORE <set> <unchanged><flag-action> <flags>'],
    unchanged: ['', '', '(UNCHANGEDSINCE <number>) '],
    'flag-action': ['FLAGS', '+FLAGS', '-FLAGS', '+FLAGS.SILENT', '-FLAGS.SILENT', 'FLAGS.SILENT'],
    flags: ['()', '<flag>', '(<flag>)', '(<flag> <flag>)', '(\\Deleted)'],
    flag: ['\\Seen', '\\Deleted', '\\Flagged', '\\Answered', '\\Draft', '\\Recent', '$Forwarded', '<atom>'],
    search: [
      '<u>SEARCH <keys>',
      '<u>SEARCH RETURN (<returns>) <keys>',
      '<u>SEARCH CHARSET UTF-8 <keys>',
      '<u>SORT (<sort-keys>) UTF-8 <keys>',
      '<u>SORT RETURN (<returns>) (<sort-keys>) UTF-8 <keys>',
      '<u>THREAD <algorithm> UTF-8 <keys>',
    ],
    algorithm: ['REFERENCES', 'ORDEREDSUBJECT'],
    returns: [
      '',
      'MIN',
      'MAX',
      'ALL',
      'COUNT',
      'SAVE',
      'MIN MAX',
      'ALL COUNT SAVE',
      'PARTIAL <range>',
      'UPDATE',
      'CONTEXT UPDATE (FLAGS)',
    ],
    'sort-keys': ['<sort-key>', 'REVERSE <sort-key>', '<sort-key> <sort-keys>'],
    'sort-key': ['ARRIVAL', 'CC', 'DATE', 'FROM', 'SIZE', 'SUBJECT', 'TO', 'DISPLAYFROM', 'DISPLAYTO'],
    keys: ['<key>', '<key>', '<key> <keys>'],
    key: [
      'ALL',
      'SEEN',
      'UNSEEN',
      'NEW',
      'OLD',
      'RECENT',
      'DELETED',
      'UNDELETED',
      '<set>',
      'UID <set>',
      'KEYWORD <atom>',
      'UNKEYWORD <atom>',
      'SUBJECT <string>',
      'FROM <string>',
      'TO <string>',
      'HEADER <field> <string>',
      'BODY <string>',
      'TEXT <string>',
      'BEFORE <day>',
      'ON <day>',
      'SINCE <day>',
      'SENTBEFORE <day>',
      'SAVEDSINCE <day>',
      'SAVEDATESUPPORTED',
      'OLDER <nz>',
      'YOUNGER <nz>',
      'LARGER <number>',
      'SMALLER <number>',
      'MODSEQ <number>',
      'MODSEQ "/flags/\\\\Seen" all <number>',
      'EMAILID <atom>',
      'THREADID <atom>',
      'NOT <key>',
      'OR <key> <key>',
      '(<keys>)',
    ],
    list: [
      'LIST "" *',
      'LIST <string> <pattern>',
      'LSUB <string> <pattern>',
      'LIST (<selection>) "" <pattern>',
      'LIST "" (<pattern> <pattern>) RETURN (<list-returns>)',
      'LIST (<selection>) "" <pattern> RETURN (<list-returns>)',
    ],
    selection: ['', 'SUBSCRIBED', 'SPECIAL-USE', 'REMOTE SUBSCRIBED', 'RECURSIVEMATCH SUBSCRIBED'],
    'list-returns': [
      'SUBSCRIBED',
      'CHILDREN',
      'SPECIAL-USE',
      'MYRIGHTS',
      'STATUS (<status-items>)',
      'METADATA (<entry>)',
      'CHILDREN SUBSCRIBED STATUS (MESSAGES)',
    ],
    pattern: ['*', '%', 'INBOX', '"*/%"', 'A%', '%*%', '<string>'],
    'status-items': ['MESSAGES', 'UIDNEXT UIDVALIDITY', '<status-item>', '<status-item> <status-items>'],
    'status-item': ['UNSEEN', 'RECENT', 'SIZE', 'DELETED', 'HIGHESTMODSEQ', 'MAILBOXID', 'APPENDLIMIT'],
    transfer: ['<u>COPY <set> <mailbox>', '<u>MOVE <set> <mailbox>'],
    append: [
      'APPEND <mailbox> <message>',
      'APPEND Taslaklar <message>',
      'APPEND Taslaklar <message> <message>',
      '<u>REPLACE <nz> Taslaklar <message>',
    ],
    message: [
      '<literal>',
      '(<flag>) <literal>',
      '() <date> <literal>',
      'UTF8 (~<literal>)',
      'CATENATE (<parts>)',
    ],
    parts: ['TEXT <literal>', 'URL <url>', 'TEXT <literal> <parts>', 'URL <url> <parts>'],
    url: [
      '/INBOX/;UID=1',
      '";UID=<nz>/;SECTION=<part>"',
      '"/INBOX;UIDVALIDITY=<nz>/;UID=<nz>/;SECTION=HEADER/;PARTIAL=<number>.<nz>"',
      '<string>',
    ],
    date: ['" 2-Jan-2026 03:04:05 +0300"', '"17-Jul-1996 02:44:25 -0700"', '"31-Feb-2026 00:00:60 +9999"'],
    day: ['1-Jan-2026', '"29-Feb-2024"', '31-Apr-1999', '1-jul-2026', '0-Jan-0000'],
    metadata: [
      'GETMETADATA "" <entry>',
      'GETMETADATA <mailbox> (<entry> <entry>)',
      'GETMETADATA (DEPTH <depth> MAXSIZE <number>) <mailbox> (<entry>)',
      'SETMETADATA <mailbox> (<entry> <value>)',
      'SETMETADATA <mailbox> (<entry> <value> <entry> <value>)',
    ],
    depth: ['0', '1', 'infinity'],
    entry: ['/shared/comment', '/private/comment', '/shared/vendor/x/<atom>', '/private', '<string>'],
    value: ['NIL', '<string>', '~<literal>'],
    notify: [
      'NOTIFY NONE',
      'NOTIFY SET <events>',
      'NOTIFY SET STATUS <events>',
      'NOTIFY SET <events> <events>',
    ],
    events: [
      '(SELECTED NONE)',
      '(SELECTED (MessageNew (FLAGS UID) MessageExpunge))',
      '(SELECTED-DELAYED (MessageNew MessageExpunge FlagChange))',
      '(<mailboxes> (MessageNew MessageExpunge FlagChange))',
      '(<mailboxes> (MailboxName SubscriptionChange MailboxMetadataChange))',
      '(<mailboxes> NONE)',
    ],
    mailboxes: [
      'INBOXES',
      'PERSONAL',
      'SUBSCRIBED',
      'SUBTREE <mailbox>',
      'MAILBOXES (<mailbox> <mailbox>)',
      'SELECTED',
    ],
    many: [
      'ESEARCH IN (<mailboxes>) <keys>',
      'ESEARCH IN (<mailboxes> <mailboxes>) RETURN (<returns>) <keys>',
    ],
    naming: [
      'CREATE <mailbox>',
      'CREATE <mailbox> (USE (\\Junk))',
      'DELETE <mailbox>',
      'RENAME <mailbox> <mailbox>',
      'SUBSCRIBE <mailbox>',
      'UNSUBSCRIBE <mailbox>',
    ],
    mailbox: [
      'INBOX',
      'Taslaklar',
      'inbox',
      'a',
      'a/b',
      'a/b/c',
      'b',
      '"Giden Kutusu"',
      'Deliller',
      '&AMcA9g-p Kutusu',
      '"&AMcA9g-p Kutusu"',
      '"\u00c3\u0087\u00c3\u00b6p Kutusu"',
      '<string>',
    ],
    switches: ['IMAP4rev2', 'CONDSTORE', 'QRESYNC', 'UIDONLY', 'UTF8=ACCEPT', 'METADATA', '<atom> QRESYNC'],
    id: ['NIL', '("name" <string>)', '("name" "x" "version" NIL)'],
    u: ['', 'UID '],
    set: ['1', '1:*', '*', '<nz>', '<nz>:<nz>', '<set>,<nz>', '$', '2:4,6', '<nz>:*'],
  }),
)

const ATOMS = ['x', 'NIL', '__proto__', 'constructor', '$Label1', 'ABC', 'toString', 'M0', 'T0', 'a.b', '0']
const TEXTS = [
  'x',
  '',
  'Say\u00c4\u00b1n',
  'a@b',
  '&AMc-',
  'a\\b"c',
  '/private/comment',
  '*',
  '\u00ff',
  'a\r\nb',
]
const NUMBERS = [0, 1, 2, 3, 5, 7, 9, 12, 20, 1000, 4294967295, 4294967296, 2 ** 53 - 1, 2 ** 53]
const BODIES = [
  'Subject: y\r\n\r\nz',
  '',
  'a: b\r\n',
  '\0',
  'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n',
]

const literal = (octets: string, random: Random): string =>
  `{${octets.length}${random.chance(0.8) ? '+' : ''}}\r\n${octets}`

/** As an atom may not hold them, most strings are quoted or literals. */
function string(random: Random): string {
  const text = random.one(TEXTS)
  switch (random.whole(0, 3)) {
    case 0:
      return literal(text, random)
    case 1:
      return random.one(ATOMS)
    default:
      return `"${text.replace(/["\\]/g, '\\$&')}"`
  }
}

/** What is no alternative of others. */
const LEAVES: ReadonlyMap<string, (random: Random) => string> = new Map([
  ['atom', (random: Random) => random.one(ATOMS)],
  ['string', string],
  ['literal', (random: Random) => literal(random.one(BODIES), random)],
  ['number', (random: Random) => String(random.one(NUMBERS))],
  ['nz', (random: Random) => String(random.chance(0.8) ? random.whole(1, 14) : random.one(NUMBERS))],
])

/** One of the alternatives of a symbol, grown to its end. */
export function grow(symbol: string, random: Random, depth = 0): string {
  const leaf = LEAVES.get(symbol)
  if (leaf !== undefined) return leaf(random)
  const alternatives = PRODUCTIONS.get(symbol)
  if (alternatives === undefined) throw new RangeError(`no production ${symbol}`)
  const chosen = depth > MAX_DEPTH ? alternatives[0]! : random.one(alternatives)
  return chosen.replace(/<([a-z-]+)>/g, (_, name: string) => grow(name, random, depth + 1))
}

/** Words that stand for themselves somewhere. */
export const IMAP_WORDS: readonly string[] = [
  ...new Set(
    [...PRODUCTIONS.values()].flat().flatMap((text) => text.match(/[A-Z$\\/][A-Za-z0-9.=/-]+/g) ?? []),
  ),
]
