import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Filed } from '../../../server/issue/filed.ts'
import type { NewWork } from '../../../storage/port.ts'
import { newIntake, stage } from '../../contract/store/material.ts'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { ACCOUNT, type ImapUnderTest, loggedIn, OTHER, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
let client: LineClient
let box: string
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await loggedIn(under)
  box = `kutu${Math.random().toString(36).slice(2)}`
  await client.command('k', `CREATE ${box}`)
})
afterEach(async () => {
  client.end()
  await under.changeAccount(ACCOUNT, ({ persons: [person], ...document }) => ({
    ...document,
    persons: [{ ...person!, permissions: ['read', 'write', 'delete', 'archive'] }],
  }))
})

describe('GETMETADATA and SETMETADATA [RFC 5464 §4]', () => {
  test('entries of a mailbox, private and shared; names compare without case', () =>
    runDialogue(
      client,
      `
      C: a1 GETMETADATA {{box}} /shared/comment
      S: * METADATA "{{box}}" (/shared/comment NIL)
      S: a1 OK *
      C: a2 SETMETADATA {{box}} (/private/comment "benim" /Shared/Comment {6+}
      C: bizim!)
      S: a2 OK *
      C: a3 GETMETADATA {{box}} (/PRIVATE/comment /shared/comment)
      S: * METADATA "{{box}}" (/PRIVATE/comment "benim" /shared/comment "bizim!")
      S: a3 OK *
      C: a4 SETMETADATA {{box}} (/private/comment NIL)
      S: a4 OK *
      C: a5 GETMETADATA {{box}} (/private/comment /shared/comment)
      S: * METADATA "{{box}}" (/private/comment NIL /shared/comment "bizim!")
      S: a5 OK *
      C: a6 GETMETADATA INBOX /shared/comment
      S: * METADATA "INBOX" (/shared/comment NIL)
      S: a6 OK *
      `,
      { box },
    ))

  test('MAXSIZE and DEPTH, before the name as the grammar has them or behind it as the examples do', () =>
    runDialogue(
      client,
      `
      C: a1 SETMETADATA {{box}} (/private/f "0" /private/f/a "12345" /private/f/a/b "x" /private/g "g")
      S: a1 OK *
      C: a2 GETMETADATA (DEPTH 1) {{box}} /private/f
      S: * METADATA "{{box}}" (/private/f "0" /private/f/a "12345")
      S: a2 OK *
      C: a3 GETMETADATA {{box}} (DEPTH infinity MAXSIZE 4) (/private/f)
      S: * METADATA "{{box}}" (/private/f "0" /private/f/a/b "x")
      S: a3 OK [METADATA LONGENTRIES 5] *
      C: a4 GETMETADATA (maxsize 5 depth 0) {{box}} (/private/f /private/f/a)
      S: * METADATA "{{box}}" (/private/f "0" /private/f/a "12345")
      S: a4 OK *
      C: a5 GETMETADATA (DEPTH infinity) {{box}} /private
      S: * METADATA "{{box}}" (/private/f "0" /private/f/a "12345" /private/f/a/b "x" /private/g "g")
      S: a5 OK *
      C: a6 GETMETADATA (DEPTH 1) {{box}} /shared
      S: * METADATA "{{box}}" (/shared NIL)
      S: a6 OK *
      `,
      { box },
    ))

  test('any octets, as literal8', () =>
    runDialogue(
      client,
      `
      C: a1 SETMETADATA {{box}} (/private/ikili ~{3+}
      C: a\0b)
      S: a1 OK *
      C: a2 GETMETADATA {{box}} /private/ikili
      S: * METADATA "{{box}}" (/private/ikili ~{3}
      S: a\0b)
      S: a2 OK *
      C: a3 SETMETADATA {{box}} (/private/ikili {3+}
      C: a\0b)
      S: a3 BAD *
      `,
      { box },
    ))

  test('what the provider says of itself and of its mailboxes is read-only', () =>
    runDialogue(
      client,
      `
      C: a1 GETMETADATA "" (/shared/comment /shared/admin)
      S: * METADATA "" (/shared/comment {*}
      S: Deneme KEPHS’si (hs98.kep.tr) /shared/admin "tel:+903120000000")
      S: a1 OK *
      C: a2 SETMETADATA "" (/shared/comment "ben")
      S: a2 NO [CANNOT] *
      C: a3 SETMETADATA "" (/private/not "x" /shared/admin NIL)
      S: a3 NO [CANNOT] *
      C: a4 GETMETADATA "" /private/not
      S: * METADATA "" (/private/not NIL)
      S: a4 OK *
      C: a5 GETMETADATA "Giden Kutusu" /private/specialuse
      S: * METADATA "Giden Kutusu" (/private/specialuse "\\\\Sent")
      S: a5 OK *
      C: a6 SETMETADATA "Giden Kutusu" (/private/specialuse "\\\\Trash")
      S: a6 NO [CANNOT] *
      C: a7 SETMETADATA {{box}} (/shared/vendor/openkep/evidence/x "y")
      S: a7 NO [CANNOT] *
      C: a8 SETMETADATA {{box}} (/private "y")
      S: a8 NO [CANNOT] *
      C: a9 SETMETADATA "" (/private/vendor/istemci/ayar "1" /shared/vendor/istemci/ayar "2")
      S: a9 OK *
      C: b1 GETMETADATA (DEPTH infinity) "" (/private/vendor /shared/vendor/istemci)
      S: * METADATA "" (/private/vendor/istemci/ayar "1" /shared/vendor/istemci/ayar "2")
      S: b1 OK *
      `,
      { box },
    ))

  test('notes stay with a mailbox that gets another name, and go with it', () =>
    runDialogue(
      client,
      `
      C: a1 SETMETADATA {{box}} (/shared/comment "not")
      S: a1 OK *
      C: a2 RENAME {{box}} {{box}}yeni
      S: a2 OK *
      C: a3 GETMETADATA {{box}}yeni /shared/comment
      S: * METADATA "{{box}}yeni" (/shared/comment "not")
      S: a3 OK *
      C: a4 DELETE {{box}}yeni
      S: a4 OK *
      C: a5 CREATE {{box}}yeni
      S: a5 OK *
      C: a6 GETMETADATA {{box}}yeni /shared/comment
      S: * METADATA "{{box}}yeni" (/shared/comment NIL)
      S: a6 OK *
      C: a7 GETMETADATA yok /shared/comment
      S: a7 NO [NONEXISTENT] *
      C: a8 SETMETADATA yok (/shared/comment "x")
      S: a8 NO [NONEXISTENT] *
      `,
      { box },
    ))

  test('who may only read has notes of his own; who may not has none', async () => {
    await client.command('s', `SETMETADATA ${box} (/shared/comment "bizim" /private/comment "benim")`)
    const permit = (...permissions: string[]) =>
      under.changeAccount(ACCOUNT, ({ persons: [person], ...document }) => ({
        ...document,
        persons: [{ ...person!, permissions }],
      }))
    await permit('read')
    await runDialogue(
      client,
      `
      C: a1 SETMETADATA {{box}} (/shared/comment "x")
      S: a1 NO [NOPERM] *
      C: a2 SETMETADATA {{box}} (/private/comment "y" /shared/comment "x")
      S: a2 NO [NOPERM] *
      C: a3 SETMETADATA {{box}} (/private/comment "z")
      S: a3 OK *
      C: a4 GETMETADATA {{box}} (/private/comment /shared/comment)
      S: * METADATA "{{box}}" (/private/comment "z" /shared/comment "bizim")
      S: a4 OK *
      `,
      { box },
    )
    await permit('write')
    await runDialogue(
      client,
      `
      C: a1 GETMETADATA {{box}} /shared/comment
      S: a1 NO [NOPERM] *
      C: a2 SETMETADATA {{box}} (/private/comment "z")
      S: a2 NO [NOPERM] *
      C: a3 LIST "" {{box}} RETURN (METADATA (/shared/comment))
      S: * LIST (*) "/" "{{box}}"
      S: a3 OK *
      C: a4 GETMETADATA "" /shared/admin
      S: * METADATA "" (/shared/admin *)
      S: a4 OK *
      `,
      { box },
    )
  })

  test('no account sees what another notes', async () => {
    await client.command('s', 'SETMETADATA INBOX (/shared/comment "gizli" /private/comment "gizli")')
    const other = await loggedIn(under, OTHER)
    await runDialogue(
      other,
      `
      C: a1 GETMETADATA (DEPTH infinity) INBOX (/shared/comment /private/comment)
      S: * METADATA "INBOX" (/shared/comment NIL /private/comment NIL)
      S: a1 OK *
      `,
    )
    other.end()
  })
})

describe('LIST … RETURN (METADATA …) [RFC 9590 §3]', () => {
  test('each mailbox with the entries that were asked for', () =>
    runDialogue(
      client,
      `
      C: a1 SETMETADATA {{box}} (/shared/vendor/istemci/renk "#b71c1c")
      S: a1 OK *
      C: a2 CREATE {{box}}/alt
      S: a2 OK *
      C: a3 LIST "" {{box}}* RETURN (METADATA (/shared/vendor/istemci/renk) STATUS (MESSAGES))
      S: * LIST (\\HasChildren) "/" "{{box}}"
      S: * STATUS "{{box}}" (MESSAGES 0)
      S: * METADATA "{{box}}" (/shared/vendor/istemci/renk "#b71c1c")
      S: * LIST (\\HasNoChildren) "/" "{{box}}/alt"
      S: * STATUS "{{box}}/alt" (MESSAGES 0)
      S: * METADATA "{{box}}/alt" (/shared/vendor/istemci/renk NIL)
      S: a3 OK *
      C: a4 LIST "" {{box}} RETURN (METADATA)
      S: a4 BAD *
      C: a5 LIST "" {{box}} RETURN (METADATA ())
      S: a5 BAD *
      `,
      { box },
    ))
})

describe('others hear of changes [RFC 5464 §4.4.2]', () => {
  test('by name, at their next command and while they idle, once they asked for it; never of their own', async () => {
    const [listener, deaf] = [await loggedIn(under), await loggedIn(under)]
    await runDialogue(
      listener,
      `
      C: e ENABLE METADATA-SERVER
      S: * ENABLED METADATA
      S: e OK *
      C: s SETMETADATA {{box}} (/shared/kendi "1")
      S: s OK *
      C: n NOOP
      S: n OK *
      `,
      { box },
    )
    await client.command('a', `SETMETADATA ${box} (/shared/comment "1" "/private/a b" "2")`)
    await client.command('b', 'SETMETADATA "" (/shared/vendor/istemci/dil "tr")')
    await runDialogue(deaf, 'C: n NOOP\n S: n OK *')
    await runDialogue(
      listener,
      `
      C: n NOOP
      S: * METADATA "" /shared/vendor/istemci/dil
      S: * METADATA "{{box}}" /shared/comment "/private/a b"
      S: n OK *
      C: n2 NOOP
      S: n2 OK *
      C: i IDLE
      S: + idling
      `,
      { box },
    )
    await client.command('c', `SETMETADATA ${box} (/shared/comment NIL)`)
    expect(await listener.line()).toBe(`* METADATA "${box}" /shared/comment`)
    // A value that is set again is no change.
    await client.command('d', `SETMETADATA ${box} (/shared/kendi "1")`)
    listener.send('DONE\r\n')
    expect(await listener.line()).toMatch(/^i OK/)
    listener.end()
    deaf.end()
  })
})

describe('evidence of a sent message', () => {
  test('of many recipients the message tells its own, and each recipient his', async () => {
    const { store } = under
    const record = Buffer.from(JSON.stringify({ messageId: '<rem.9@hs98.kep.tr>' }))
    const envelope = await stage(store, record)
    const { uid } = await under.deliver('Giden Kutusu', Buffer.from('Subject: cok\r\n\r\nx\r\n'))
    const sent = (await store.mailboxes.byName(ACCOUNT, 'Giden Kutusu'))!
    const [row] = await store.mailboxes.rows(sent.id, [uid])
    const { hash } = row!.body
    await store.accept(
      await newIntake(store, 'cok', 1, { envelope: envelope.ref, staged: [envelope], body: undefined }),
    )
    const sender = { address: ACCOUNT, name: '' }
    await new Filed(store).put({ id: 'cok', sender, decidedAt: '2026-01-01' } as never, hash)
    const receipt = (recipient: number, slot: string, outcome: string): NewWork => ({
      intake: 'cok',
      recipient,
      slot,
      kind: 'mailboxOp',
      due: 1,
      payload: JSON.stringify({
        op: 'receipt',
        eventId: `ev-${recipient}`,
        lies: {
          outcome,
          at: `2026-01-02T00:00:${String(recipient % 60).padStart(2, '0')}Z`,
          body: 'b'.repeat(64),
        },
      }),
    })
    await store.work.insert([
      receipt(0, 'receipt', 'submission-acceptance'),
      ...Array.from({ length: 400 }, (_, n) => receipt(n + 1, 'transport-receipt', 'delivery')),
      // Of a peer whose word is a notice, and of work that is not done yet, nothing is told.
      receipt(401, 'contradicted', 'delivery'),
      { ...receipt(402, 'transport-receipt', 'delivery'), due: 10 },
    ])
    for (;;) {
      const rows = await store.work.claim(['mailboxOp'], { now: 5, limit: 100, leaseMs: 1_000 })
      if (rows.length === 0) break
      for (const one of rows) await store.work.settle(one, { done: true })
    }
    const name = `/shared/vendor/openkep/evidence/M${hash}`
    const ask = async (what: string): Promise<string> =>
      (await client.command('g', `GETMETADATA ${what}`)).join('\n')
    const own = await ask(`"Giden Kutusu" ${name}`)
    expect(own).toContain('\\"complete\\":false')
    expect(own.match(/ev-\d+/g)).toEqual(['ev-0'])
    expect((await ask(`"Giden Kutusu" ${name}/400`)).match(/ev-\d+/g)).toEqual(['ev-400'])
    for (const nobody of [`${name}/401`, `${name}/402`, `${name}/0`, `${name}/1/1`])
      expect(await ask(`"Giden Kutusu" ${nobody}`), nobody).toContain(`${nobody} NIL`)
    expect((await ask(`(DEPTH 1) "Giden Kutusu" ${name}`)).match(/ev-\d+/g)).toHaveLength(401)
    expect(await ask(`(DEPTH infinity) "Giden Kutusu" /shared/vendor`)).toContain('/shared/vendor NIL')
  })
})

describe('hostile', () => {
  test.each([
    'GETMETADATA',
    'GETMETADATA INBOX',
    'GETMETADATA INBOX ()',
    'GETMETADATA INBOX NIL',
    'GETMETADATA NIL NIL',
    'GETMETADATA INBOX shared/comment',
    'GETMETADATA INBOX /shared//comment',
    'GETMETADATA INBOX /shared/comment/',
    'GETMETADATA INBOX "/shared/*"',
    'GETMETADATA INBOX "/shared/%"',
    'GETMETADATA INBOX /baska/comment',
    'GETMETADATA INBOX /__proto__/comment',
    'GETMETADATA INBOX "/shared/\u00e7"',
    `GETMETADATA INBOX /shared/${'a'.repeat(300)}`,
    `GETMETADATA INBOX (${Array.from({ length: 101 }, (_, n) => `/shared/${n}`).join(' ')})`,
    'GETMETADATA (DEPTH 2) INBOX /shared/comment',
    'GETMETADATA (DEPTH 0 DEPTH 0) INBOX /shared/comment',
    'GETMETADATA (MAXSIZE -1) INBOX /shared/comment',
    'GETMETADATA (BASKA 1) INBOX /shared/comment',
    'GETMETADATA (MAXSIZE 1) INBOX (DEPTH 1) /shared/comment',
    'SETMETADATA',
    'SETMETADATA INBOX',
    'SETMETADATA INBOX ()',
    'SETMETADATA INBOX (/shared/comment)',
    'SETMETADATA INBOX (/shared/comment "x" /private/comment)',
    'SETMETADATA INBOX /shared/comment "x"',
    'SETMETADATA INBOX (/shared/comment ~"x")',
    'SETMETADATA INBOX (NIL NIL)',
  ])('%s', async (text) => {
    expect((await client.command('a', text)).at(-1)).toMatch(/^a BAD/)
  })

  test('names of objects are names like others', async () => {
    await client.command('s', `SETMETADATA ${box} (/shared/__proto__ "1" /shared/constructor "2")`)
    expect(await client.command('g', `GETMETADATA ${box} (/shared/__proto__ /shared/tostring)`)).toEqual([
      `* METADATA "${box}" (/shared/__proto__ "1" /shared/tostring NIL)`,
      'g OK GETMETADATA done',
    ])
  })

  test('octets that are written longer where they are kept count once', async () => {
    const names = Array.from({ length: 12 }, (_, n) => `/private/nul${n}`)
    for (const name of names)
      expect(
        (await client.command('s', `SETMETADATA ${box} (${name} ~{4096+}\r\n${'\0'.repeat(4_096)})`)).at(-1),
      ).toBe('s OK SETMETADATA done')
    await client.command('n', `SETMETADATA ${box} (${names.map((name) => `${name} NIL`).join(' ')})`)
  })

  test('a note that changes raises HIGHESTMODSEQ, one that stays does not [RFC 7162 §3.2]', async () => {
    const highest = async () =>
      Number(
        /HIGHESTMODSEQ (\d+)/.exec(
          (await client.command('h', `STATUS ${box} (HIGHESTMODSEQ)`))[0] ?? '',
        )?.[1],
      )
    const before = await highest()
    await client.command('s', `SETMETADATA ${box} (/private/comment "1")`)
    expect(await highest()).toBe(before + 1)
    await client.command('s', `SETMETADATA ${box} (/private/comment "1")`)
    expect(await highest()).toBe(before + 1)
    await client.command('s', `SETMETADATA "" (/private/comment "2")`)
    expect(await highest()).toBe(before + 1)
  })

  test('values, entries of a mailbox and all that a person notes are bounded, and what was there stays', async () => {
    const set = async (entries: string) =>
      (await client.command('s', `SETMETADATA ${box} (${entries})`)).at(-1)
    const value = (octets: number) => `{${octets}+}\r\n${'x'.repeat(octets)}`
    expect(await set(`/private/a ${value(4_096)} /private/b "b"`)).toMatch(/^s OK/)
    client.send(`l SETMETADATA ${box} (/private/b {16385}\r\n`)
    expect(await client.line()).toMatch(/^\+/)
    client.send(`${'x'.repeat(16_385)})\r\n`)
    expect(await client.line()).toMatch(/^l NO \[METADATA MAXSIZE 16384\]/)
    client.send(`m SETMETADATA ${box} (/private/b {65537}\r\n`)
    expect(await client.line()).toMatch(/^m NO \[METADATA MAXSIZE 16384\]/)
    const many = (count: number) => Array.from({ length: count }, (_, n) => `/private/n${n} "1"`).join(' ')
    expect(await set(many(49))).toMatch(/^s NO \[METADATA TOOMANY\]/)
    expect(await set(many(48))).toMatch(/^s OK/)
    expect(await set('/private/c "c"')).toMatch(/^s NO \[METADATA TOOMANY\]/)
    expect(await set('/private/c "c" /private/b NIL')).toMatch(/^s OK/)
    // Of what all share there is as much again, and of other mailboxes; in all it is bounded too.
    let refusal = ''
    for (let n = 0; n < 40 && refusal === ''; n++) {
      const answer = await set(`/shared/g${n} ${value(4_000)}`)
      if (answer?.startsWith('s NO') === true) refusal = answer
    }
    expect(refusal).toMatch(/^s NO \[METADATA TOOMANY\]/)
    expect(
      (await client.command('g', `GETMETADATA (MAXSIZE 10) ${box} (/private/a /private/c)`)).slice(0, 2),
    ).toEqual([`* METADATA "${box}" (/private/c "c")`, 'g OK [METADATA LONGENTRIES 4096] GETMETADATA done'])
    expect(await set('/shared/g0 NIL')).toMatch(/^s OK/)
  })

  test('many who write at once lose nothing', async () => {
    const clients = await Promise.all(Array.from({ length: 6 }, () => loggedIn(under)))
    const answers = await Promise.all(
      clients.map((one, n) => one.command('s', `SETMETADATA ${box} (/shared/k${n} "${n}")`)),
    )
    expect(answers.map((lines) => lines.at(-1))).toEqual(clients.map(() => 's OK SETMETADATA done'))
    const [line] = await client.command('g', `GETMETADATA (DEPTH 1) ${box} /shared`)
    expect(line).toBe(`* METADATA "${box}" (${clients.map((_, n) => `/shared/k${n} "${n}"`).join(' ')})`)
    for (const one of clients) one.end()
  })
})
