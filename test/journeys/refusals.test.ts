import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { base64Lines } from '../../mail/base64-lines.ts'
import { FAILURES } from '../../mail/errors.ts'
import { multipartSigned } from '../../scripts/client/signed-message.ts'
import { openSmtpSession } from '../../scripts/client/smtp-session.ts'
import { eventually } from '../fakes/eventually.ts'
import {
  headerOf,
  type MessageOptions,
  opaqueMessage,
  PLAIN_PART,
  signedMessage,
  submit,
} from '../fakes/mail-client.ts'
import { daysFromNow, makeRoot, pki } from '../fakes/pki.ts'
import { PASSWORD, RECIPIENT, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'

let kep: TestProvider
beforeAll(async () => {
  kep = await startProvider({
    config: { limits: { recipients: 3, mimeParts: 20, mimeDepth: 5 }, submission: { sizeLocal: 2_000_000 } },
  })
})
afterAll(() => kep[Symbol.asyncDispose]())

const where = () => ({ port: kep.provider.ports.submissions, ca: kep.ca })
const user = () => pki().user.signer
const person = { commonName: 'Ayşe Işık', country: 'TR', serialNumber: '10000000146' }
const plain = (options: MessageOptions, body = 'Merhaba\r\n') =>
  Buffer.from(`${headerOf(options)}MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n${body}`)
const signed = (options: MessageOptions, part?: Buffer) => signedMessage(user(), part, options)
const without = (name: RegExp) => headerOf().replace(name, '')

/** Each row is one rule; `evidence` says whether a rejection evidence is owed. */
const afterData: {
  code: keyof typeof FAILURES
  name: string
  make: () => Promise<Buffer> | Buffer
  to?: string[]
}[] = [
  { code: 'NOT_SIGNED', name: 'no S/MIME layer', make: () => plain({}) },
  {
    code: 'ENCRYPTED_ONLY',
    name: 'encrypted, not signed',
    make: () =>
      Buffer.from(`${headerOf()}Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nMIIB`),
  },
  {
    code: 'SIGNATURE_MALFORMED',
    name: 'junk for a signature',
    make: () => multipartSigned(headerOf(), PLAIN_PART, base64Lines(Buffer.from('junk'))),
  },
  {
    code: 'SIGNATURE_INVALID',
    name: 'changed after signing',
    make: async () =>
      Buffer.from((await signed({})).toString('latin1').replace('Merhaba', 'Merhabe'), 'latin1'),
  },
  {
    code: 'SIGNATURE_INVALID',
    name: 'opaque, changed after signing',
    make: async () => {
      const message = (await opaqueMessage(user())).toString()
      const [head = '', body = ''] = message.split('\r\n\r\n')
      const der = Buffer.from(body, 'base64')
      der[der.indexOf('Merhaba')] = 0x4e
      return Buffer.from(`${head}\r\n\r\n${base64Lines(der)}\r\n`)
    },
  },
  {
    code: 'CERTIFICATE_UNTRUSTED',
    name: 'a stranger’s CA',
    make: () =>
      signedMessage(
        pki().issue({ kind: 'user', email: SENDER }, { issuer: makeRoot('Yabancı'), subject: person }).signer,
      ),
  },
  {
    code: 'CERTIFICATE_EXPIRED',
    name: 'expired yesterday',
    make: () =>
      signedMessage(
        pki().issue(
          { kind: 'user', email: SENDER },
          { subject: person, notBefore: daysFromNow(-9), notAfter: daysFromNow(-1) },
        ).signer,
      ),
  },
  {
    code: 'CERTIFICATE_EXPIRED',
    name: 'valid from tomorrow',
    make: () =>
      signedMessage(
        pki().issue({ kind: 'user', email: SENDER }, { subject: person, notBefore: daysFromNow(1) }).signer,
      ),
  },
  {
    code: 'CERTIFICATE_USAGE',
    name: 'a key that may not sign',
    make: () => signedMessage(pki().issue({ kind: 'intermediate' }, { subject: person }).signer),
  },
  {
    code: 'CERTIFICATE_USAGE',
    name: 'a certificate of a server, of the right person',
    make: () =>
      signedMessage(pki().issue({ kind: 'tls', dns: ['localhost'], ip: [] }, { subject: person }).signer),
  },
  {
    code: 'SIGNER_NOT_OF_ACCOUNT',
    name: 'another person signs',
    make: () => signedMessage(pki().qualifiedUser.signer),
  },
  {
    code: 'SIGNER_NOT_OF_ACCOUNT',
    name: 'the address in a certificate proves nothing',
    make: () =>
      signedMessage(
        pki().issue({ kind: 'user', email: SENDER }, { subject: { commonName: 'Sahte', country: 'TR' } })
          .signer,
      ),
  },
  { code: 'FROM_NOT_ACCOUNT', name: 'From of somebody else', make: () => signed({ from: RECIPIENT }) },
  { code: 'FROM_NOT_ACCOUNT', name: 'two authors', make: () => signed({ from: `${SENDER}, ${RECIPIENT}` }) },
  {
    code: 'FROM_NOT_ACCOUNT',
    name: 'Sender of somebody else',
    make: () => signed({ extra: `Sender: ${RECIPIENT}\r\n` }),
  },
  {
    code: 'BCC_RECIPIENT',
    name: 'a recipient whom the header hides',
    make: () => signed({ to: [SENDER] }),
    to: [SENDER, RECIPIENT],
  },
  { code: 'BCC_RECIPIENT', name: 'a Bcc field', make: () => signed({ extra: 'Bcc: \r\n' }) },
  {
    code: 'RECIPIENTS_DIFFER',
    name: 'a shown recipient who gets nothing',
    make: () => signed({ to: [RECIPIENT], cc: [SENDER] }),
  },
  {
    code: 'HEADER_UNREADABLE',
    name: 'To that is no address list',
    make: () => signed({ to: [`${RECIPIENT} junk@`] }),
  },
  { code: 'HEADER_DUPLICATE', name: 'two subjects', make: () => signed({ extra: 'Subject: second\r\n' }) },
  {
    code: 'HEADER_DUPLICATE',
    name: 'two Message-IDs',
    make: () => signed({ extra: 'Message-ID: <a@b>\r\n' }),
  },
  {
    code: 'HEADER_MISSING',
    name: 'no Message-ID',
    make: () => signed({ header: without(/^Message-ID:.*\r\n/m) }),
  },
  { code: 'HEADER_MISSING', name: 'no Date', make: () => signed({ header: without(/^Date:.*\r\n/m) }) },
  { code: 'HEADER_MISSING', name: 'no From', make: () => signed({ header: without(/^From:.*\r\n/m) }) },
  {
    code: 'HEADER_UNREADABLE',
    name: 'Message-ID without brackets',
    make: () => signed({ messageId: 'a@b' }),
  },
  {
    code: 'HEADER_FORBIDDEN',
    name: 'a provider’s field',
    make: () => signed({ extra: 'X-REM-Msg-Type: Dispatch\r\n' }),
  },
  {
    code: 'HEADER_FORBIDDEN',
    name: 'an id as only the provider gives',
    make: () => signed({ messageId: '<rem.00000000-0000-4000-8000-000000000000@hs98.kep.tr>' }),
  },
  {
    code: 'HEADER_TOO_LARGE',
    name: 'a subject that would be copied into all evidence',
    make: () => signed({ subject: `x\r\n ${'y'.repeat(900)}`.repeat(20) }),
  },
  {
    code: 'HEADER_FORBIDDEN',
    name: 'a resent message',
    make: () => signed({ extra: `Resent-From: ${SENDER}\r\n` }),
  },
  {
    code: 'HEADER_NOT_ASCII',
    name: 'raw UTF-8 in the subject',
    make: () => signed({ subject: 'Çok önemli' }),
  },
  {
    code: 'MIME_TOO_COMPLEX',
    name: 'a part bomb',
    make: () =>
      signed(
        {},
        Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\n'.repeat(50)}--b--`),
      ),
  },
  {
    code: 'PROTECTED_HEADER_DIFFERS',
    name: 'a signed subject that says something else',
    make: () =>
      signed(
        {},
        Buffer.from('Content-Type: text/plain; protected-headers=v1\r\nSubject: Baska\r\n\r\nx\r\n'),
      ),
  },
]

describe('refused after DATA, each with its own code', () => {
  test.each(afterData)('$code: $name', async ({ code, make, to }) => {
    const { reply, status } = FAILURES[code]
    expect(await submit(await make(), { ...where(), ...(to ? { to } : {}) })).toMatch(
      new RegExp(`^${reply} ${status} ${code} `),
    )
  })

  test('each evidenced refusal is in the archive, and quiet ones are not', async () => {
    const evidenced = afterData.filter(({ code }) => 'reason' in FAILURES[code]).length
    await eventually(async () => {
      const entries = await kep.provider.store.chain.read('evidence', 1, 1000)
      return entries.length >= evidenced ? entries : undefined
    })
    const automatic = await signed({
      extra: 'Auto-Submitted: auto-replied\r\n',
      messageId: `<${randomUUID()}@x>`,
    })
    expect(await submit(automatic, where())).toMatch(/^550 5\.7\.1 AUTOMATIC_MESSAGE /)
    const report = Buffer.from(
      `${headerOf()}Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n`,
    )
    expect(await submit(report, where())).toMatch(/^550 5\.7\.1 AUTOMATIC_MESSAGE /)
    expect(await kep.provider.store.chain.read('evidence', evidenced + 1, 10)).toEqual([])
  })

  test('REVOKED as of our acceptance', async () => {
    const holder = pki().issue({ kind: 'user', email: SENDER }, { subject: person })
    await using other = await startProvider({ revoked: [holder.certificate.serialBytes] })
    const reply = await submit(await signedMessage(holder.signer), {
      port: other.provider.ports.submissions,
      ca: other.ca,
    })
    expect(reply).toMatch(/^550 5\.7\.5 CERTIFICATE_REVOKED /)
  })

  test('REVOKED by a list so large that a thread beside the loop reads it; whom it does not name is accepted', async () => {
    const holder = pki().issue({ kind: 'user', email: SENDER }, { subject: person })
    const many = Array.from({ length: 8_000 }, (_, at) => Uint8Array.of(1, at >> 8, at & 255, 9))
    await using other = await startProvider({ revoked: [...many, holder.certificate.serialBytes] })
    const to = { port: other.provider.ports.submissions, ca: other.ca }
    expect(await submit(await signedMessage(holder.signer), to)).toMatch(/^550 5\.7\.5 CERTIFICATE_REVOKED /)
    expect(await submit(await signedMessage(user()), to)).toMatch(/^250 /)
    expect(await other.metric('openkep_trust_jobs_total', { outcome: 'done' })).toBeGreaterThanOrEqual(4)
    expect(await other.metric('openkep_trust_jobs_total', { outcome: 'lost' })).toBe(0)
  })

  test('unknown revocation is "try again", and nothing is evidenced', async () => {
    await using silent = await startProvider({ lists: 'none' })
    const reply = await submit(await signedMessage(user()), {
      port: silent.provider.ports.submissions,
      ca: silent.ca,
    })
    expect(reply).toMatch(/^451 4\.7\.5 REVOCATION_UNKNOWN /)
    expect(await silent.provider.store.chain.head('evidence')).toBeUndefined()
  })
})

describe('octets that two programs read as two messages', () => {
  test.each([
    ['BARE_LINE_END', 'a bare LF', 'a\nb\r\n'],
    ['BARE_LINE_END', 'a bare CR', 'a\rb\r\n'],
    ['BARE_LINE_END', 'LF.CRLF smuggling', 'a\n.\r\nMAIL FROM:<x@y>\r\n'],
    ['NUL_OCTET', 'a NUL', 'a\0b\r\n'],
  ])('%s: %s', async (code, _name, body) => {
    await using session = await openSmtpSession(where(), { user: SENDER, password: PASSWORD })
    const part = Buffer.from(`Content-Type: text/plain\r\n\r\n${body}`)
    const message = await signed({}, part)
    await session.command(`MAIL FROM:<${SENDER}>`)
    await session.command(`RCPT TO:<${RECIPIENT}>`)
    await session.command('DATA')
    await session.write(Buffer.concat([message, Buffer.from('.\r\n')]))
    expect(await session.reply()).toMatch(new RegExp(`^550 5\\.6\\.11 ${code} `))
  })
})

describe('refused before DATA', () => {
  const table: [code: string, from: string, to: string[], size?: number][] = [
    ['550 5.7.1 SENDER_NOT_ACCOUNT', RECIPIENT, [RECIPIENT]],
    ['550 5.7.1 NULL_SENDER', '', [RECIPIENT]],
    ['550 5.1.3 NOT_A_KEP_ADDRESS', SENDER, ['biri@example.com']],
    ['550 5.1.3 NOT_A_KEP_ADDRESS', SENDER, ['biri@hs98.kep.tr.example.com']],
    ['550 5.1.2 UNKNOWN_PROVIDER', SENDER, ['biri@hs77.kep.tr']],
    ['550 5.5.3 TOO_MANY_RECIPIENTS', SENDER, ['a', 'b', 'c', 'd'].map((local) => `${local}@hs98.kep.tr`)],
  ]
  test.each(table)('%s', async (code, from, to) => {
    expect(await submit(await signed({}), { ...where(), from, to })).toMatch(new RegExp(`^${code} `))
  })

  test.each([
    ['MAIL FROM:<a@hs98.kep.tr> SMTPUTF8', '555 5.5.4 MAIL_PARAMETER'],
    ['MAIL FROM:<a@hs98.kep.tr> RET=FULL', '555 5.5.4 MAIL_PARAMETER'],
    ['MAIL FROM:<a@hs98.kep.tr> SIZE=999999999', '552'],
  ])('%s', async (command, reply) => {
    await using session = await openSmtpSession(where(), { user: SENDER, password: PASSWORD })
    expect(await session.command(command)).toMatch(new RegExp(`^${reply}`))
  })

  test('a wrong password, a wrong name', async () => {
    const message = await signed({})
    expect(await submit(message, { ...where(), password: 'yanlis' })).toMatch(/^535 5\.7\.8 AUTH_FAILED/)
    expect(await submit(message, { ...where(), user: 'kimse@hs98.kep.tr' })).toMatch(
      /^535 5\.7\.8 AUTH_FAILED/,
    )
  })

  test('a message over the limit is refused, and the session says so', async () => {
    const big = await signed({}, Buffer.concat([PLAIN_PART, Buffer.alloc(2_100_000, 'x\r\n')]))
    await using session = await openSmtpSession(where(), { user: SENDER, password: PASSWORD })
    await session.command(`MAIL FROM:<${SENDER}>`)
    await session.command(`RCPT TO:<${RECIPIENT}>`)
    await session.command('DATA')
    await session.write(Buffer.concat([big, Buffer.from('.\r\n')]))
    expect(await session.reply()).toMatch(/^552 5\.3\.4 /)
  })
})
