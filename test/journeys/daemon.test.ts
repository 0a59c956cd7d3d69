import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Daemon, startDaemon } from '../../scripts/bench/daemon.ts'
import { PASSWORD, prepareMessages, RECIPIENT, SENDER } from '../../scripts/bench/transactions.ts'
import { openImapSession } from '../../scripts/client/imap-session.ts'
import { dotStuffed, openSmtpSession } from '../../scripts/client/smtp-session.ts'
import { eventually } from '../fakes/eventually.ts'

const kepd = fileURLToPath(new URL('../../scripts/kepd.ts', import.meta.url))

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openkep-daemon-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A start that is expected to fail. */
async function tryStart(args: readonly string[]): Promise<{ code: number | null; err: string; out: string }> {
  const child = spawn(process.execPath, [kepd, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exit = once(child, 'exit')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code]: (number | null)[] = await exit
  return { code: code ?? null, err, out }
}

const submissionOf = (daemon: Daemon) =>
  openSmtpSession({ port: daemon.ports.submissions, ca: daemon.ca }, { user: SENDER, password: PASSWORD })

/** The serial of the certificate that a new connection is shown. */
function serialAt(daemon: Daemon, listener: 'submissions' | 'imaps'): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({
    port: daemon.ports[listener],
    host: '127.0.0.1',
    servername: 'localhost',
    rejectUnauthorized: false,
  })
  socket.once('error', reject)
  socket.once('secureConnect', () => {
    resolve(socket.getPeerCertificate().serialNumber)
    socket.destroy()
  })
  return promise
}

const readiness = async (daemon: Daemon): Promise<number> =>
  (await fetch(`http://127.0.0.1:${daemon.ports.http}/health/ready`)).status

describe('a running daemon', () => {
  test('lock, readiness, reload, drain, and a log without secrets', async () => {
    await using daemon = await startDaemon({ folder })
    expect(daemon.pid).toBeGreaterThan(0)
    for (const port of Object.values(daemon.ports)) expect(port).toBeGreaterThan(0)
    expect(await readiness(daemon)).toBe(200)

    const second = await tryStart(['--development', '--free-ports', '--data', folder])
    expect(second.code).toBe(2)
    expect(second.err).toContain(`process ${daemon.pid}`)
    expect(second.out).toBe('')

    // SIGHUP: another certificate for new connections, the open ones stay.
    await using imap = await openImapSession(
      { port: daemon.ports.imaps, ca: daemon.ca },
      { user: RECIPIENT, password: PASSWORD },
    )
    await using smtp = await submissionOf(daemon)
    const before = await serialAt(daemon, 'submissions')
    for (const end of ['key', 'crt'])
      await writeFile(
        join(folder, `dev/tls.${end}.pem`),
        await readFile(join(folder, `dev/provider.${end}.pem`)),
      )
    process.kill(daemon.pid, 'SIGHUP')
    await eventually(
      async () => ((await serialAt(daemon, 'submissions')) === before ? undefined : true),
      'the new certificate',
    )
    await eventually(
      async () => ((await serialAt(daemon, 'imaps')) === before ? undefined : true),
      'the new certificate',
    )
    expect(await smtp.command('NOOP')).toMatch(/^250 /)
    expect((await imap.command('SELECT INBOX')).status).toBe('OK')

    // SIGTERM in the middle of DATA.
    const [message] = await prepareMessages(daemon, 1)
    const octets = dotStuffed(message!)
    await smtp.command(`MAIL FROM:<${SENDER}>`)
    await smtp.command(`RCPT TO:<${RECIPIENT}>`)
    await smtp.command('DATA')
    await smtp.write(octets.subarray(0, 1000))
    process.kill(daemon.pid, 'SIGTERM')
    await eventually(async () => ((await readiness(daemon)) === 503 ? true : undefined), 'the drain')
    await expect(submissionOf(daemon)).rejects.toThrow()
    await expect(
      (async () => {
        for (;;) await imap.command('NOOP')
      })(),
    ).rejects.toThrow()
    await smtp.write(octets.subarray(1000))
    expect(await smtp.reply()).toMatch(/^250 /)
    expect(await daemon.exited).toBe(0)

    const log = daemon.log()
    expect(log).toContain('"event":"accepted"')
    const subject = /^Subject: (.*)$/m.exec(message!.toString('latin1'))?.[1] ?? 'no subject'
    for (const secret of [`"${PASSWORD}"`, subject, 'bir denemedir', '10000000146', '10000000078'])
      expect(log).not.toContain(secret)
    expect(log).not.toContain(Buffer.from(`\0${SENDER}\0${PASSWORD}`).toString('base64'))
  })

  test('after kill -9 the lock is free; a second signal ends a drain at once', async () => {
    const other = join(folder, 'other')
    await mkdir(other)
    const killed = await startDaemon({ folder: other })
    process.kill(killed.pid, 'SIGKILL')
    expect(await killed.exited).toBeUndefined()
    await using daemon = await startDaemon({ folder: other })
    await using smtp = await submissionOf(daemon)
    await smtp.command(`MAIL FROM:<${SENDER}>`)
    await smtp.command(`RCPT TO:<${RECIPIENT}>`)
    await smtp.command('DATA')
    process.kill(daemon.pid, 'SIGTERM')
    await eventually(async () => ((await readiness(daemon)) === 503 ? true : undefined), 'the drain')
    process.kill(daemon.pid, 'SIGTERM')
    expect(await daemon.exited).toBe(1)
  })
})

test('a faulty configuration: every fault of its files and its plugins with file, path and reason; exit 2', async () => {
  const file = join(folder, 'faulty.yaml')
  await writeFile(
    file,
    `mode: development
provider: { domain: hs98.kep.tr, name: Deneme }
tls: { key: none.key, certificate: none.crt }
signing:
  envelope: { key: none.key, certificate: none.crt }
  evidence: { key: none.key, certificate: none.crt }
trust: { users: [no-ca.pem], providers: [no-ca.pem], tsas: [no-ca.pem] }
tsa: { urls: ['http://127.0.0.1:1/'] }
plugins: [quota, no-such-plugin, evidence-delivery, evidence-delivery]
`,
  )
  const { code, err } = await tryStart(['--config', file, '--data', join(folder, 'faulty')])
  expect(code).toBe(2)
  for (const path of ['tls.key', 'tls.certificate', 'signing.envelope.key', 'trust.users.0', 'trust.tsas.0'])
    expect(err).toContain(`${file}: ${path}: cannot be read`)
  expect(err).toMatch(/faulty\.yaml: plugins\.1: there is no plugin 'no-such-plugin'/)
  expect(err).toMatch(/faulty\.yaml: plugins: 'evidence-delivery' is a second one/)
  expect(err).toMatch(/faulty\.yaml: plugins: no plugin drafts the evidence for 'accepted'/)
})

test('faults of form, each with its line', async () => {
  const file = join(folder, 'form.yaml')
  await writeFile(
    file,
    'mode: maybe\nprovider: { domain: example.com, name: x }\nlisten: { imap: { port: 99999 } }\n',
  )
  const { code, err } = await tryStart(['--config', file, '--data', join(folder, 'form')])
  expect(code).toBe(2)
  for (const wanted of [`${file}:1: mode: `, `${file}:2: provider.domain: `, `${file}:3: listen.imap.port: `])
    expect(err).toContain(wanted)
  expect(err).toContain('tls')
})
