/** A store, and then a whole provider, on a disk that fills up, fails, or becomes read-only; and works again. */
import { randomInt } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type Daemon, startDaemon } from '../../../scripts/bench/daemon.ts'
import { PASSWORD, prepareMessages, RECIPIENT, SENDER } from '../../../scripts/bench/transactions.ts'
import { type ImapSession, openImapSession } from '../../../scripts/client/imap-session.ts'
import { openSmtpSession, type SmtpSession } from '../../../scripts/client/smtp-session.ts'
import { compileDisk, WatchedDisk } from '../../../scripts/soak/power-loss/disk.ts'
import { diskFaults } from '../../../scripts/soak/power-loss/disk-faults.ts'
import { FaultProcess } from '../../../scripts/soak/power-loss/fault-process.ts'
import { openSqliteStore } from '../../../storage/sqlite/store.ts'
import { eventually } from '../../fakes/eventually.ts'
import { TemporaryFolder } from '../../fakes/temporary-folder.ts'
import { hasCompiler } from './gcc.ts'

/** Of the calls of each write; `npm run soak -- disk-faults` takes all. */
const CALLS = 3
const MESSAGES = 40
const RETRY_MS = 200

describe.skipIf(!hasCompiler)('a disk that fails (gcc)', () => {
  test('each write is refused cleanly, succeeds when the disk works again, and nothing is lost', {
    timeout: 240_000,
  }, async () => {
    const report = await diskFaults({ seed: randomInt(2 ** 31), calls: CALLS })
    expect(report.faults, `seed ${report.seed}`).toEqual([])
    expect(report.refused).toBeGreaterThan(0)
  })

  test('the disk of the second copy: nothing is accepted without it, and a start makes it anew', async () => {
    using folder = new TemporaryFolder()
    const disk = new WatchedDisk(folder.path)
    const library = compileDisk(folder.path)
    const task = {
      folder: folder.file('first'),
      replica: join(disk.live, 'copy'),
      key: undefined,
      limits: { reopenMs: 10 },
    }
    const put = (version: number) => ({
      act: { kind: 'document', key: 'a', version, document: `${version}` } as const,
      attempt: 1,
      facts: [],
    })
    {
      await using running = new FaultProcess(disk, library)
      await running.ask(task)
      expect(await running.ask(put(1))).toMatchObject({ ok: true })
      disk.fail({ nth: 1, error: constants.errno.EIO, lasting: true })
      expect(await running.ask(put(2))).toMatchObject({ code: 'UNAVAILABLE' })
      disk.work()
      const told = expect.stringMatching(/the second copy in .* failed .* start kepd again/)
      expect(await running.ask(put(3))).toMatchObject({ code: 'UNAVAILABLE', message: told })
    }
    {
      await using again = new FaultProcess(disk, library)
      await again.ask(task)
      expect(await again.ask(put(2))).toMatchObject({ ok: true })
    }
    await using alone = await openSqliteStore(task.replica, 1)
    expect(await alone.accounts.get('a')).toMatchObject({ version: 2 })
  })

  test('kepd: 452 where the disk is full, 451 where it fails or is read-only, NO for APPEND; then mail goes on', {
    timeout: 240_000,
  }, async () => {
    using folder = new TemporaryFolder()
    const disk = new WatchedDisk(folder.path)
    const data = join(disk.live, 'data')
    mkdirSync(data)
    const environment = disk.environment(compileDisk(folder.path))
    let delivered = 0
    {
      await using daemon = await startDaemon({ folder: data, environment })
      const messages = await prepareMessages(daemon, MESSAGES)
      await using imap = await mailboxOf(daemon)
      const sendIn = (smtp: SmtpSession) => smtp.send(messages.pop()!, { from: SENDER, to: [RECIPIENT] })
      /** As a mail program does it: another connection for another attempt. */
      const send = async () => {
        await using smtp = await submissionOf(daemon)
        return await sendIn(smtp)
      }
      const accepted = async () => {
        expect(await send()).toMatch(/^250 /)
        delivered++
        expect(await append(imap)).toMatch(/^OK \[APPENDUID /)
      }
      expect((await imap.command('CREATE Notlar')).status).toBe('OK')
      await accepted()
      for (const [error, reply, refusal] of [
        ['ENOSPC', /^452 4\.3\.1 DISK_FULL Depolama alani az/, /^NO \[UNAVAILABLE\] Depolama alani dolu/],
        ['EIO', /^451 4\.3\.0 TEMPORARY /, /^NO \[UNAVAILABLE\] /],
        ['EROFS', /^451 4\.3\.0 TEMPORARY /, /^NO \[UNAVAILABLE\] /],
      ] as const) {
        {
          await using smtp = await submissionOf(daemon)
          disk.fail({ nth: 1, error: constants.errno[error], lasting: true })
          expect(await sendIn(smtp)).toMatch(reply)
          expect(await append(imap)).toMatch(refusal)
          expect(await append(imap, LARGE)).toMatch(refusal)
          expect((await imap.command('NOOP')).status).toBe('OK')
        }
        disk.work()
        await eventually(async () => {
          await setTimeout(RETRY_MS)
          if (!(await send()).startsWith('250 ')) return undefined
          delivered++
          return true
        }, `mail after ${error}`)
        await accepted()
      }
      await arrived(daemon, delivered)
      process.kill(daemon.pid, 'SIGTERM')
      expect(await daemon.exited).toBe(0)
    }
    await using again = await startDaemon({ folder: data })
    await arrived(again, delivered)
  })
})

/** Beyond what is kept in rows. */
const LARGE = 200_000

const submissionOf = (daemon: Daemon): Promise<SmtpSession> =>
  openSmtpSession({ port: daemon.ports.submissions, ca: daemon.ca }, { user: SENDER, password: PASSWORD })

const mailboxOf = (daemon: Daemon): Promise<ImapSession> =>
  openImapSession({ port: daemon.ports.imaps, ca: daemon.ca }, { user: RECIPIENT, password: PASSWORD })

/** In one piece: what the server says before the literal is among the lines of the answer. */
async function append(imap: ImapSession, octets = 500): Promise<string> {
  const head = 'Subject: not\r\n\r\n'
  const text = `${head}${'x'.repeat(octets - head.length)}`
  const { status, text: told } = await imap.command(`APPEND Notlar {${octets}}\r\n${text}`)
  return `${status} ${told}`
}

/** Everything that was acknowledged is in the recipient's mailbox, each once. */
async function arrived(daemon: Daemon, messages: number): Promise<void> {
  await using imap = await mailboxOf(daemon)
  await eventually(async () => {
    const { lines } = await imap.command('STATUS INBOX (MESSAGES)')
    return lines.some((line) => line.includes(`(MESSAGES ${messages})`)) ? true : undefined
  }, `${messages} messages`)
}
