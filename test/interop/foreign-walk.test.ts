/**
 * One message through the provider that `npm start` runs, with foreign programs alone: openssl signs, curl and swaks
 * submit, curl, Python and mbsync read, xmllint, xmlsec1 and openssl judge the evidence; kepctl says the same.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Daemon, startDaemon } from '../../scripts/bench/daemon.ts'
import { RECIPIENT, SENDER } from '../../scripts/bench/transactions.ts'
import { eventually } from '../fakes/eventually.ts'
import { kepctl } from '../fakes/kepctl.ts'

const schemas = process.env['OPENKEP_SCHEMAS']
let daemon: Daemon
let folder: string
const path = (name: string): string => join(folder, name)
const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1_048_576,
  }).toString('latin1')
const ca = (): string => join(daemon.folder, 'dev/ca.pem')

beforeAll(async () => {
  daemon = await startDaemon()
  folder = mkdtempSync(join(tmpdir(), 'openkep-walk-'))
})
afterAll(async () => {
  await daemon[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** As a person with a shell would write it. */
function signWithOpenssl(name: string, options: readonly string[] = ['-md', 'sha256']): Buffer {
  const user = join(daemon.folder, 'dev/users', SENDER)
  writeFileSync(path('part'), `Content-Type: text/plain; charset=utf-8\r\n\r\nMerhaba ${name}\r\n`)
  run(
    'openssl',
    'cms',
    '-sign',
    '-binary',
    '-crlfeol',
    '-in',
    'part',
    '-out',
    'signed',
    '-signer',
    `${user}.crt.pem`,
    '-inkey',
    `${user}.key.pem`,
    ...options,
  )
  const header = [
    `From: "Deneme Gonderen" <${SENDER}>`,
    `To: ${RECIPIENT}`,
    `Subject: =?UTF-8?Q?=C3=87a=C4=9Fr=C4=B1_${name}?=`,
    'Date: Sat, 21 Nov 2026 12:00:00 +0300',
    `Message-ID: <${crypto.randomUUID()}@istemci.example>`,
    'MIME-Version: 1.0',
  ]
  const signed = readFileSync(path('signed'), 'latin1')
    .replace(/^MIME-Version: 1\.0\r?\n/, '')
    .replace(/\r?\n/g, '\r\n')
  const message = Buffer.from(`${header.join('\r\n')}\r\n${signed}`, 'latin1')
  writeFileSync(path(`${name}.eml`), message)
  // swaks leaves the octets alone only if the end of data is among them
  writeFileSync(path(`${name}.data`), Buffer.concat([message, Buffer.from('.\r\n')]))
  return message
}

const curlSubmit = (name: string): string =>
  run(
    'curl',
    '-sS',
    '--cacert',
    ca(),
    '--url',
    `smtps://localhost:${daemon.ports.submissions}`,
    '--user',
    `${SENDER}:deneme`,
    '--mail-from',
    SENDER,
    '--mail-rcpt',
    RECIPIENT,
    '--upload-file',
    `${name}.eml`,
  )

const curlFetch = (account: string, mailbox: string, index: number): string =>
  run(
    'curl',
    '-sS',
    '--cacert',
    ca(),
    '--user',
    `${account}:deneme`,
    `imaps://localhost:${daemon.ports.imaps}/${encodeURIComponent(mailbox)};MAILINDEX=${index}`,
  )

const arrival = (account: string, mailbox: string, needle: string): Promise<Buffer> =>
  eventually(async () => {
    for (let index = 1; index < 60; index++) {
      let text: string
      try {
        text = curlFetch(account, mailbox, index)
      } catch {
        return undefined // not that many yet
      }
      if (text.includes(needle)) return Buffer.from(text, 'latin1')
    }
    return undefined
  }, `${needle} in ${mailbox}`)

describe('submitted with curl', () => {
  test('read with curl, the original inside is byte-equal, and openssl verifies the envelope', async () => {
    const message = signWithOpenssl('curl')
    curlSubmit('curl')
    const dispatch = await arrival(RECIPIENT, 'INBOX', 'Merhaba curl')
    expect(dispatch.includes(message)).toBe(true)
    writeFileSync(path('dispatch.eml'), dispatch)
    run(
      'openssl',
      'cms',
      '-verify',
      '-in',
      'dispatch.eml',
      '-CAfile',
      ca(),
      '-purpose',
      'any',
      '-out',
      'inside',
    )
    const verified = await kepctl(['verify', path('dispatch.eml'), '--trust', ca(), '--json'])
    expect(JSON.parse(verified.out)).toMatchObject([{ kind: 'dispatch', verdict: 'TOTAL-PASSED' }])
  })

  test('Python imaplib reads the same octets', async () => {
    const script = `
import imaplib, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
box = imaplib.IMAP4_SSL('localhost', int(sys.argv[2]), ssl_context=context)
box.login(sys.argv[3], 'deneme')
box.select('INBOX')
kind, found = box.search(None, 'ALL')
kind, parts = box.fetch(found[0].split()[0], '(BODY[])')
sys.stdout.buffer.write(parts[0][1])
`
    const read = execFileSync('python3', ['-c', script, ca(), String(daemon.ports.imaps), RECIPIENT])
    expect(read.equals(readFileSync(path('dispatch.eml')))).toBe(true)
  })

  test('mbsync brings it into a Maildir', () => {
    mkdirSync(path('Maildir'))
    writeFileSync(
      path('mbsyncrc'),
      `
IMAPStore kep
Host localhost
Port ${daemon.ports.imaps}
User ${RECIPIENT}
Pass deneme
SSLType IMAPS
CertificateFile ${ca()}

MaildirStore here
Path ${path('Maildir')}/
Inbox ${path('Maildir/INBOX')}

Channel kep
Far :kep:
Near :here:
Patterns INBOX
Create Near
SyncState *
`,
    )
    run('mbsync', '-c', path('mbsyncrc'), 'kep')
    const files = ['new', 'cur'].flatMap((part) =>
      readdirSync(path(`Maildir/INBOX/${part}`)).map((name) => path(`Maildir/INBOX/${part}/${name}`)),
    )
    const lf = (octets: Buffer): string =>
      octets
        .toString('latin1')
        .replaceAll('\r\n', '\n')
        .replace(/^X-TUID: .*\n/m, '')
    expect(files.map((file) => lf(readFileSync(file)))).toContain(lf(readFileSync(path('dispatch.eml'))))
  })
})

describe('submitted with swaks', () => {
  test.each([
    ['tlsc', () => daemon.ports.submissions],
    ['tls', () => daemon.ports.submission],
  ])('over --%s, with AUTH PLAIN and LOGIN', async (tls, port) => {
    for (const mechanism of ['PLAIN', 'LOGIN']) {
      const name = `swaks-${tls}-${mechanism.toLowerCase()}`
      const message = signWithOpenssl(name)
      run(
        'swaks',
        '--server',
        'localhost',
        '--port',
        String(port()),
        `--${tls}`,
        '--tls-ca-path',
        ca(),
        '--auth',
        mechanism,
        '--auth-user',
        SENDER,
        '--auth-password',
        'deneme',
        '--from',
        SENDER,
        '--to',
        RECIPIENT,
        '--data',
        `@${path(`${name}.data`)}`,
        '--no-data-fixup',
      )
      expect((await arrival(RECIPIENT, 'INBOX', `Merhaba ${name}`)).includes(message)).toBe(true)
    }
  })

  test('no AUTH is offered before TLS', () => {
    const out = run(
      'swaks',
      '--server',
      'localhost',
      '--port',
      String(daemon.ports.submission),
      '--quit-after',
      'EHLO',
    )
    expect(out).toContain('STARTTLS')
    expect(out).not.toContain('AUTH')
  })
})

describe('signed with openssl in every way that is allowed, and those that are not', () => {
  test.each([
    ['sha384', ['-md', 'sha384'], undefined],
    ['sha512', ['-md', 'sha512'], undefined],
    ['pss', ['-md', 'sha256', '-keyopt', 'rsa_padding_mode:pss'], undefined],
    ['opaque', ['-md', 'sha256', '-nodetach'], undefined],
    ['cades', ['-md', 'sha256', '-cades'], undefined],
    ['sha1', ['-md', 'sha1'], 'WEAK_ALGORITHM'],
    ['noattr', ['-md', 'sha256', '-noattr'], 'NO_SIGNED_ATTRIBUTES'],
  ])('%s', async (name, options, refused) => {
    const message = signWithOpenssl(name, options)
    if (refused === undefined) {
      curlSubmit(name)
      const dispatch = await arrival(
        RECIPIENT,
        'INBOX',
        name === 'opaque' ? message.subarray(-200).toString('latin1') : `Merhaba ${name}`,
      )
      expect(dispatch.includes(message)).toBe(true)
    } else {
      const out = execFileSync(
        'sh',
        [
          '-c',
          'swaks "$@" || true',
          'sh',
          '--server',
          'localhost',
          '--port',
          String(daemon.ports.submissions),
          '--tlsc',
          '--auth',
          'PLAIN',
          '--auth-user',
          SENDER,
          '--auth-password',
          'deneme',
          '--from',
          SENDER,
          '--to',
          RECIPIENT,
          '--data',
          `@${path(`${name}.data`)}`,
          '--no-data-fixup',
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      )
      expect(out.toString()).toContain(refused)
    }
  })
})

describe('every evidence of this run', () => {
  test('validates, verifies with xmlsec1, its token with openssl ts; kepctl agrees, and says no after any flipped octet', {
    timeout: 180_000,
  }, async (context) => {
    if (schemas === undefined) {
      if (process.env['CI']) throw new Error('OPENKEP_SCHEMAS is not set')
      context.skip('OPENKEP_SCHEMAS is not set')
      return
    }
    const out = path('evidence')
    const exported = await kepctl(['evidence', 'export', '--out', out, '--data', daemon.folder, '--json'])
    expect(exported.code).toBe(0)
    const files = readdirSync(out)
      .filter((name) => name.endsWith('.xml'))
      .map((name) => join(out, name))
    expect(files.length).toBeGreaterThan(20)
    run(
      'xmllint',
      '--nonet',
      '--noout',
      '--schema',
      join(schemas, 'etsi-ts-102640/rem-evidence-all.xsd'),
      ...files,
    )
    for (const file of files) {
      const root = run('xmllint', '--xpath', 'local-name(/*)', file).trim()
      run(
        'xmlsec1',
        '--verify',
        '--trusted-pem',
        ca(),
        '--id-attr:Id',
        root,
        '--id-attr:Id',
        'SignedProperties',
        file,
      )
    }
    for (const file of files) checkToken(file)
    const verified = await kepctl(['verify', ...files, '--trust', ca(), '--json'])
    expect(verified.code).toBe(0)
    const [first] = files
    const octets = readFileSync(first!)
    for (const at of [40, Math.floor(octets.length / 2), octets.length - 3]) {
      const flipped = Buffer.from(octets)
      flipped[at]! ^= 1
      writeFileSync(path('flipped.xml'), flipped)
      expect((await kepctl(['verify', path('flipped.xml'), '--trust', ca(), '--json'])).code).toBe(1)
    }
  })
})

/** The signature time-stamp over the canonical ds:SignatureValue, checked by openssl alone. */
function checkToken(file: string): void {
  const text = readFileSync(file, 'utf8')
  const token = /<xades:EncapsulatedTimeStamp[^>]*>([^<]+)</.exec(text)?.[1] ?? ''
  const value = /<ds:SignatureValue ([^>]*)>([^<]*)<\/ds:SignatureValue>/.exec(text)
  const canonical = `<ds:SignatureValue xmlns:ds="http://www.w3.org/2000/09/xmldsig#" ${value?.[1]}>${value?.[2]}</ds:SignatureValue>`
  writeFileSync(path('token.der'), Buffer.from(token, 'base64'))
  writeFileSync(path('value.xml'), canonical)
  const out = run(
    'openssl',
    'ts',
    '-verify',
    '-in',
    'token.der',
    '-token_in',
    '-data',
    'value.xml',
    '-CAfile',
    ca(),
  )
  expect(out).toContain('Verification: OK')
}
