import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PERMISSIONS } from '../../../mail/account.ts'
import { Holds } from '../../../server/retention/holds.ts'
import { LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { ACCOUNT, connectTo, type ImapUnderTest, PASSWORD, startImap } from '../../fakes/imap-server.ts'
import { movedClock } from '../../fakes/moved-clock.ts'

const clock = movedClock()
let under: ImapUnderTest
let client: LineClient
beforeAll(async () => {
  under = await startImap({ clock })
})
afterAll(() => under[Symbol.asyncDispose]())
const connected = async (): Promise<LineClient> => {
  const made = new LineClient(connectTo(under))
  await made.line()
  await made.command('l', `LOGIN ${ACCOUNT} ${PASSWORD}`)
  return made
}
beforeEach(async () => {
  await allow({ quota: 10_000 })
  client = await connected()
})
afterEach(() => client.send('q LOGOUT\r\n'))

const allow = (change: object) => under.changeAccount(ACCOUNT, (document) => ({ ...document, ...change }))
const permit = (permissions: readonly string[]) =>
  under.changeAccount(ACCOUNT, (document) => ({
    ...document,
    persons: document.persons.map((person) => ({ ...person, permissions: [...permissions] })),
  }))
/** The answer's last line. */
async function append(tag: string, name: string, text: string, flags = ''): Promise<string | undefined> {
  client.send(`${tag} APPEND ${name} ${flags}{${text.length}}\r\n`)
  const line = await client.line()
  if (line?.startsWith('+') !== true) return line
  client.send(`${text}\r\n`)
  return (await client.until(tag)).at(-1)
}
const message = (octets: number): string => `Subject: x\r\n\r\n${'a'.repeat(octets - 14)}`

describe('RFC 9208: quota', () => {
  test('§4: one root for what counts; Deliller has none; sizes in units of 1024', async () => {
    await append('p', 'Taslaklar', message(3_000), '(\\Deleted) ')
    await runDialogue(
      client,
      `
      C: a0 CAPABILITY
      S: * CAPABILITY *QUOTA QUOTA=RES-STORAGE*APPENDLIMIT=110000000
      S: a0 OK *
      C: a1 GETQUOTAROOT INBOX
      S: * QUOTAROOT "INBOX" ""
      S: * QUOTA "" (STORAGE 3 9)
      S: a1 OK *
      C: a2 GETQUOTAROOT Deliller
      S: * QUOTAROOT "Deliller"
      S: a2 OK *
      C: a3 GETQUOTA ""
      S: * QUOTA "" (STORAGE 3 9)
      S: a3 OK *
      C: a4 GETQUOTA "baska"
      S: a4 NO [NONEXISTENT] *
      C: a5 GETQUOTAROOT yok
      S: a5 NO [NONEXISTENT] *
      C: a6 STATUS Taslaklar (DELETED-STORAGE APPENDLIMIT MESSAGES)
      S: * STATUS "Taslaklar" (DELETED-STORAGE 3000 APPENDLIMIT 110000000 MESSAGES 1)
      S: a6 OK *
      C: a7 SETQUOTA "" (STORAGE 999999)
      S: a7 BAD *
      `,
    )
  })

  test('§4.3.1: what a client puts there must fit, before an octet travels; bought space counts until it ends', async () => {
    expect(await append('b', 'Taslaklar', message(7_001))).toMatch(/^b NO \[OVERQUOTA\]/)
    const until = new Date(clock.now().getTime() + 60_000).toISOString()
    await allow({ bought: { octets: 10_000, until } })
    expect(await append('c', 'Taslaklar', message(7_001))).toMatch(/^c OK/)
    await runDialogue(
      client,
      `
      C: a1 GETQUOTA ""
      S: * QUOTA "" (STORAGE 10 19)
      S: a1 OK *
      C: a2 SELECT Taslaklar
      S: ...
      S: a2 OK *
      C: a3 COPY 2 "Taslaklar"
      S: ...
      S: a3 OK *
      C: a4 COPY 2 "Taslaklar"
      S: a4 NO [OVERQUOTA] *
      `,
    )
    clock.elapse(60_000)
    await runDialogue(
      client,
      `
      C: a5 GETQUOTA ""
      S: * QUOTA "" (STORAGE 17 9)
      S: a5 OK *
      C: a6 MOVE 2 "Ar&AV8-iv"
      S: * OK [COPYUID *
      S: ...
      S: a6 OK *
      C: a7 SELECT "Ar&AV8-iv"
      S: ...
      S: * NO [OVERQUOTA] *
      S: a7 OK *
      C: a8 STORE 1 +FLAGS (\\Deleted)
      S: ...
      S: a8 OK *
      C: a9 EXPUNGE
      S: ...
      S: a9 OK *
      C: b1 GETQUOTA ""
      S: * QUOTA "" (STORAGE 10 9)
      S: b1 OK *
      `,
    )
  })
})

describe('the rights of a person', () => {
  afterEach(() => permit(PERMISSIONS))

  test.each<[without: string, commands: string]>([
    ['write', 'C: a APPEND Taslaklar {1}\nS: a NO [NOPERM] *\nC: b CREATE yeni\nS: b NO [NOPERM] *'],
    ['write', 'C: a RENAME a b\nS: a NO [NOPERM] *\nC: b COPY 1 Taslaklar\nS: b NO [NOPERM] *'],
    [
      'archive',
      'C: a COPY 1 "Ar&AV8-iv"\nS: a NO [NOPERM] *\nC: b MOVE 1 "Ar&AV8-iv/Gelen"\nS: b NO [NOPERM] *',
    ],
    [
      'delete',
      'C: a COPY 1 "&AMcA9g-p Kutusu"\nS: a NO [NOPERM] *\nC: b MOVE 1 "&AMcA9g-p Kutusu"\nS: b NO [NOPERM] *',
    ],
    ['delete', 'C: a STORE 1 +FLAGS (\\Deleted)\nS: a NO [NOPERM] *\nC: b EXPUNGE\nS: b NO [NOPERM] *'],
    ['read', 'C: a EXAMINE INBOX\nS: * OK [CLOSED] *\nS: a NO [NOPERM] *\nC: b FETCH 1 FLAGS\nS: b BAD *'],
  ])('8.4: without "%s"', async (without, commands) => {
    await allow({ quota: 1_000_000 })
    await append('p', 'Taslaklar', message(100))
    await client.command('s', 'SELECT Taslaklar')
    await permit(PERMISSIONS.filter((one) => one !== without))
    await runDialogue(client, commands)
    await permit(PERMISSIONS)
    await runDialogue(
      client,
      'C: y SELECT Taslaklar\nS: ...\nS: y OK *\nC: z MOVE 1 "Ar&AV8-iv"\nS: ...\nS: z OK *',
    )
  })

  test('"read" that is taken back closes what is open, and what is in it', async () => {
    await allow({ quota: 1_000_000 })
    await append('p', 'Taslaklar', message(100))
    await client.command('s', 'SELECT Taslaklar')
    await permit(PERMISSIONS.filter((one) => one !== 'read'))
    await runDialogue(
      client,
      `
      C: a FETCH 1 BODY[]
      S: * OK [CLOSED] *
      S: a BAD *
      C: b STATUS Taslaklar (MESSAGES)
      S: b NO [NOPERM] *
      C: c LIST "" Taslaklar RETURN (STATUS (MESSAGES))
      S: * LIST *
      S: c OK *
      `,
    )
  })

  test.each<[without: string, command: string]>([
    ['delete', 'RENAME tasinan "&AMcA9g-p Kutusu/tasinan"'],
    ['archive', 'RENAME tasinan "Ar&AV8-iv/tasinan"'],
    ['delete', 'CREATE "&AMcA9g-p Kutusu/yeni"'],
    ['archive', 'CREATE "Ar&AV8-iv/yeni"'],
    ['archive', 'APPEND "Ar&AV8-iv" {3}'],
  ])('8.4: without "%s" there is no way round it: %s', async (without, command) => {
    await client.command('x', 'CREATE tasinan')
    await permit(PERMISSIONS.filter((one) => one !== without))
    await runDialogue(client, `C: a ${command}\nS: a NO [NOPERM] *`)
  })

  test('a mailbox that is renamed and deleted leaves word of both, and of each message', async () => {
    await allow({ quota: 1_000_000 })
    await client.command('x', 'CREATE ilk')
    await append('p', 'ilk', message(100))
    const from = (await under.parts.store.chain.head('events'))?.seq ?? 0
    await client.command('r', 'RENAME ilk son')
    await client.command('d', 'DELETE son')
    const recorded = (await under.parts.store.chain.read('events', from + 1, 10)).map(({ bytes }) =>
      JSON.parse(Buffer.from(bytes).toString()),
    )
    const digest = expect.stringMatching(/^[0-9a-f]{64}$/)
    expect(recorded.map(({ what, details }) => [what, details])).toEqual([
      ['mailbox renamed', { mailbox: 'ilk', to: 'son' }],
      ['mail deleted', { mailbox: 'son', uids: '1', messages: [digest] }],
      ['mailbox deleted', { mailbox: 'son' }],
    ])
  })

  test('what comes into a mailbox while it is deleted goes with word of it too, or stays', async () => {
    await allow({ quota: 1_000_000 })
    await client.command('x', 'CREATE yaris')
    await append('p', 'yaris', message(100))
    const from = (await under.parts.store.chain.head('events'))?.seq ?? 0
    const { mailboxes } = under.store
    const { page } = mailboxes
    Object.assign(mailboxes, {
      page: async (...args: Parameters<typeof page>) => {
        const rows = await page(...args)
        if (rows.length > 0) return rows
        Object.assign(mailboxes, { page })
        await under.deliver('yaris', Buffer.from('a: b\r\n\r\n'))
        return rows
      },
    })
    await client.command('d', 'DELETE yaris')
    const recorded = (await under.parts.store.chain.read('events', from + 1, 10)).map(({ bytes }) =>
      JSON.parse(Buffer.from(bytes).toString()),
    )
    expect(recorded.map(({ what, details }) => [what, details.uids])).toEqual([
      ['mail deleted', '1'],
      ['mailbox deleted', undefined],
      ['mail deleted', '2'],
    ])
  })

  test('what is held while a mailbox is deleted is kept, though it was gone through before', async () => {
    await allow({ quota: 1_000_000 })
    await client.command('x', 'CREATE tutulan')
    const { mailboxes, blobs } = under.store
    await under.deliver('tutulan', Buffer.from('Subject: tutulan\r\n\r\n'))
    const row = await mailboxes.byName(ACCOUNT, 'tutulan')
    const [message] = await mailboxes.page(row!.id, 0, 1)
    const holds = new Holds(under.store)
    const { page } = mailboxes
    Object.assign(mailboxes, {
      page: async (...args: Parameters<typeof page>) => {
        const rows = await page(...args)
        if (rows.length > 0) return rows
        Object.assign(mailboxes, { page })
        await holds.place(
          { account: ACCOUNT },
          { reason: 'mahkeme', since: new Date().toISOString(), by: 'kepd' },
        )
        return rows
      },
    })
    expect((await client.command('d', 'DELETE tutulan')).at(-1)).toMatch(/^d OK/)
    await blobs.sweep(1_000)
    expect(Buffer.from(await blobs.read(message!.body)).toString()).toContain('tutulan')
    await holds.lift({ account: ACCOUNT })
    await blobs.sweep(1_000)
    await expect(blobs.read(message!.body)).rejects.toMatchObject({ code: 'NO_SUCH_BLOB' })
  })

  test('nobody fills the disk with records: what cannot be recorded any more is not done', async () => {
    await using small = await startImap({ recordedOctets: 5_000 })
    const other = new LineClient(connectTo(small))
    await other.line()
    await other.command('l', `LOGIN ${ACCOUNT} ${PASSWORD}`)
    const answers: string[] = []
    for (let i = 0; i < 20; i++) {
      await other.command('c', `CREATE k${i}`)
      answers.push((await other.command('d', `DELETE k${i}`)).at(-1)?.slice(0, 12) ?? '')
    }
    expect(answers[0]).toBe('d OK DELETE ')
    expect(answers.at(-1)).toBe('d NO [LIMIT]')
    expect((await small.store.mailboxes.list(ACCOUNT)).filter(({ name }) => /^k\d/.test(name)).length).toBe(
      answers.filter((answer) => answer.includes('LIMIT')).length,
    )
    other.end()
  })

  test('7.7: who moved, copied and deleted which messages is recorded', async () => {
    await allow({ quota: 1_000_000 })
    await client.command('x', 'CREATE kayit')
    await append('p', 'kayit', message(100))
    await append('p', 'kayit', message(120))
    const from = (await under.parts.store.chain.head('events'))?.seq ?? 0
    await client.command('s', 'SELECT kayit')
    await client.command('c', 'COPY 1:2 Taslaklar')
    await client.command('m', 'MOVE 2 "Ar&AV8-iv"')
    await client.command('d', 'STORE 1 +FLAGS (\\Deleted)')
    await client.command('e', 'CLOSE')
    await client.command('f', 'DELETE kayit')
    const recorded = (await under.parts.store.chain.read('events', from + 1, 10)).map(({ bytes }) =>
      JSON.parse(Buffer.from(bytes).toString()),
    )
    const by = { person: 'ayse', ip: '127.0.0.1' }
    const digest = expect.stringMatching(/^[0-9a-f]{64}$/)
    expect(recorded.map(({ what, account, details, by }) => ({ what, account, details, by }))).toEqual([
      {
        what: 'mail copied',
        account: ACCOUNT,
        by,
        details: { mailbox: 'kayit', to: 'Taslaklar', uids: '1:2', messages: [digest, digest] },
      },
      {
        what: 'mail moved',
        account: ACCOUNT,
        by,
        details: { mailbox: 'kayit', to: 'Arşiv', uids: '2', messages: [digest] },
      },
      {
        what: 'mail deleted',
        account: ACCOUNT,
        by,
        details: { mailbox: 'kayit', uids: '1', messages: [digest] },
      },
      { what: 'mailbox deleted', account: ACCOUNT, by, details: { mailbox: 'kayit' } },
    ])
  })
})

test('10.8: a closed account locks by itself, in an open session too', async () => {
  const readableUntil = new Date(clock.now().getTime() + 90_000).toISOString()
  await allow({ state: 'closed', closing: { at: '2026-01-01T00:00:00Z', reason: 'x', readableUntil } })
  await runDialogue(client, 'C: a SELECT INBOX\nS: ...\nS: a OK [READ-ONLY] *')
  clock.elapse(60_000)
  await runDialogue(client, 'C: b NOOP\nS: b OK *')
  clock.elapse(30_000)
  client.send('c NOOP\r\n')
  expect(await client.line()).toMatch(/^\* BYE/)
  const again = await connected()
  client = again
  expect((await again.command('l', `LOGIN ${ACCOUNT} ${PASSWORD}`)).at(-1)).toMatch(
    /^l NO \[AUTHENTICATIONFAILED\]/,
  )
})
