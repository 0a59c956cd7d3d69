import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { ACCOUNT, deliveredAt, type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'
import { movedClock } from '../../fakes/moved-clock.ts'

let under: ImapUnderTest
let client: LineClient
let other: LineClient
let a: string
let b: string
let boxes = 0
const clock = movedClock()
beforeAll(async () => {
  under = await startImap({ clock })
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await loggedIn(under)
  other = await loggedIn(under)
  boxes++
  a = `a${boxes}`
  b = `b${boxes}`
  for (const name of [a, b]) {
    await other.command('c', `CREATE ${name}`)
    await under.deliver(name, message('bir'))
    await under.deliver(name, message('iki'))
  }
})
afterEach(() => {
  client.end()
  other.end()
})

const message = (subject: string) =>
  Buffer.from(`From: Ali <ali@hs98.kep.tr>\r\nSubject: ${subject}\r\n\r\nmetin ${subject}\r\n`)

/** What comes without being asked for, up to the answer of a command that changes nothing. */
const unasked = async (): Promise<string[]> => (await client.command('n', 'NOOP')).slice(0, -1)
const permit = (permissions: string[]) =>
  under.changeAccount(ACCOUNT, ({ persons: [person], ...document }) => ({
    ...document,
    persons: [{ ...person!, permissions }],
  }))

describe('NOTIFY [RFC 5465 §3]', () => {
  test('§3.1: STATUS of the mailboxes that are meant, with what their events need', () =>
    runDialogue(
      client,
      `
      C: a1 NOTIFY SET STATUS (mailboxes (${a} yok) (MessageNew MessageExpunge)) (subtree ${b} (MessageNew MessageExpunge FlagChange))
      S: * STATUS "${a}" (MESSAGES 2 UIDNEXT 3 UIDVALIDITY *)
      S: * STATUS "${b}" (MESSAGES 2 UIDNEXT 3 UIDVALIDITY * HIGHESTMODSEQ *)
      S: a1 OK *
      C: a2 NOTIFY SET (mailboxes ${a} (MessageNew MessageExpunge))
      S: a2 OK *
      C: a3 NOTIFY SET STATUS (mailboxes ${a} NONE) (personal (MailboxName))
      S: a3 OK *
      `,
    ))

  test('between commands: other mailboxes by STATUS, of flags only where they were asked for', async () => {
    await client.command(
      's',
      `NOTIFY SET (mailboxes ${a} (MessageNew MessageExpunge)) (mailboxes ${b} (MessageNew MessageExpunge FlagChange))`,
    )
    await under.deliver(a, message('uc'))
    expect(await client.line()).toMatch(
      new RegExp(`^\\* STATUS "${a}" \\(MESSAGES 3 UIDNEXT 4 UIDVALIDITY \\d+\\)$`),
    )
    await other.command('s', `SELECT ${a}`)
    await other.command('f', 'STORE 1 +FLAGS (\\Seen \\Deleted)')
    await other.command('s', `SELECT ${b}`)
    await other.command('f', 'STORE 1 +FLAGS (\\Seen)')
    expect(await client.line()).toMatch(
      new RegExp(`^\\* STATUS "${b}" \\(MESSAGES 2 UIDNEXT 3 .* HIGHESTMODSEQ \\d+\\)$`),
    )
    await other.command('s', `SELECT ${a}`)
    await other.command('x', 'EXPUNGE')
    expect(await client.line()).toMatch(new RegExp(`^\\* STATUS "${a}" \\(MESSAGES 2 UIDNEXT 4 `))
    expect(await unasked()).toEqual([])
  })

  test('§5.2, §6.1: SELECTED tells at once what is new, with what was asked for; flags; EXPUNGE', async () => {
    await client.command('s', `SELECT ${a}`)
    await runDialogue(
      client,
      `
      C: a1 NOTIFY SET (selected (MessageNew (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)]) MessageExpunge FlagChange))
      S: a1 OK *
      `,
    )
    await under.deliver(a, message('uc'))
    await runDialogue(
      client,
      `
      S: * 3 EXISTS
      S: * 3 FETCH (UID 3 BODY[HEADER.FIELDS (SUBJECT)] {15}
      S: Subject: uc
      S: *
      S: )
      `,
    )
    await other.command('s', `SELECT ${a}`)
    await other.command('f', 'STORE 1 +FLAGS (\\Deleted)')
    expect(await client.line()).toMatch(/^\* 1 FETCH \(UID 1 FLAGS \((?:\\Recent )?\\Deleted\)\)$/)
    await other.command('x', 'EXPUNGE')
    expect(await client.line()).toBe('* 1 EXPUNGE')
  })

  test('§6.1: SELECTED-DELAYED keeps EXPUNGE for a command that allows it', async () => {
    await client.command('s', `SELECT ${a}`)
    await client.command('n', 'NOTIFY SET (selected-delayed (MessageNew MessageExpunge))')
    await other.command('s', `SELECT ${a}`)
    await other.command('f', 'STORE 1 +FLAGS (\\Deleted)')
    await other.command('x', 'EXPUNGE')
    await under.deliver(a, message('uc'))
    await runDialogue(
      client,
      `
      S: * 3 EXISTS
      C: a1 FETCH 2 UID
      S: * 2 FETCH (UID 2)
      S: a1 OK *
      C: a2 NOOP
      S: * 1 EXPUNGE
      S: a2 OK *
      `,
    )
  })

  test('§3.1: without its group nothing is told of the selected mailbox but what one does oneself', async () => {
    await client.command('s', `SELECT ${a}`)
    await client.command('n', 'NOTIFY NONE')
    await under.deliver(a, message('uc'))
    await other.command('s', `SELECT ${a}`)
    await other.command('f', 'STORE 2 +FLAGS (\\Deleted)')
    await other.command('x', 'EXPUNGE')
    await runDialogue(
      client,
      `
      C: a1 NOOP
      S: a1 OK *
      C: a2 STORE 1 +FLAGS (\\Deleted)
      S: * 1 FETCH (FLAGS (\\Deleted))
      S: a2 OK *
      C: a3 EXPUNGE
      S: * 1 EXPUNGE
      S: a3 OK *
      C: a4 NOTIFY SET (selected (MessageNew MessageExpunge))
      S: * 1 EXPUNGE
      S: * 1 EXISTS
      S: a4 OK *
      `,
    )
  })

  test('§3.1: what gathered before is told by NOTIFY SET itself', async () => {
    await client.command('s', `SELECT ${a}`)
    await under.deliver(a, message('uc'))
    await runDialogue(
      client,
      `
      C: a1 NOTIFY SET (personal (MailboxName))
      S: * 3 EXISTS
      S: a1 OK *
      `,
    )
  })

  test('§5.4, §5.5: names and subscriptions that others change, and not what one changes oneself', async () => {
    await client.command('n', `NOTIFY SET (subtree (${a} y${boxes}) (MailboxName SubscriptionChange))`)
    await other.command('c', `CREATE ${a}/alt`)
    expect(await client.line()).toBe(`* LIST (\\HasNoChildren) "/" "${a}/alt"`)
    // The name above is affected too.
    expect(await client.line()).toBe(`* LIST (\\HasChildren) "/" "${a}"`)
    await other.command('c', `SUBSCRIBE ${a}/alt`)
    expect(await client.line()).toBe(`* LIST (\\HasNoChildren \\Subscribed) "/" "${a}/alt"`)
    await other.command('c', `RENAME ${a}/alt y${boxes}`)
    expect(await client.line()).toBe(`* LIST (\\HasNoChildren) "/" "y${boxes}" ("OLDNAME" ("${a}/alt"))`)
    await other.command('c', `UNSUBSCRIBE ${a}/alt`)
    expect(await client.line()).toBe(`* LIST (\\NonExistent \\HasNoChildren) "/" "${a}/alt"`)
    await other.command('c', `DELETE y${boxes}`)
    expect(await client.line()).toBe(`* LIST (\\NonExistent \\HasNoChildren) "/" "y${boxes}"`)
    await other.command('c', `CREATE z${boxes}`)
    for (const own of [
      `CREATE ${a}/ben`,
      `SUBSCRIBE ${a}/ben`,
      `RENAME ${a}/ben ${a}/sen`,
      `DELETE ${a}/sen`,
    ])
      expect(await client.command('o', own)).toHaveLength(1)
    expect(await unasked()).toEqual([])
  })

  test('§5.4: mailboxes below a renamed one go along without a word, and a level that is no mailbox is told of', async () => {
    for (const box of [`${a}/alt`, `${a}/alt/dip`, `${a}/alt/dip/son`])
      await other.command('c', `CREATE ${box}`)
    await client.command('n', 'NOTIFY SET (personal (MailboxName))')
    await other.command('c', `RENAME ${a}/alt ${a}/ust`)
    expect(await client.line()).toBe(`* LIST (\\HasChildren) "/" "${a}/ust" ("OLDNAME" ("${a}/alt"))`)
    await other.command('c', `DELETE ${a}/ust/dip`)
    expect(await client.line()).toBe(`* LIST (\\NonExistent \\HasChildren) "/" "${a}/ust/dip"`)
    expect(await client.line()).toBe(`* LIST (\\HasChildren) "/" "${a}/ust"`)
    await other.command('c', `DELETE ${a}/ust/dip/son`)
    expect(await client.line()).toBe(`* LIST (\\NonExistent \\HasNoChildren) "/" "${a}/ust/dip/son"`)
    expect(await client.line()).toBe(`* LIST (\\NonExistent \\HasNoChildren) "/" "${a}/ust/dip"`)
    expect(await unasked()).toEqual([])
  })

  test('§5.2: what the client puts there itself it is told of, but not sent', async () => {
    await client.command('s', `SELECT ${a}`)
    await client.command('n', 'NOTIFY SET (selected (MessageNew (ENVELOPE) MessageExpunge))')
    const own = await client.command('c', `COPY 1 ${a}`)
    expect(own).toContain('* 3 EXISTS')
    await under.deliver(a, message('uc'))
    const told = await client.until('* 4 FETCH')
    expect([...own, ...told].filter((line) => line.includes('ENVELOPE'))).toHaveLength(1)
  })

  test('§5.4: names that another process changes are noticed by looking, without a hint', async () => {
    const { mailboxes } = under.store
    await client.command('n', `NOTIFY SET (subtree ${a} (MailboxName SubscriptionChange))`)
    const made = await mailboxes.create(ACCOUNT, `${a}/uzak`, {})
    expect(await unasked()).toEqual([])
    clock.elapse(10_000)
    expect(await unasked()).toEqual([
      `* LIST (\\HasNoChildren) "/" "${a}/uzak"`,
      `* LIST (\\HasChildren) "/" "${a}"`,
    ])
    await mailboxes.rename(made.id, `${a}/yakin`)
    await mailboxes.subscribe(ACCOUNT, `${a}/yakin`, true)
    clock.elapse(10_000)
    expect(await unasked()).toEqual([
      `* LIST (\\HasNoChildren \\Subscribed) "/" "${a}/yakin" ("OLDNAME" ("${a}/uzak"))`,
      `* LIST (\\HasNoChildren \\Subscribed) "/" "${a}/yakin"`,
    ])
  })

  test('who hears of modseqs hears by VANISHED and MODSEQ between commands too [RFC 7162 §3.2.10]', async () => {
    await client.command('e', 'ENABLE QRESYNC')
    await client.command('s', `SELECT ${a}`)
    await client.command('n', 'NOTIFY SET (selected (MessageNew (MODSEQ) MessageExpunge FlagChange))')
    await other.command('s', `SELECT ${a}`)
    await other.command('f', 'STORE 1 +FLAGS (\\Deleted)')
    expect(await client.line()).toMatch(/^\* 1 FETCH \(UID 1 FLAGS \(.*\\Deleted\) MODSEQ \(\d+\)\)$/)
    await other.command('x', 'EXPUNGE')
    expect(await client.line()).toBe('* VANISHED 1')
    await under.deliver(a, message('uc'))
    await client.until('* 2 EXISTS')
    await client.until('* 2 FETCH (MODSEQ (')
    await client.command('n', 'NOTIFY SET (selected (MessageNew (UID) MessageExpunge))')
    await under.deliver(a, message('dort'))
    expect((await client.until('* 3 FETCH')).at(-1)).toMatch(/^\* 3 FETCH \(UID 4 MODSEQ \(\d+\)\)$/)
  })

  test('§6.5: mailboxes that come later are meant too, with what is in them', async () => {
    await client.command('n', `NOTIFY SET (subtree ${a} (MessageNew MessageExpunge))`)
    await other.command('c', `CREATE ${a}/alt`)
    await under.deliver(`${a}/alt`, message('x'))
    expect(await client.line()).toMatch(new RegExp(`^\\* STATUS "${a}/alt" \\(MESSAGES 1 UIDNEXT 2 `))
    await other.command('c', `RENAME ${a}/alt c${boxes}`)
    await under.deliver(`c${boxes}`, message('y'))
    expect(await unasked()).toEqual([])
  })

  test('§6: the first group that speaks of a mailbox counts, and NONE ends the question', async () => {
    await client.command(
      'n',
      `NOTIFY SET (mailboxes ${a} NONE) (mailboxes ${b} (SubscriptionChange)) (subtree (${a} ${b}) (MessageNew MessageExpunge))`,
    )
    await under.deliver(a, message('x'))
    await under.deliver(b, message('x'))
    expect(await client.line()).toMatch(new RegExp(`^\\* STATUS "${b}" \\(MESSAGES 3 `))
    await other.command('s', `SUBSCRIBE ${b}`)
    expect(await client.line()).toBe(`* LIST (\\HasNoChildren \\Subscribed) "/" "${b}"`)
    expect(await unasked()).toEqual([])
  })

  test('one level below and no deeper [RFC 7377 §2.2]', async () => {
    await client.command('n', `NOTIFY SET (subtree-one ${a} (MailboxName))`)
    await other.command('c', `CREATE ${a}/alt/dip`)
    expect(await client.line()).toBe(`* LIST (\\HasChildren) "/" "${a}/alt"`)
    expect(await client.line()).toBe(`* LIST (\\HasChildren) "/" "${a}"`)
    expect(await unasked()).toEqual([])
  })

  test('§6.1: the selected mailbox is none of the others while it is selected', async () => {
    await client.command('n', `NOTIFY SET (mailboxes (${a} ${b}) (MessageNew MessageExpunge))`)
    await client.command('s', `SELECT ${a}`)
    await under.deliver(a, message('x'))
    expect(await unasked()).toEqual([])
    await client.command('u', 'UNSELECT')
    expect(await client.line()).toMatch(new RegExp(`^\\* STATUS "${a}" \\(MESSAGES 3 `))
  })

  test('§5.6, §5.7: entries of mailboxes and of the server, by name', async () => {
    await client.command(
      'n',
      `NOTIFY SET (mailboxes ${a} (MailboxMetadataChange)) (inboxes (ServerMetadataChange))`,
    )
    for (const place of [b, a, '""'])
      await other.command('m', `SETMETADATA ${place} (/private/not "${boxes}")`)
    expect(await client.line()).toBe(`* METADATA "${a}" /private/not`)
    expect(await client.line()).toBe('* METADATA "" /private/not')
    await client.command('n', 'NOTIFY NONE')
    await other.command('m', `SETMETADATA ${a} (/private/not "yeni")`)
    expect(await unasked()).toEqual([])
  })

  test('IDLE tells the same', async () => {
    await client.command('n', `NOTIFY SET (mailboxes ${a} (MessageNew MessageExpunge))`)
    client.send('i IDLE\r\n')
    await client.until('+')
    await under.deliver(a, message('x'))
    expect(await client.line()).toMatch(new RegExp(`^\\* STATUS "${a}" \\(MESSAGES 3 `))
    client.send('DONE\r\n')
    expect(await client.line()).toMatch(/^i OK/)
  })

  test('updates of a search come between commands as well [RFC 5465 §7]', async () => {
    await client.command('e', 'ENABLE IMAP4rev2')
    await client.command('s', `SELECT ${a}`)
    await client.command('n', 'NOTIFY SET (selected (MessageNew MessageExpunge))')
    await client.command('q', 'UID SEARCH RETURN (UPDATE COUNT) UNSEEN')
    await under.deliver(a, message('x'))
    expect(await client.line()).toBe('* 3 EXISTS')
    expect(await client.line()).toBe('* ESEARCH (TAG "q") UID ADDTO (0 3)')
  })

  test('§8: what does not go together is BAD; §3.1: events that there are not are NO [BADEVENT]', () =>
    runDialogue(
      client,
      `
      C: a1 NOTIFY SET (personal (MessageNew))
      S: a1 BAD *
      C: a2 NOTIFY SET (personal (FlagChange))
      S: a2 BAD *
      C: a3 NOTIFY SET (selected (MailboxName))
      S: a3 BAD *
      C: a4 NOTIFY SET (selected (MessageNew MessageExpunge)) (selected-delayed NONE)
      S: a4 BAD *
      C: a5 NOTIFY SET (personal (MessageNew (UID) MessageExpunge))
      S: a5 BAD *
      C: a6 NOTIFY SET
      S: a6 BAD *
      C: a7 NOTIFY SET STATUS
      S: a7 BAD *
      C: a8 NOTIFY SET (agac ${a} (MailboxName))
      S: a8 BAD *
      C: a9 NOTIFY SET (personal ())
      S: a9 BAD *
      C: b1 NOTIFY SET (personal (MessageNew MessageExpunge AnnotationChange))
      S: b1 NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange)] *
      C: b2 NOTIFY SET (personal (DolunayEvent))
      S: b2 NO [BADEVENT (*)] *
      C: b3 NOTIFY SET ${Array.from({ length: 51 }, () => '(personal (MailboxName))').join(' ')}
      S: b3 NO [NOTIFICATIONOVERFLOW] *
      C: b4 NOTIFY NONE NONE
      S: b4 BAD *
      `,
    ))

  test('§5.9: who may not read is told of nothing, and of no access when asking', async () => {
    await client.command('n', `NOTIFY SET (mailboxes ${a} (MessageNew MessageExpunge MailboxName))`)
    await permit(['write'])
    try {
      await under.deliver(a, message('x'))
      expect(await unasked()).toEqual([])
      const heard = await client.command(
        'n',
        `NOTIFY SET STATUS (mailboxes ${a} (MessageNew MessageExpunge))`,
      )
      expect(heard.slice(0, -1)).toEqual([`* LIST (\\NoAccess) "/" "${a}"`])
    } finally {
      await permit(['read', 'write', 'delete', 'archive'])
    }
  })

  test('content that is sent of a new delivery was read: durable first, and nothing where that fails', async () => {
    const head = Buffer.from('From: a@hs98.kep.tr\r\nSubject: dis\r\n\r\n')
    const body = Buffer.concat([head, Buffer.from('gizli soz\r\n')])
    const link = (intake: string) => deliveredAt(head.length, body.length, `${a}-${intake}`)
    await client.command('e', 'ENABLE IMAP4rev2')
    await client.command('s', `SELECT ${a}`)
    await client.command('n', 'NOTIFY SET (selected (MessageNew (UID BODY[TEXT]) MessageExpunge))')
    under.retrievals.reads.splice(0)
    await under.deliver(a, body, link('1'))
    expect(await client.line()).toBe('* 3 EXISTS')
    expect(await client.line()).toBe('* 3 FETCH (UID 3 BODY[TEXT] {11}')
    expect(under.retrievals.reads.map(({ trigger }) => trigger)).toEqual(['NOTIFY BODY[TEXT]'])
    expect(await client.line()).toBe('gizli soz')
    expect(await client.line()).toBe(')')
    const { no } = await import('../../../server/imap/failure.ts')
    under.retrievals.before = async () => {
      throw no('UNAVAILABLE', 'yok', 'away')
    }
    try {
      await under.deliver(a, body, link('2'))
      expect(await client.line()).toBe('* 4 EXISTS')
      expect(await unasked()).toEqual([])
    } finally {
      under.retrievals.before = async () => {}
    }
    const [, flags] = await client.command('f', 'FETCH 3:4 FLAGS')
    expect(flags).not.toContain('Seen')
  })

  test('what the client says in several pieces is never torn by what is told', async () => {
    await client.command('n', `NOTIFY SET (mailboxes ${a} (MessageNew MessageExpunge))`)
    client.send('x1 CREATE {5}\r\n')
    expect(await client.line()).toMatch(/^\+ /)
    await under.deliver(a, message('x'))
    client.send(`p${boxes}/qr`.slice(0, 5).padEnd(5, 'q'))
    client.send('\r\n')
    const heard = await client.until('x1')
    expect(heard).toEqual([expect.stringMatching(/^\* STATUS/), expect.stringMatching(/^x1 OK/)])
  })
})
