import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
let client: LineClient
beforeAll(async () => {
  under = await startImap()
  const maker = await loggedIn(under)
  await maker.command('c', 'CREATE kutu')
  maker.end()
  for (const octets of [
    mail({ from: 'Çelik <z@hs98.kep.tr>', subject: 'elma', date: '3 Jan 2026 10:00:00 +0300', id: '<1@x>' }),
    mail({
      from: 'Can <a@hs98.kep.tr>',
      subject: 'Ynt: elma',
      date: '2 Jan 2026 10:00:00 +0000',
      id: '<2@x>',
      refers: '<1@x>',
      body: 'daha uzun bir metin',
    }),
    mail({
      from: 'b@hs98.kep.tr',
      subject: '=?utf-8?q?=C3=A7ilek?=',
      date: '2 Jan 2026 12:00:00 +0300',
      id: '<3@x>',
    }),
    mail({ from: 'Demir <d@hs98.kep.tr>', subject: 'dut', date: 'dun', id: '<4@x>', refers: '<2@x>' }),
  ])
    await under.deliver('kutu', octets)
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await loggedIn(under)
  await client.command('s', 'SELECT kutu')
})
afterEach(() => client.end())

function mail(given: {
  from: string
  subject: string
  date: string
  id: string
  refers?: string
  body?: string
}): Buffer {
  const { from, subject, date, id, refers, body = 'metin' } = given
  const references = refers === undefined ? '' : `References: <eski@x> ${refers}\r\n`
  return Buffer.from(
    `From: ${from}\r\nSubject: ${subject}\r\nDate: ${date}\r\nMessage-ID: ${id}\r\n${references}\r\n${body}\r\n`,
  )
}

describe('SORT [RFC 5256 §3]', () => {
  test('by each key, by several, from the end, and with the results of ESEARCH [RFC 5267 §3]', () =>
    runDialogue(
      client,
      `
      C: a1 SORT (SUBJECT) UTF-8 ALL
      S: * SORT 3 4 1 2
      S: a1 OK *
      C: a2 SORT (REVERSE SUBJECT) UTF-8 ALL
      S: * SORT 1 2 4 3
      S: a2 OK *
      C: a3 UID SORT (DATE) US-ASCII ALL
      S: * SORT 4 3 2 1
      S: a3 OK *
      C: a4 SORT (DISPLAYFROM) UTF-8 ALL
      S: * SORT 3 2 1 4
      S: a4 OK *
      C: a5 SORT (FROM) UTF-8 NOT 4
      S: * SORT 2 3 1
      S: a5 OK *
      C: a6 SORT (REVERSE SIZE ARRIVAL) UTF-8 1:2
      S: * SORT 2 1
      S: a6 OK *
      C: a7 SORT RETURN (MIN MAX COUNT ALL) (SUBJECT) UTF-8 ALL
      S: * ESEARCH (TAG "a7") MIN 3 MAX 2 COUNT 4 ALL 3:4,1:2
      S: a7 OK *
      C: a8 UID SORT RETURN (PARTIAL 1:2) (SUBJECT) UTF-8 ALL
      S: * ESEARCH (TAG "a8") UID PARTIAL (1:2 3:4)
      S: a8 OK *
      C: a9 SORT (SUBJECT) UTF-8 FROM yok
      S: * SORT
      S: a9 OK *
      C: b1 SORT (CC TO) UTF-8 1:2
      S: * SORT 1 2
      S: b1 OK *
      C: b2 SORT (NIL) UTF-8 ALL
      S: b2 BAD *
      C: b3 SORT (SUBJECT) KOI8-R ALL
      S: b3 NO [BADCHARSET *
      C: b4 SORT () UTF-8 ALL
      S: b4 BAD *
      `,
    ))
})

test('messages of one thread have one id [RFC 8474 §5.2]', async () => {
  const ids = (await client.command('f', 'FETCH 1:4 THREADID')).map(
    (line) => /THREADID \((T\w+)\)/.exec(line)?.[1],
  )
  expect(new Set(ids.slice(0, 4)).size).toBe(3)
  expect(ids[1]).toBe(ids[3])
  expect((await client.command('q', `SEARCH THREADID ${ids[3]}`))[0]).toBe('* SEARCH 2 4')
})

describe('THREAD [RFC 5256 §3]', () => {
  test('by references and by subject, by number and by UID', () =>
    runDialogue(
      client,
      `
      C: a1 THREAD REFERENCES UTF-8 ALL
      S: * THREAD (3)(1 2 4)
      S: a1 OK *
      C: a2 UID THREAD ORDEREDSUBJECT UTF-8 ALL
      S: * THREAD (4)(3)(2 1)
      S: a2 OK *
      C: a3 THREAD REFERENCES UTF-8 2:3
      S: * THREAD (3)(2)
      S: a3 OK *
      C: a4 THREAD REFERENCES UTF-8 FROM yok
      S: * THREAD
      S: a4 OK *
      C: a5 THREAD REFS UTF-8 ALL
      S: a5 BAD *
      `,
    ))
})
