import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { notify } from '../../../config/notify.ts'
import { privateKeyPem } from '../../../evidence/keys/generate.ts'
import { toPem } from '../../../evidence/x509/certificate.ts'
import { EMAIL_ADDRESS, emailSender } from '../../../server/notify/email.ts'
import { httpSmsSender } from '../../../server/notify/sms-http.ts'
import { smppSender } from '../../../server/notify/sms-smpp.ts'
import { noticeText, shortText } from '../../../server/notify/text.ts'
import { startGateway, startMailSink, startSmpp } from '../../fakes/notice-receivers.ts'
import { pki } from '../../fakes/pki.ts'

const about = { account: 'deneme.alici@hs98.kep.tr', at: new Date('2026-11-22T21:30:00Z') }
const soon = () => AbortSignal.timeout(20_000)
const to = '+905551112233'

describe('what a notice says', () => {
  test('account and time in Istanbul, where the template has them', () => {
    expect(noticeText('{hesap} / {zaman} / {konu} {hesap}', { ...about, account: '{zaman}' })).toBe(
      '{zaman} / 23.11.2026 00:30 / {konu} {zaman}',
    )
  })

  test('a text message is one, of letters that every telephone has', () => {
    const text = shortText(`Şöyle ğüzel [ip] {hesap} ${'x'.repeat(300)}`, about)
    expect(text).toHaveLength(160)
    expect(text.startsWith('Soyle guzel  ip  deneme.alici@hs98.kep.tr x')).toBe(true)
  })
})

describe('settings', () => {
  const email = { host: 'posta.example', from: 'bildirim@example.com' }
  const http = { url: 'https://sms.example/gonder', body: '{"n":"{telefon}","m":"{metin}"}' }
  const smpp = { host: 'sms.example', systemId: 'kep', passwordFile: 'x', source: 'KEP' }
  test.each<[string, object, boolean]>([
    ['nothing', {}, true],
    ['each', { email, sms: { http } }, true],
    ['smpp', { sms: { smpp } }, true],
    ['e-mail in the clear to another machine', { email: { ...email, tls: 'none' } }, false],
    ['in the clear to this one', { email: { ...email, host: '127.0.0.1', tls: 'none' } }, true],
    ['a gateway in the clear', { sms: { http: { ...http, url: 'http://sms.example/' } } }, false],
    ['a gateway here', { sms: { http: { ...http, url: 'http://[::1]:8080/' } } }, true],
    ['smpp in the clear', { sms: { smpp: { ...smpp, tls: false } } }, false],
    ['two gateways', { sms: { http, smpp } }, false],
    ['no gateway', { sms: {} }, false],
    ['the subject in the text', { email: { ...email, text: '{konu}' } }, false],
    ['another field in the body', { sms: { http: { ...http, body: '{metin} {constructor}' } } }, false],
    ['JSON in a query', { sms: { http: { ...http, method: 'GET' } } }, false],
  ])('%s', (_, settings, isRight) => expect(notify.safeParse(settings).success).toBe(isRight))
})

describe('e-mail', () => {
  test.each([
    'kisi@example.com',
    "o'hara+kep_1.x=y@a-b.example.com",
    `${'x'.repeat(64)}@${'y'.repeat(63)}.tr`,
  ])('%j is an address', (address) => expect(EMAIL_ADDRESS.test(address)).toBe(true))

  test.each([
    'a\0b@example.com',
    'a\x7fb@example.com',
    'a\nb@example.com',
    'kişi@example.com',
    'a%victim.example@example.com',
    'victim.example!a@example.com',
    '@victim.example:a@example.com',
    '"a b"@example.com',
    'a..b@example.com',
    '.a@example.com',
    'a.@example.com',
    'a@-.example.com',
    'a@example..com',
    'a@example.com.',
    'a@[127.0.0.1]',
    'a,b@example.com',
    'a@b@example.com',
    `${'x'.repeat(65)}@example.com`,
    `a@${'y'.repeat(64)}.com`,
    `a@${'y.'.repeat(128)}com`,
    '',
  ])('%j is none, or more than one', (address) => expect(EMAIL_ADDRESS.test(address)).toBe(false))

  const sender = (port: number) =>
    emailSender(
      notify.parse({ email: { host: '127.0.0.1', port, tls: 'none', from: 'bildirim@example.com' } }).email!,
      { ca: [], password: undefined },
    )

  test('goes to one address, and holds account and time', async () => {
    await using sink = await startMailSink()
    await sender(sink.port).send('kisi@example.com', about, soon())
    expect(sink.taken).toMatchObject([{ from: 'bildirim@example.com', to: ['kisi@example.com'] }])
    const [{ octets } = { octets: '' }] = sink.taken
    expect(octets).toMatch(/^Auto-Submitted: auto-generated\r$/m)
    expect(octets.replaceAll('=\r\n', '')).toContain('deneme.alici@hs98.kep.tr')
    expect(octets.replaceAll('=\r\n', '')).toContain('23.11.2026 00:30')
  })

  test.each(['', 'a', 'a@b, c@d', 'a@b\r\nRCPT TO:<c@d>', '<a@b>', 'a@b>', '"x" <a@b>'])(
    'is not sent to %j',
    async (address) => {
      await using sink = await startMailSink()
      await expect(sender(sink.port).send(address, about, soon())).rejects.toMatchObject({
        code: 'ADDRESS',
        final: true,
      })
      expect(sink.taken).toEqual([])
    },
  )

  test('a mail system that hangs is left when the time is up', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const abort = new AbortController()
    silent.once('connection', (socket) => {
      socket.on('error', () => {}).on('close', () => silent.close())
      abort.abort()
      setImmediate(() => socket.destroy())
    })
    const { port } = silent.address() as AddressInfo
    const sent = sender(port).send('a@b.example', about, abort.signal)
    await expect(sent).rejects.toMatchObject({ code: 'TOO_SLOW', final: false })
  })

  test('what is refused for good is told apart from what is not', async () => {
    await using sink = await startMailSink()
    sink.refuses = { responseCode: 550 }
    await expect(sender(sink.port).send('a@b.example', about, soon())).rejects.toMatchObject({
      code: '550',
      final: true,
    })
    sink.refuses = { responseCode: 451 }
    await expect(sender(sink.port).send('a@b.example', about, soon())).rejects.toMatchObject({
      code: '451',
      final: false,
    })
  })
})

describe('text messages over HTTP', () => {
  const sender = (settings: object) =>
    httpSmsSender(notify.parse({ sms: { http: settings } }).sms!.http!, '"{hesap}" & <{zaman}>', {
      ca: [],
      headers: { 'X-Api-Key': 'gizli' },
    })
  const text = '"deneme.alici@hs98.kep.tr" & <23.11.2026 00:30>'

  test.each([
    [
      'json',
      'POST',
      '{"n":"{telefon}","m":"{metin}"}',
      'POST / application/json',
      JSON.stringify({ n: to, m: text }),
    ],
    [
      'form',
      'PUT',
      'n={telefon}&m={metin}',
      'PUT / application/x-www-form-urlencoded',
      `n=${encodeURIComponent(to)}&m=${encodeURIComponent(text)}`,
    ],
    [
      'xml',
      'POST',
      '<s n="{telefon}">{metin}</s>',
      'POST / text/xml; charset=utf-8',
      `<s n="${to}">&#34;deneme.alici@hs98.kep.tr&#34; &#38; &#60;23.11.2026 00:30&#62;</s>`,
    ],
  ])('a value cannot leave its place in %s', async (form, method, body, line, written) => {
    await using gateway = await startGateway()
    await sender({ url: `http://127.0.0.1:${gateway.port}/`, method, form, body, answer: 'OK' }).send(
      to,
      about,
      soon(),
    )
    expect(gateway.taken).toEqual([{ line, secret: 'gizli', body: written }])
  })

  test('GET has it in the query', async () => {
    await using gateway = await startGateway()
    const url = `http://127.0.0.1:${gateway.port}/sms`
    await sender({ url, method: 'GET', form: 'form', body: 'n={telefon}&m={metin}' }).send(to, about, soon())
    const asked = new URL(gateway.taken[0]!.line.split(' ')[1]!, url)
    expect([...asked.searchParams]).toEqual([
      ['n', to],
      ['m', text],
    ])
  })

  test.each<[string, (response: import('node:http').ServerResponse) => void, string, boolean]>([
    ['an error in a 200', (response) => response.end('ERR 5'), 'ANSWER', false],
    ['503', (response) => response.writeHead(503).end(), 'HTTP_503', false],
    ['401', (response) => response.writeHead(401).end(), 'HTTP_401', false],
    ['400', (response) => response.writeHead(400).end(), 'HTTP_400', true],
    [
      'another place',
      (response) => response.writeHead(302, { Location: 'http://example.com/' }).end(),
      'HTTP_302',
      false,
    ],
    ['a hung-up line', (response) => response.destroy(), 'ECONNRESET', false],
    ['too much', (response) => response.end('OK'.repeat(100_000)), 'ANSWER', false],
  ])('%s is not taken for sent', async (_, answers, code, final) => {
    await using gateway = await startGateway()
    gateway.answers = answers
    const sent = sender({ url: `http://127.0.0.1:${gateway.port}/`, body: '{metin}', answer: 'OK 1' }).send(
      to,
      about,
      soon(),
    )
    await expect(sent).rejects.toMatchObject({ name: 'NoticeError', code, final })
  })

  test.each(['', '1', '+90 555', '0555', 'x', '+905551112233&n=2'])('not to %j', async (number) => {
    await using gateway = await startGateway()
    const sent = sender({ url: `http://127.0.0.1:${gateway.port}/`, body: '{metin}' }).send(
      number,
      about,
      soon(),
    )
    await expect(sent).rejects.toMatchObject({ code: 'NUMBER', final: true })
    expect(gateway.taken).toEqual([])
  })
})

describe('text messages over SMPP', () => {
  const settings = (port: number, over: object = {}) =>
    notify.parse({
      sms: {
        smpp: {
          host: '127.0.0.1',
          port,
          tls: false,
          systemId: 'kep',
          passwordFile: 'x',
          source: 'KEP',
          ...over,
        },
      },
    }).sms!
  const send = (
    port: number,
    { password = 'gizli', over = {}, ca = [] as string[], signal = soon() } = {},
  ) => {
    const { smpp, text } = settings(port, over)
    return smppSender(smpp!, text, { ca, password }).send(to, about, signal)
  }

  test('binds, sends one message and goes', async () => {
    await using server = await startSmpp()
    await send(server.port)
    expect(server.bound).toEqual(['kep/gizli'])
    expect(server.taken).toEqual([
      {
        source: 'KEP',
        to: '905551112233',
        text: 'KEP hesabiniza yeni ileti geldi: deneme.alici@hs98.kep.tr 23.11.2026 00:30',
      },
    ])
  })

  test('over TLS, with a server that is known and with none other', async () => {
    const { key, certificate, signer } = pki().tls
    const pem = [certificate, ...signer.chain].map(({ der }) => toPem('CERTIFICATE', der)).join('')
    await using server = await startSmpp(0, { key: privateKeyPem(key), cert: pem })
    const ca = [toPem('CERTIFICATE', pki().root.certificate.der)]
    await send(server.port, { ca, over: { tls: true } })
    expect(server.taken).toHaveLength(1)
    await expect(send(server.port, { over: { tls: true } })).rejects.toMatchObject({
      name: 'NoticeError',
      final: false,
    })
    expect(server.taken).toHaveLength(1)
  })

  test.each<[string, Parameters<typeof startSmpp>[0], string, boolean]>([
    ['a wrong number', 0x0b, 'SMPP_b', true],
    ['a full queue', 0x14, 'SMPP_14', false],
    ['junk', 'junk', 'Error', false],
  ])('%s is not taken for sent', async (_, status, code, final) => {
    await using server = await startSmpp(status)
    await expect(send(server.port)).rejects.toMatchObject({ name: 'NoticeError', code, final })
  })

  test('a wrong password', async () => {
    await using server = await startSmpp()
    await expect(send(server.port, { password: 'x' })).rejects.toMatchObject({
      code: 'SMPP_BIND_e',
      final: false,
    })
    expect(server.taken).toEqual([])
  })

  test('a server that hangs is left when the time is up', async () => {
    await using server = await startSmpp('silent')
    const abort = new AbortController()
    const sent = send(server.port, { signal: abort.signal })
    setTimeout(() => abort.abort(), 50)
    await expect(sent).rejects.toMatchObject({ code: 'TOO_SLOW', final: false })
  })

  test('a server that is not there', async () => {
    const server = await startSmpp()
    await server[Symbol.asyncDispose]()
    await expect(send(server.port)).rejects.toMatchObject({ code: 'ECONNREFUSED', final: false })
  })
})
