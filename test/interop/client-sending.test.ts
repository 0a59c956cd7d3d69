/** Signed messages from programs that are not ours: each is accepted, delivered, and filed. */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toPem } from '../../evidence/x509/certificate.ts'
import { headerOf } from '../fakes/mail-client.ts'
import { arrival } from '../fakes/mailboxes.ts'
import { pki } from '../fakes/pki.ts'
import { PASSWORD, RECIPIENT, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'
import { OpensslFolder } from './openssl.ts'
import { isMissing, pressIn } from './programs.ts'

const run = promisify(execFile)
const folder = new OpensslFolder()
/** As mutt's own tool would name them. */
const [OWN, ABOVE] = ['0a0a0a0a.0', '0b0b0b0b.0']
const at = {
  key: join('keys', OWN),
  certificate: join('certificates', OWN),
  above: join('certificates', ABOVE),
}
let kep: TestProvider

beforeAll(async () => {
  kep = await startProvider()
  const { key, certificate, signer } = pki().user
  for (const name of ['keys', 'certificates']) mkdirSync(folder.file(name))
  folder.write('ca.pem', kep.ca)
  const cipher = { cipher: 'aes-256-cbc', passphrase: 'deneme' }
  folder.write(at.key, key.export({ type: 'pkcs8', format: 'pem', ...cipher }))
  folder.write(at.certificate, toPem('CERTIFICATE', certificate.der))
  folder.write(at.above, signer.chain.map(({ der }) => toPem('CERTIFICATE', der)).join(''))
  folder.write(join('certificates', '.index'), `${SENDER} ${OWN} deneme ${ABOVE} t s\n`)
})
afterAll(async () => {
  await kep[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

/** Sends a message of that subject, whose text is that one line, from SENDER to RECIPIENT. */
type Send = (subject: string, line: string) => Promise<unknown>

/** Into a file: what is left to do for a program that sends octets as they are. */
function signedByOpenssl(subject: string, line: string): string {
  const part = folder.write('part', `Content-Type: text/plain\r\n\r\n${line}\r\n`)
  const keys = ['-signer', at.certificate, '-inkey', at.key, '-passin', 'pass:deneme', '-certfile', at.above]
  const signed = folder.run('cms', '-sign', '-binary', '-crlfeol', '-in', part, ...keys, '-md', 'sha256')
  const header = headerOf({ subject })
  return folder.write('message.eml', `${header}${signed}`.replace(/\r?\n/g, '\r\n'))
}

const byCurl: Send = async (subject, line) => {
  const message = signedByOpenssl(subject, line)
  const url = `smtps://localhost:${kep.provider.ports.submissions}`
  const login = ['--cacert', folder.file('ca.pem'), '--user', `${SENDER}:${PASSWORD}`, '--url', url]
  const envelope = ['--mail-from', SENDER, '--mail-rcpt', RECIPIENT, '--upload-file', message]
  await run('curl', ['-sS', ...login, ...envelope])
}

const bySmtplib: Send = async (subject, line) => {
  const script = `
import base64, smtplib, ssl, sys
ca, port, user, password, to, message = sys.argv[1:]
with smtplib.SMTP('localhost', int(port)) as server:
    server.starttls(context=ssl.create_default_context(cafile=ca))
    server.ehlo()
    # login() takes passwords of ASCII only
    plain = base64.b64encode(('\\0%s\\0%s' % (user, password)).encode()).decode()
    assert server.docmd('AUTH', 'PLAIN ' + plain)[0] == 235
    server.sendmail(user, [to], open(message, 'rb').read())
`
  const port = String(kep.provider.ports.submission)
  const message = signedByOpenssl(subject, line)
  await run('python3', ['-c', script, folder.file('ca.pem'), port, SENDER, PASSWORD, RECIPIENT, message])
}

const byMutt =
  (mutt: 'mutt' | 'neomutt'): Send =>
  async (subject, line) => {
    const command =
      'openssl cms -sign -md %d -signer %c -inkey %k -passin stdin -in %f -certfile %i -outform DER'
    writeFileSync(folder.file('editor'), `#!/bin/sh\necho '${line}' > "$1"\n`, { mode: 0o755 })
    const settings = [
      `from="${SENDER}"`,
      'use_from=yes',
      'copy=no',
      'mbox_type=mbox',
      `folder="${folder.path}"`,
      `spoolfile="${folder.write('box', 'From a@b Sat Nov 21 12:00:00 2026\nSubject: x\n\nx\n')}"`,
      `editor="${folder.file('editor')}"`,
      `smtp_url="smtps://${SENDER.replace('@', '%40')}@localhost:${kep.provider.ports.submissions}/"`,
      `smtp_pass="${PASSWORD}"`,
      'smtp_authenticators="plain"',
      `certificate_file="${folder.file('ca.pem')}"`,
      `tmpdir="${folder.path}"`,
      'charset=utf-8',
      'crypt_autosign=yes',
      'smime_is_default=yes',
      `smime_keys="${folder.file('keys')}"`,
      `smime_certificates="${folder.file('certificates')}"`,
      `smime_default_key="${OWN}"`,
      'smime_sign_digest_alg="sha256"',
      `smime_sign_command="${command}"`,
    ]
    const keys = `<mail>${RECIPIENT}<enter>${subject}<enter><send-message>`
    await pressIn(mutt, folder.path, settings, keys, [
      ['passphrase:', 'deneme\r'],
      ['ail sent', 'q'],
    ])
  }

test.for<[string, string, Send]>([
  ['curl', 'sends what openssl signed', byCurl],
  ['python3', 'smtplib sends what openssl signed', bySmtplib],
  ['neomutt', 'signs by its own command, and sends', byMutt('neomutt')],
  ['mutt', 'signs by its own command, and sends', byMutt('mutt')],
])('%s %s', async ([name, , send], { skip }) => {
  skip(isMissing(name), `${name} is not there`)
  const line = `mektup ${name}`
  await send(`${name} imzali`, line)
  await arrival(kep, RECIPIENT, 'INBOX', line)
  const { body } = await arrival(kep, SENDER, 'Giden Kutusu', line)
  expect(body.toString()).toContain('multipart/signed')
})
