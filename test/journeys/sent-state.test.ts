/** What a sender sees of a message in Giden Kutusu as its evidence comes, over IMAP. */
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ImapSession, openImapSession } from '../../scripts/client/imap-session.ts'
import { LineClient } from '../fakes/dialogue.ts'
import { eventually } from '../fakes/eventually.ts'
import { type Exchange, RECIPIENT_THERE, startExchange, THERE } from '../fakes/exchange.ts'
import { signedMessage, submit } from '../fakes/mail-client.ts'
import { arrival, atRest, idIn } from '../fakes/mailboxes.ts'
import { pki } from '../fakes/pki.ts'
import { PASSWORD, RECIPIENT, SENDER, type TestProvider } from '../fakes/provider.ts'

let exchange: Exchange
let sender: ImapSession
beforeAll(async () => {
  exchange = await startExchange()
  sender = await sessionOf(exchange.here, SENDER)
})
afterAll(async () => {
  await sender[Symbol.asyncDispose]()
  await exchange[Symbol.asyncDispose]()
})

const sessionOf = (kep: TestProvider, user: string) =>
  openImapSession({ port: kep.provider.ports.imaps, ca: kep.ca }, { user, password: PASSWORD })

async function send(to: readonly string[], subject: string, extra = '') {
  const { here } = exchange
  const message = await signedMessage(pki().user.signer, undefined, { to, subject, extra })
  const where = { port: here.provider.ports.submissions, ca: here.ca, to }
  return { message, id: idIn(await submit(message, where)) }
}

async function flagsOf(session: ImapSession, box: string, subject: string): Promise<string[]> {
  await session.command(`EXAMINE ${box}`)
  const { lines } = await session.command(`SEARCH SUBJECT ${subject}`)
  const number = /^\* SEARCH (\d+)$/.exec(lines[0] ?? '')?.[1]
  if (number === undefined) return []
  const fetched = await session.command(`FETCH ${number} FLAGS`)
  const flags = (/FLAGS \((.*?)\)/.exec(fetched.lines.at(-1) ?? '')?.[1] ?? '').split(' ')
  return flags.filter((flag) => flag !== '\\Recent').sort()
}

const sentBecomes = (subject: string, ...flags: string[]) =>
  eventually(async () => {
    const found = await flagsOf(sender, '"Giden Kutusu"', subject)
    return found.join(' ') === ['\\Seen', ...flags].sort().join(' ') ? true : undefined
  }, `${subject} with ${flags}`)

async function read(kep: TestProvider, user: string, subject: string): Promise<void> {
  await using imap = await sessionOf(kep, user)
  await imap.command('SELECT INBOX')
  const { lines } = await imap.command(`SEARCH SUBJECT ${subject}`)
  expect((await imap.command(`FETCH ${lines[0]?.slice(9)} BODY[]`)).status).toBe('OK')
}

describe('keywords of a sent message', () => {
  test('4.9: delivered when all have it, read when all have read it; the type on both sides', async () => {
    const { here, there } = exchange
    const { message } = await send([RECIPIENT, RECIPIENT_THERE], 'ikialici')
    await arrival(here, RECIPIENT, 'INBOX', message)
    await arrival(there, RECIPIENT_THERE, 'INBOX', message)
    await sentBecomes('ikialici', '$KEPType-standart', '$KEPDelivered')
    await using inbox = await sessionOf(there, RECIPIENT_THERE)
    expect(await flagsOf(inbox, 'INBOX', 'ikialici')).toEqual(['$KEPType-standart'])

    await read(here, RECIPIENT, 'ikialici')
    await eventually(
      async () => ((await evidenceIn('okundu', 'ikialici')) === 1 ? true : undefined),
      'one read',
    )
    expect(await flagsOf(sender, '"Giden Kutusu"', 'ikialici')).not.toContain('$KEPRead')
    await read(there, RECIPIENT_THERE, 'ikialici')
    await sentBecomes('ikialici', '$KEPType-standart', '$KEPDelivered', '$KEPRead')
  })

  test('one whom the other provider does not know makes it failed and rejected, whatever the others do', async () => {
    const { message } = await send([RECIPIENT, `yok@${THERE}`], 'biriyok', 'X-TR-REM-iletiTip: standart\r\n')
    await arrival(exchange.here, RECIPIENT, 'INBOX', message)
    await sentBecomes('biriyok', '$KEPType-standart', '$KEPFailed', '$KEPRejected')
    await read(exchange.here, RECIPIENT, 'biriyok')
    await atRest(exchange.here)
    await sentBecomes('biriyok', '$KEPType-standart', '$KEPFailed', '$KEPRejected')
  })

  test('one of ours who has no box makes it failed', async () => {
    await send([`kimse@hs98.kep.tr`], 'kimseyok')
    await sentBecomes('kimseyok', '$KEPType-standart', '$KEPFailed')
  })

  test('the client’s own copy, in the archive by then, bears them like the one that we file', async () => {
    const { here } = exchange
    const message = await signedMessage(pki().user.signer, undefined, { subject: 'kendikopyam' })
    const copy = Buffer.concat([Buffer.from('X-Mozilla-Status: 0001\r\n'), message])
    const socket = connect({ port: here.provider.ports.imaps, host: '127.0.0.1', ca: here.ca })
    const client = new LineClient(socket)
    await client.line()
    await client.command('l', `LOGIN ${SENDER} "${PASSWORD}"`)
    client.send(`a APPEND "Giden Kutusu" (\\Seen $KEPRead) {${copy.length}}\r\n`)
    expect(await client.line()).toMatch(/^\+/)
    client.sendOctets(Buffer.concat([copy, Buffer.from('\r\n')]))
    expect((await client.until('a ')).at(-1)).toMatch(/^a OK/)
    await submit(message, { port: here.provider.ports.submissions, ca: here.ca })
    await arrival(here, RECIPIENT, 'INBOX', message)
    await sentBecomes('kendikopyam', '$KEPType-standart', '$KEPDelivered')
    await client.command('s', 'SELECT "Giden Kutusu"')
    const [found = ''] = await client.command('f', 'SEARCH SUBJECT kendikopyam')
    await client.command('m', `MOVE ${found.slice(9)} Ar&AV8-iv/Giden`)
    client.end()
    await read(here, RECIPIENT, 'kendikopyam')
    await eventually(async () => {
      const flags = await flagsOf(sender, 'Ar&AV8-iv/Giden', 'kendikopyam')
      return flags.includes('$KEPRead') ? true : undefined
    }, 'read, in the archive')
  })
})

/** How many deliller there are of this subject whose subject begins so. */
async function evidenceIn(word: string, subject: string): Promise<number> {
  await sender.command('EXAMINE Deliller')
  const { lines } = await sender.command(`SEARCH SUBJECT ${subject} SUBJECT ${word}`)
  return (lines[0] ?? '').split(' ').length - 2
}

test('RFC 8474 §5.2: a sent answer and all evidence about it, a peer’s too, are one thread', async () => {
  const { here, there } = exchange
  const { message } = await send(
    [RECIPIENT, RECIPIENT_THERE],
    'yanit',
    'In-Reply-To: <kok@baska.example>\r\n',
  )
  await arrival(there, RECIPIENT_THERE, 'INBOX', message)
  await sentBecomes('yanit', '$KEPType-standart', '$KEPDelivered')
  await atRest(here)
  const threads = async (session: ImapSession, box: string) => {
    await session.command(`EXAMINE ${box}`)
    const { lines } = await session.command('SEARCH SUBJECT yanit')
    const set = (lines[0] ?? '').slice('* SEARCH '.length).replaceAll(' ', ',')
    const fetched = await session.command(`FETCH ${set} THREADID`)
    return fetched.lines.map((line) => /THREADID \((\w+)\)/.exec(line)?.[1])
  }
  const [sent] = await threads(sender, '"Giden Kutusu"')
  const evidence = await threads(sender, 'Deliller')
  // Submission, our delivery, and two of the peer's: relay and delivery.
  expect(evidence).toEqual([sent, sent, sent, sent])
  await using recipient = await sessionOf(here, RECIPIENT)
  expect(await threads(recipient, 'INBOX')).toEqual([sent])
})

interface Told {
  readonly messageId: string
  readonly complete: boolean
  readonly evidence: readonly {
    readonly id: string
    readonly provider?: string
    readonly outcome: string
    readonly at: string
    readonly recipients?: string
    readonly emailId?: string
  }[]
}

test('METADATA leads from a sent message to its evidence in Deliller, and nobody else from it', async () => {
  const { here, there } = exchange
  const { message, id } = await send([RECIPIENT, RECIPIENT_THERE], 'kayitlar')
  await arrival(there, RECIPIENT_THERE, 'INBOX', message)
  await read(here, RECIPIENT, 'kayitlar')
  await sentBecomes('kayitlar', '$KEPType-standart', '$KEPDelivered')
  await atRest(here)
  await sender.command('EXAMINE "Giden Kutusu"')
  const [number] = (await sender.command('SEARCH SUBJECT kayitlar')).lines
  const fetched = await sender.command(`FETCH ${number?.slice(9)} EMAILID`)
  const emailId = /EMAILID \((\w+)\)/.exec(fetched.lines[0] ?? '')?.[1]
  const ask = async (session: ImapSession, box: string, name: string): Promise<Told | undefined> => {
    const { lines, literals } = await session.command(
      `GETMETADATA ${box} /shared/vendor/openkep/evidence/${name}`,
    )
    const quoted = /\(\S+ "(.*)"\)$/.exec(lines[0] ?? '')?.[1]?.replace(/\\(.)/g, '$1')
    const text = literals[0]?.toString() ?? quoted
    return text === undefined ? undefined : JSON.parse(text)
  }
  const told = (await ask(sender, '"Giden Kutusu"', emailId ?? ''))!
  expect(told).toMatchObject({ messageId: id, complete: true })
  const shown = told.evidence.map(({ provider = 'own', outcome, recipients = 'all' }) =>
    [outcome, provider, recipients].join(' '),
  )
  expect(shown.sort()).toEqual([
    'delivery hs99.kep.tr 2',
    'delivery own 1',
    'relay-acceptance hs99.kep.tr 2',
    'retrieval own 1',
    'submission-acceptance own all',
  ])
  await sender.command('EXAMINE Deliller')
  for (const { id: evidence, at, emailId: lies } of told.evidence) {
    expect(Number.isNaN(Date.parse(at))).toBe(false)
    const { lines } = await sender.command(
      `UID SEARCH RETURN (COUNT) EMAILID ${lies} HEADER X-REM-Evidence-Identifier "${evidence}"`,
    )
    expect(lines[0], evidence).toMatch(/COUNT 1$/)
  }
  const ofSecond = await ask(sender, '"Giden Kutusu"', `${emailId}/2`)
  expect(ofSecond?.evidence.map(({ outcome }) => outcome).sort()).toEqual(['delivery', 'relay-acceptance'])
  for (const [box, name] of [
    ['"Giden Kutusu"', `${emailId}/3`],
    ['"Giden Kutusu"', `M${'0'.repeat(64)}`],
    ['INBOX', emailId ?? ''],
    ['""', emailId ?? ''],
  ] as const)
    expect(await ask(sender, box, name), `${box} ${name}`).toBeUndefined()
  await using recipient = await sessionOf(here, RECIPIENT)
  expect(await ask(recipient, '"Giden Kutusu"', emailId ?? '')).toBeUndefined()
})
