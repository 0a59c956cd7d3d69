import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { MAX_CONTEXTS, MAX_HELD_BACK } from '../../../server/imap/limits.ts'
import { type LineClient, runDialogue } from '../../fakes/dialogue.ts'
import { deliveredAt, type ImapUnderTest, loggedIn, startImap } from '../../fakes/imap-server.ts'

let under: ImapUnderTest
let client: LineClient
let other: LineClient
let box: string
let boxes = 0
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  client = await loggedIn(under)
  other = await loggedIn(under)
  box = `kutu${++boxes}`
  await client.command('c', `CREATE ${box}`)
  for (const subject of ['elma', 'dut', 'ceviz', 'badem', 'armut']) await under.deliver(box, message(subject))
  for (const each of [client, other]) await each.command('s', `SELECT ${box}`)
})
afterEach(() => {
  client.end()
  other.end()
})

const message = (subject: string) =>
  Buffer.from(`From: Ali <ali@hs98.kep.tr>\r\nSubject: ${subject}\r\n\r\nmetin ${subject}\r\n`)

describe('CONTEXT=SEARCH [RFC 5267 §4]', () => {
  test('§4.3: what another session changes; with numbers, before EXPUNGE and after EXISTS', async () => {
    await runDialogue(
      client,
      `
      C: a1 SEARCH RETURN (UPDATE ALL) SEEN
      S: * ESEARCH (TAG "a1")
      S: a1 OK *
      `,
    )
    await other.command('o', 'STORE 1,2,4 +FLAGS.SILENT (\\Seen)')
    await runDialogue(
      client,
      `
      C: a2 NOOP
      S: * 1 FETCH *
      S: * 2 FETCH *
      S: * 4 FETCH *
      S: * ESEARCH (TAG "a1") ADDTO (0 1:2,4)
      S: a2 OK *
      C: a3 STORE 2 -FLAGS.SILENT (\\Seen)
      S: * ESEARCH (TAG "a1") REMOVEFROM (0 2)
      S: a3 OK *
      `,
    )
    await other.command('o', 'STORE 3:4 +FLAGS.SILENT (\\Deleted)')
    await other.command('o', 'EXPUNGE')
    await under.deliver(box, message('yeni'), { flags: ['\\Seen'] })
    await runDialogue(
      client,
      `
      C: a4 FETCH 1 UID
      S: * 1 FETCH (UID 1)
      S: * ESEARCH (TAG "a1") REMOVEFROM (0 4)
      S: * 6 EXISTS
      S: * ESEARCH (TAG "a1") ADDTO (0 6)
      S: a4 OK *
      C: a5 NOOP
      S: * 4 EXPUNGE
      S: * 3 EXPUNGE
      S: a5 OK *
      C: a6 SEARCH RETURN (ALL) SEEN
      S: * ESEARCH (TAG "a6") ALL 1,4
      S: a6 OK *
      `,
    )
  })

  test('§4.3.5: until it is cancelled, or the mailbox is left; §4.3: a tag that is in use is BAD', () =>
    runDialogue(
      client,
      `
      C: a1 UID SEARCH RETURN (CONTEXT UPDATE COUNT) FLAGGED
      S: * ESEARCH (TAG "a1") UID COUNT 0
      S: a1 OK *
      C: a1 UID SEARCH RETURN (UPDATE) SEEN
      S: a1 BAD *
      C: a2 UID SEARCH RETURN (UPDATE) UID 2:3 DELETED
      S: * ESEARCH (TAG "a2") UID
      S: a2 OK *
      C: a3 UID STORE 2,4 +FLAGS.SILENT (\\Flagged \\Deleted)
      S: * ESEARCH (TAG "a1") UID ADDTO (0 2,4)
      S: * ESEARCH (TAG "a2") UID ADDTO (0 2)
      S: a3 OK *
      C: a4 CANCELUPDATE "a1" "yok"
      S: a4 BAD *
      C: a5 CANCELUPDATE "a1"
      S: a5 OK *
      C: a6 UID STORE 2,3 -FLAGS.SILENT (\\Flagged \\Deleted)
      S: * ESEARCH (TAG "a2") UID REMOVEFROM (0 2)
      S: a6 OK *
      C: a7 SELECT ${box}
      S: ...
      S: a7 OK *
      C: a8 UID STORE 2 +FLAGS.SILENT (\\Deleted)
      S: a8 OK *
      C: a9 CANCELUPDATE "a2"
      S: a9 BAD *
      C: b1 CANCELUPDATE
      S: b1 BAD *
      `,
    ))

  test('§4.3.1: what does not change with messages alone is refused, and the rest of the command done', () =>
    runDialogue(
      client,
      `
      C: a1 SEARCH RETURN (UPDATE COUNT) 1:3
      S: * NO [NOUPDATE "a1"] *
      S: * ESEARCH (TAG "a1") COUNT 3
      S: a1 OK *
      C: a2 UID SEARCH RETURN (UPDATE ALL) NOT UID 4:*
      S: * NO [NOUPDATE "a2"] *
      S: * ESEARCH (TAG "a2") UID ALL 1:3
      S: a2 OK *
      C: a3 UID SEARCH RETURN (UPDATE COUNT) OR YOUNGER 60 SEEN
      S: * NO [NOUPDATE "a3"] *
      S: * ESEARCH (TAG "a3") UID COUNT 0
      S: a3 OK *
      C: a4 ESEARCH IN (mailboxes ${box}) RETURN (UPDATE COUNT) ALL
      S: * NO [NOUPDATE "a4"] *
      S: * ESEARCH (TAG "a4" MAILBOX "${box}" UIDVALIDITY *) UID COUNT 5
      S: a4 OK *
      C: a5 STORE 1 +FLAGS.SILENT (\\Seen)
      S: a5 OK *
      `,
    ))

  test('ESEARCH: what is found in the selected mailbox is kept up to date [RFC 7377 §2.2]', async () => {
    await client.command('a1', 'ESEARCH IN (selected personal) RETURN (UPDATE COUNT) SUBJECT incir')
    expect((await client.command('a1', 'ESEARCH RETURN (UPDATE) ALL')).at(-1)).toMatch(/^a1 BAD/)
    await under.deliver(box, message('incir'))
    await runDialogue(
      client,
      `
      C: a2 NOOP
      S: * 6 EXISTS
      S: * ESEARCH (TAG "a1") UID ADDTO (0 6)
      S: a2 OK *
      `,
    )
  })

  test('RFC 5465 §7: a message that is found since its flags changed is known to the client', async () => {
    await client.command('a1', 'UID SEARCH RETURN (UPDATE (ENVELOPE)) ANSWERED')
    await other.command('o', 'STORE 2 +FLAGS (\\Answered)')
    const told = await client.command('n', 'NOOP')
    expect(told).toContain('* ESEARCH (TAG "a1") UID ADDTO (0 2)')
    expect(told.filter((line) => line.includes('ENVELOPE'))).toEqual([])
  })

  test('RFC 5465 §7: what was asked for of messages that are added comes before them', async () => {
    await client.command('a1', 'UID SEARCH RETURN (UPDATE (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])) UNSEEN')
    await under.deliver(box, message('incir'))
    await runDialogue(
      client,
      `
      C: a2 NOOP
      S: * 6 EXISTS
      S: * 6 FETCH (UID 6 BODY[HEADER.FIELDS (SUBJECT)] {18}
      S: Subject: incir
      S: 
      S: )
      S: * ESEARCH (TAG "a1") UID ADDTO (0 6)
      S: a2 OK *
      `.replace('S: \n', 'S: *\n'),
    )
  })

  test('where messages are named by UID: before VANISHED [RFC 7162 §3.2.10] [RFC 9586 §3.3]', async () => {
    const third = await loggedIn(under)
    await third.command('e', 'ENABLE UIDONLY')
    await third.command('s', `SELECT ${box}`)
    await third.command('a1', 'UID SORT RETURN (UPDATE) (REVERSE ARRIVAL) UTF-8 NOT SUBJECT dut')
    await other.command('o', 'STORE 1:3 +FLAGS.SILENT (\\Deleted)')
    await other.command('o', 'EXPUNGE')
    await under.deliver(box, message('yeni'))
    await runDialogue(
      third,
      `
      C: a2 NOOP
      S: * ESEARCH (TAG "a1") UID REMOVEFROM (2 3 1 1)
      S: * VANISHED 1:3
      S: * 3 EXISTS
      S: * ESEARCH (TAG "a1") UID ADDTO (3 6)
      S: a2 OK *
      `,
    )
    third.end()
  })

  test('as many as there may be, and not one more', async () => {
    for (let at = 0; at < MAX_CONTEXTS; at++)
      expect(await client.command(`a${at}`, 'SEARCH RETURN (UPDATE) SEEN')).toHaveLength(2)
    const [refused] = await client.command('x', 'SEARCH RETURN (UPDATE) SEEN')
    expect(refused).toMatch(/^\* NO \[NOUPDATE "x"\]/)
    await client.command('c', 'CANCELUPDATE "a3"')
    expect(await client.command('x', 'SEARCH RETURN (UPDATE) SEEN')).toHaveLength(2)
  })

  test('words of a delivery are found when somebody has read it, though nothing in the mailbox changed', async () => {
    const head = Buffer.from('From: a@hs98.kep.tr\r\nSubject: dis\r\n\r\n')
    const body = Buffer.concat([head, Buffer.from('gizli soz\r\n')])
    const link = deliveredAt(head.length, body.length, `intake-${box}`)
    await under.deliver(box, body, link)
    await client.command('n', 'NOOP')
    expect(await client.command('a1', 'UID SEARCH RETURN (UPDATE ALL) BODY gizli')).toEqual([
      '* ESEARCH (TAG "a1") UID',
      'a1 OK SEARCH done',
    ])
    await client.command('a2', 'UID SEARCH RETURN (UPDATE ALL) NOT BODY gizli UID 6')
    const heard = await client.command('f', 'UID FETCH 6 (UID BODY.PEEK[TEXT])')
    expect(heard).toContain('* ESEARCH (TAG "a1") UID ADDTO (0 6)')
    expect(heard).toContain('* ESEARCH (TAG "a2") UID REMOVEFROM (0 6)')
  })

  test('unread deliveries are not watched by the hundred', async () => {
    const head = Buffer.from('From: a@hs98.kep.tr\r\nSubject: dis\r\n\r\n')
    const body = Buffer.concat([head, Buffer.from('gizli soz\r\n')])
    const deliver = (from: number, to: number) =>
      Promise.all(
        Array.from({ length: to - from }, (_, at) =>
          under.deliver(box, body, deliveredAt(head.length, body.length, `${box}-${from + at}`)),
        ),
      )
    await deliver(0, MAX_HELD_BACK)
    await client.command('n', 'NOOP')
    expect(await client.command('a1', 'SEARCH RETURN (UPDATE COUNT) BODY gizli')).toHaveLength(2)
    await deliver(MAX_HELD_BACK, MAX_HELD_BACK + 1)
    expect(await client.command('n', 'NOOP')).toContainEqual(expect.stringMatching(/NOUPDATE "a1"/))
    expect((await client.command('a2', 'SEARCH RETURN (UPDATE COUNT) BODY gizli'))[0]).toMatch(
      /NOUPDATE "a2"/,
    )
  })
})

describe('CONTEXT=SORT [RFC 5267 §4]', () => {
  test('§4.3.2: each with its place, so that the order holds', async () => {
    await runDialogue(
      client,
      `
      C: a1 UID SORT RETURN (UPDATE ALL) (SUBJECT) UTF-8 UNSEEN
      S: * ESEARCH (TAG "a1") UID ALL 5,4,3,2,1
      S: a1 OK *
      `,
    )
    await other.command('o', 'UID STORE 4,2 +FLAGS.SILENT (\\Seen)')
    await under.deliver(box, message('cilek'))
    await runDialogue(
      client,
      `
      C: a2 NOOP
      S: * 2 FETCH *
      S: * 4 FETCH *
      S: * 6 EXISTS
      S: * ESEARCH (TAG "a1") UID REMOVEFROM (4 2 2 4)
      S: * ESEARCH (TAG "a1") UID ADDTO (3 6)
      S: a2 OK *
      C: a3 UID STORE 4 -FLAGS.SILENT (\\Seen)
      S: * ESEARCH (TAG "a1") UID ADDTO (2 4)
      S: a3 OK *
      C: a4 UID SORT RETURN (ALL) (SUBJECT) UTF-8 UNSEEN
      S: * ESEARCH (TAG "a4") UID ALL 5,4,3,6,1
      S: a4 OK *
      `,
    )
  })
})

/** A client that believes what it is told. */
class Believer {
  exists: number
  readonly results = new Map<string, number[]>()
  readonly #byUid = new Set<string>()

  constructor(exists: number) {
    this.exists = exists
  }

  hear(lines: readonly string[]): void {
    for (const line of lines) {
      const [, count] = /^\* (\d+) EXISTS$/.exec(line) ?? []
      if (count !== undefined) this.exists = Number(count)
      const [, number] = /^\* (\d+) EXPUNGE$/.exec(line) ?? []
      if (number !== undefined) this.#expunge(Number(number))
      const [, tag, uid, what, pairs] =
        /^\* ESEARCH \(TAG "(\w+)"\)( UID)? (\w+)(?: \(?(.*?)\)?)?$/.exec(line) ?? []
      if (tag === undefined) continue
      if (uid !== undefined) this.#byUid.add(tag)
      if (what === 'ALL') this.results.set(tag, numbersIn(pairs ?? ''))
      else this.#update(this.results.get(tag) ?? [], what ?? '', (pairs ?? '').split(' '))
    }
  }

  #expunge(number: number): void {
    this.exists--
    for (const [tag, result] of this.results) {
      if (this.#byUid.has(tag)) continue
      expect(result).not.toContain(number)
      this.results.set(
        tag,
        result.map((each) => (each > number ? each - 1 : each)),
      )
    }
  }

  #update(result: number[], what: string, pairs: readonly string[]): void {
    for (let at = 0; at < pairs.length; at += 2) {
      const position = Number(pairs[at])
      const numbers = numbersIn(pairs[at + 1] ?? '')
      if (what === 'ADDTO') {
        for (const number of numbers) expect(result).not.toContain(number)
        if (position === 0) result.push(...numbers)
        else result.splice(position - 1, 0, ...numbers)
        if (position === 0) result.sort((a, b) => a - b)
      } else if (position === 0)
        for (const number of numbers) {
          expect(result).toContain(number)
          result.splice(result.indexOf(number), 1)
        }
      else expect(result.splice(position - 1, numbers.length)).toEqual(numbers)
    }
  }
}

const numbersIn = (set: string): number[] =>
  set === ''
    ? []
    : set.split(',').flatMap((range) => {
        const [from, to = from] = range.split(':').map(Number)
        return Array.from({ length: to! - from! + 1 }, (_, at) => from! + at)
      })

const SEARCHES = [
  ['s1', 'SEARCH RETURN (UPDATE ALL)', 'UNSEEN'],
  ['s2', 'UID SEARCH RETURN (UPDATE ALL)', 'OR FLAGGED SUBJECT a'],
  ['s3', 'SORT RETURN (UPDATE ALL)', '(REVERSE SUBJECT ARRIVAL) UTF-8 UNSEEN'],
  ['s4', 'UID SORT RETURN (UPDATE ALL)', '(SUBJECT) UTF-8 NOT FLAGGED'],
] as const

const step = fc.oneof(
  fc.record({
    by: fc.constantFrom('mine', 'other'),
    does: fc.constantFrom('+FLAGS', '-FLAGS'),
    flag: fc.constantFrom('\\Seen', '\\Flagged', '\\Deleted', '\\Deleted'),
    at: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 }),
  }),
  fc.record({
    by: fc.constantFrom('mine', 'other'),
    does: fc.constantFrom('EXPUNGE', 'NOOP', 'UID FETCH 1:* FLAGS'),
  }),
  fc.record({ by: fc.constant('mine'), does: fc.constant('FETCH 1 UID') }),
  fc.record({ does: fc.constant('deliver'), subject: fc.constantFrom('a', 'b', 'ab', 'çay', 'Z') }),
)

test('whoever follows ADDTO, REMOVEFROM, EXISTS and EXPUNGE knows what a new search would find [property]', () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const name = `kutu${++boxes}`
      await client.command('c', `CREATE ${name}`)
      for (const subject of ['b', 'a', 'c', 'b', 'ab', 'd']) await under.deliver(name, message(subject))
      const believer = new Believer(6)
      for (const each of [client, other]) await each.command('s', `SELECT ${name}`)
      for (const [tag, command, program] of SEARCHES) {
        believer.results.set(tag, [])
        believer.hear(await client.command(tag, `${command} ${program}`))
      }
      for (const each of steps) {
        if ('subject' in each) await under.deliver(name, message(each.subject))
        else {
          const text =
            'at' in each ? `UID STORE ${each.at.join(',')} ${each.does}.SILENT (${each.flag})` : each.does
          const lines = await (each.by === 'mine' ? client : other).command('x', text)
          if (each.by === 'mine') believer.hear(lines)
        }
      }
      believer.hear(await client.command('x', 'NOOP'))
      for (const [tag, command, program] of SEARCHES) {
        const fresh = new Believer(0)
        fresh.results.set('y', [])
        fresh.hear(await client.command('y', `${command.replace('UPDATE ', '')} ${program}`))
        expect(believer.results.get(tag), tag).toEqual(fresh.results.get('y'))
      }
    }),
    { numRuns: 15 },
  ))
