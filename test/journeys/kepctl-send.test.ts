/** `kepctl send` against an SMTP server that keeps what it was given. */
import { readFileSync, writeFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parsePemCertificates, verifyFile } from '../../evidence/index.ts'
import { systemClock } from '../../mail/clock.ts'
import { developmentFiles } from '../../server/development/files.ts'
import { ensureDevelopmentPki } from '../../server/development/pki.ts'
import { kepctl } from '../fakes/kepctl.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const SENDER = 'deneme.gonderen@hs98.kep.tr'
const folder = new TemporaryFolder()
const files = developmentFiles(folder.path)
const servers: SMTPServer[] = []
const received: { message: Buffer; from: string; to: string[]; secure: boolean }[] = []
const ports = { implicit: 0, starttls: 0 }

function startServer(secure: boolean): Promise<number> {
  const server = new SMTPServer({
    secure,
    key: readFileSync(files.tls.key),
    cert: readFileSync(files.tls.certificate),
    onAuth: ({ username, password }, _session, done) =>
      password === 'deneme' ? done(null, { user: username ?? '' }) : done(new Error('wrong')),
    onRcptTo: ({ address }, _session, done) =>
      address.startsWith('yok@') ? done(new Error('550 no such box')) : done(),
    onData: (stream, session, done) => {
      buffer(stream).then((message) => {
        const { mailFrom, rcptTo } = session.envelope
        const from = mailFrom === false ? '' : mailFrom.address
        received.push({ message, from, to: rcptTo.map(({ address }) => address), secure: session.secure })
        done(null, 'taken')
      }, done)
    },
  })
  server.on('error', () => {})
  servers.push(server)
  return new Promise((resolve) => {
    const listening = server.listen(0, '127.0.0.1', () => {
      const address = listening.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

beforeAll(async () => {
  await ensureDevelopmentPki(folder.path, { domain: 'hs98.kep.tr', clock: systemClock })
  ports.implicit = await startServer(true)
  ports.starttls = await startServer(false)
  writeFileSync(folder.file('body.txt'), 'Merhaba dünya\n.\nFrom here\n')
  writeFileSync(folder.file('ek ışık.bin'), Buffer.alloc(300_000, 7))
})
afterAll(() => {
  for (const server of servers) server.close()
  folder[Symbol.dispose]()
})
beforeEach(() => {
  received.length = 0
})

interface Sending {
  port?: number
  more?: readonly string[]
  secrets?: string
  to?: string
}

const send = ({
  port = ports.implicit,
  more = [],
  secrets = 'deneme\ndeneme\n',
  to = SENDER,
}: Sending = {}) =>
  kepctl(
    [
      ...['send', '--data', folder.path, '--from', SENDER, '--to', to, '--p12', files.user(SENDER).p12],
      ...['--subject', 'İlk ileti', '--body', folder.file('body.txt'), '--server', `127.0.0.1:${port}`],
      ...more,
    ],
    { stdin: secrets },
  )

describe('what arrives', () => {
  test('is the signed message, octet for octet, over TLS', async () => {
    const more = ['--cc', 'b@hs98.kep.tr', '--attach', folder.file('ek ışık.bin'), '--json']
    const { code, out, err } = await send({ more, to: `a@hs98.kep.tr, ${SENDER}` })
    expect([code, err]).toEqual([0, ''])
    const [first] = received
    expect(first).toMatchObject({
      from: SENDER,
      to: ['a@hs98.kep.tr', SENDER, 'b@hs98.kep.tr'],
      secure: true,
    })
    const { messageId } = JSON.parse(out)
    expect(first?.message.toString('latin1')).toContain(`Message-ID: ${messageId}\r\n`)
    const report = await verifyFile(
      { name: 'ileti.eml', octets: first!.message },
      {
        anchors: parsePemCertificates(readFileSync(files.authority.certificate, 'utf8')),
        intermediates: [],
        crls: [],
        revocation: 'if-present',
        now: new Date(),
      },
    )
    expect(report).toMatchObject({ kind: 'message', verdict: 'TOTAL-PASSED', fields: { konu: 'İlk ileti' } })
  })

  test('goes by STARTTLS where that is asked', async () => {
    expect(await send({ port: ports.starttls, more: ['--tls', 'starttls'] })).toMatchObject({ code: 0 })
    expect(received).toMatchObject([{ secure: true }])
  })
})

test('a recipient whom the server refuses is named, with what became of the others', async () => {
  const { code, err } = await send({ to: `${SENDER},yok@hs98.kep.tr` })
  expect(code).toBe(1)
  expect(err).toContain('refused for yok@hs98.kep.tr; for the others: 250')
})

describe('refused, and nothing is sent', () => {
  test.each<[string, Sending]>([
    ['a wrong password of the key', { secrets: 'yanlis\ndeneme\n' }],
    ['a wrong password of the account', { secrets: 'deneme\nyanlis\n' }],
    ['a server that speaks no TLS where TLS begins', { more: ['--server', '127.0.0.1:1'] }],
  ])('%s', async (_, sending) => {
    const { code, out, err } = await send(sending)
    expect([code, out]).toEqual([1, ''])
    expect(err).not.toMatch(/deneme\b(?!\.)/)
    expect(received).toEqual([])
  })

  test('a server whose certificate no anchor stands behind', async () => {
    using other = new TemporaryFolder()
    await ensureDevelopmentPki(other.path, { domain: 'hs98.kep.tr', clock: systemClock })
    const ca = developmentFiles(other.path).authority.certificate
    expect(await send({ more: ['--ca', ca] })).toMatchObject({ code: 1, out: '' })
    expect(received).toEqual([])
  })

  test('a server without STARTTLS is never given the password', async () => {
    const plain = new SMTPServer({ hideSTARTTLS: true, allowInsecureAuth: true, logger: false })
    let asked = false
    plain.onAuth = (_auth, _session, done) => {
      asked = true
      done(null, { user: 'x' })
    }
    plain.on('error', () => {})
    const port = await new Promise<number>((resolve) => {
      const listening = plain.listen(0, '127.0.0.1', () => {
        const address = listening.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
    expect(await send({ port, more: ['--tls', 'starttls'] })).toMatchObject({ code: 1 })
    expect(asked).toBe(false)
    plain.close()
  })

  test.each([
    ['an address of no KEP provider', ['--to', 'x@example.com']],
    ['a server without a port', ['--server', 'localhost']],
    ['no such way of TLS', ['--tls', 'none']],
  ])('wrong use: %s', async (_, more) => {
    expect(await send({ more })).toMatchObject({ code: 2, out: '' })
  })
})
