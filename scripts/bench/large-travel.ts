/** A worker thread: 100 MB in by SMTP and out by IMAP, once. */
import { setTimeout } from 'node:timers/promises'
import { workerData } from 'node:worker_threads'
import { openImapSession } from '../client/imap-session.ts'
import { openSmtpSession } from '../client/smtp-session.ts'
import { largeMessage } from './large-message.ts'
import { PASSWORD, RECIPIENT, SENDER } from './transactions.ts'

const daemon: Parameters<typeof largeMessage>[0] & {
  ports: Record<'submissions' | 'imaps', number>
  ca: string
} = workerData
const message = await largeMessage(daemon, 'detached', 99_000_000)
const login = (user: string) => ({ user, password: PASSWORD })
await using smtp = await openSmtpSession({ port: daemon.ports.submissions, ca: daemon.ca }, login(SENDER))
await smtp.send(message, { from: SENDER, to: [RECIPIENT] })
await using imap = await openImapSession({ port: daemon.ports.imaps, ca: daemon.ca }, login(RECIPIENT))
await imap.command('SELECT INBOX')
while (!(await imap.command('STATUS INBOX (MESSAGES)')).lines.join().includes('MESSAGES 1)'))
  await setTimeout(50)
await imap.command('NOOP')
await imap.command('FETCH 1 (BODY[])')
