import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ACCOUNT, type ImapUnderTest, OTHER, PASSWORD, startImap } from '../fakes/imap-server.ts'
import { type TokenIssuer, tokenIssuer } from '../fakes/token-issuer.ts'
import { isMissing, pressIn } from './programs.ts'

const run = promisify(execFile)
const testWith = (program: string, name: string, body: () => Promise<void>) =>
  test.skipIf(isMissing(program))(`${program}: ${name}`, body)

let under: ImapUnderTest
let issuer: TokenIssuer
let folder: string
const message = Buffer.from(
  'From: a@hs98.kep.tr\r\nSubject: merhaba\r\nMessage-ID: <1@x>\r\n\r\nbir\r\n\r\n\r\n',
)

beforeAll(async () => {
  issuer = await tokenIssuer()
  under = await startImap({ sasl: { tokens: issuer.judge } })
  folder = await mkdtemp(join(tmpdir(), 'openkep-clients-'))
  await writeFile(join(folder, 'ca.pem'), under.ca)
  for (let at = 0; at < 20; at++) await under.deliver('INBOX', message)
})
afterAll(async () => {
  await under[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const curl = (path: string, ...more: string[]) =>
  run('curl', [
    '-sS',
    '--cacert',
    join(folder, 'ca.pem'),
    '-u',
    `${ACCOUNT}:${PASSWORD}`,
    `imaps://localhost:${under.port}/${path}`,
    ...more,
  ])

testWith('curl', 'lists, fetches byte for byte, appends and searches', async () => {
  expect((await curl('')).stdout).toContain('"Giden Kutusu"')
  expect((await curl('INBOX;UID=1')).stdout).toBe(message.toString())
  await writeFile(join(folder, 'draft.eml'), message)
  await curl('Taslaklar', '-T', join(folder, 'draft.eml'))
  expect((await curl('Taslaklar', '-X', 'SEARCH SUBJECT MERHABA')).stdout.trim()).toBe('* SEARCH 1')
  expect((await curl('Taslaklar;UID=1')).stdout).toBe(message.toString())
})

testWith('python3', 'imaplib walks a mailbox', async () => {
  const script = `
import imaplib, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
box = imaplib.IMAP4_SSL('localhost', int(sys.argv[2]), ssl_context=context)
box.login(sys.argv[3], sys.argv[4])
box.enable('IMAP4rev2')
assert box.select('INBOX')[1] == [b'20']
assert len(box.fetch('1:*', '(UID FLAGS)')[1]) == 20
assert box.fetch('1', '(RFC822)')[1][0][1] == sys.stdin.buffer.read()
assert box.store('1', '+FLAGS', '(\\\\Flagged)')[0] == 'OK'
assert box.uid('COPY', '1:3', 'Taslaklar')[0] == 'OK'
assert box.create('python')[0] == 'OK'
assert box.append('python', '(\\\\Seen)', None, b'Subject: x\\r\\n\\r\\ny')[0] == 'OK'
assert box.status('python', '(MESSAGES)')[1] == [b'"python" (MESSAGES 1)']
assert box.close()[0] == 'OK' and box.logout()[0] == 'BYE'
plain = imaplib.IMAP4('localhost', int(sys.argv[5]))
plain.starttls(context)
plain.authenticate('PLAIN', lambda _: ('\\0' + sys.argv[3] + '\\0' + sys.argv[4]).encode())
plain.logout()
`
  const child = run('python3', [
    '-c',
    script,
    join(folder, 'ca.pem'),
    String(under.port),
    ACCOUNT,
    PASSWORD,
    String(under.plainPort),
  ])
  child.child.stdin?.end(message)
  await child
})

testWith('mbsync', 'synchronises both ways', async () => {
  const maildir = join(folder, 'mail')
  await mkdir(maildir)
  const config = (tls: string) => `
IMAPAccount a
Host localhost
Port ${under.port}
User ${ACCOUNT}
Pass ${PASSWORD}
${tls} IMAPS
CertificateFile ${join(folder, 'ca.pem')}

IMAPStore far
Account a

MaildirStore near
Path ${maildir}/
Inbox ${maildir}/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns INBOX Deliller "Giden Kutusu" mbsync
Create Both
Sync All
Expunge Both
SyncState *
`
  // The option has another name since isync 1.5.
  const sync = async () => {
    await writeFile(join(folder, 'mbsyncrc'), config('SSLType'))
    await run('mbsync', ['-c', join(folder, 'mbsyncrc'), 'c']).catch(async () => {
      await writeFile(join(folder, 'mbsyncrc'), config('TLSType'))
      await run('mbsync', ['-c', join(folder, 'mbsyncrc'), 'c'])
    })
  }
  const files = (box: string) => readdir(join(maildir, box))
  await sync()
  expect([...(await files('INBOX/cur')), ...(await files('INBOX/new'))]).toHaveLength(20)
  // a mailbox made here, with a message, travels there; line ends are the Maildir's own
  for (const sub of ['cur', 'new', 'tmp']) await mkdir(join(maildir, 'mbsync', sub), { recursive: true })
  await writeFile(join(maildir, 'mbsync/cur/1.1.x:2,S'), 'Subject: buradan\nMessage-ID: <b@x>\n\nmetin\n')
  await sync()
  const row = await under.store.mailboxes.byName(ACCOUNT, 'mbsync')
  expect((await under.store.mailboxes.head(row?.id ?? ''))?.exists).toBe(1)
})

for (const mutt of ['neomutt', 'mutt'] as const)
  testWith(mutt, 'opens the INBOX and saves a message', async () => {
    const out = join(folder, `${mutt}.mbox`)
    const settings = [
      `imap_user="${ACCOUNT}"`,
      `imap_pass="${PASSWORD}"`,
      `folder="imaps://localhost:${under.port}/"`,
      `spoolfile="imaps://localhost:${under.port}/INBOX"`,
      `certificate_file="${join(folder, 'ca.pem')}"`,
      'mbox_type=mbox',
      'delete=no',
      `tmpdir="${folder}"`,
    ]
    await pressIn(mutt, folder, settings, `<save-message>${out}<enter><exit>`)
    expect(await readFile(out, 'latin1')).toContain('Subject: merhaba')
  })

const gsasl = (password: string, mechanism: string, ...more: string[]) => {
  const child = run('gsasl', [
    '--imap',
    '--verbose',
    `--connect=localhost:${under.plainPort}`,
    `--x509-ca-file=${join(folder, 'ca.pem')}`,
    `--authentication-id=${ACCOUNT}`,
    `--password=${password}`,
    `--mechanism=${mechanism}`,
    ...more,
  ])
  child.child.stdin?.end()
  return child
}

testWith('gsasl', 'SCRAM, with each kind of channel binding that it knows', async () => {
  expect((await gsasl(PASSWORD, 'SCRAM-SHA-256', '--no-cb')).stderr).toContain('server trusted')
  expect((await gsasl(PASSWORD, 'SCRAM-SHA-256-PLUS')).stderr).toContain('server trusted')
  const tls12 = '--priority=NORMAL:-VERS-TLS1.3'
  expect((await gsasl(PASSWORD, 'SCRAM-SHA-256-PLUS', tls12)).stderr).toContain('server trusted')
  await expect(gsasl('yanlis', 'SCRAM-SHA-256-PLUS')).rejects.toMatchObject({
    stdout: expect.stringContaining('NO [AUTHENTICATIONFAILED]'),
  })
})

testWith('curl', 'logs in by a token, and fails by one of another account', async () => {
  const withToken = (token: string) =>
    run('curl', [
      '-sS',
      '--cacert',
      join(folder, 'ca.pem'),
      ...['--login-options', 'AUTH=OAUTHBEARER', '--user', `${ACCOUNT}:`, '--oauth2-bearer', token],
      `imaps://localhost:${under.port}/INBOX;UID=1`,
    ])
  expect((await withToken(await issuer.token(ACCOUNT))).stdout).toBe(message.toString())
  // CURLE_LOGIN_DENIED
  await expect(withToken(await issuer.token(OTHER))).rejects.toMatchObject({ code: 67 })
})
