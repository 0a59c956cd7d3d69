import { setTimeout } from 'node:timers/promises'
import { openImapSession } from '../client/imap-session.ts'
import { openSmtpSession } from '../client/smtp-session.ts'
import type { Daemon } from './daemon.ts'
import { largeMessage } from './large-message.ts'
import { PASSWORD, RECIPIENT, SENDER } from './transactions.ts'

export interface LatencyFigures {
  readonly commands: number
  readonly atRestP50Ms: number
  readonly atRestP99Ms: number
  readonly meanwhileP50Ms: number
  readonly meanwhileP99Ms: number
  readonly meanwhileMaxMs: number
}

/** Latency of another client's IMAP commands at rest, and while 100 MB come in, are enveloped and go out. */
export async function measureServedMeanwhile(daemon: Daemon): Promise<LatencyFigures> {
  const message = await largeMessage(daemon, 'detached', 99_000_000)
  const where = { port: daemon.ports.imaps, ca: daemon.ca }
  await using other = await openImapSession(where, { user: SENDER, password: PASSWORD })
  await other.command('SELECT Deliller')
  const ask = async (): Promise<number> => {
    const began = performance.now()
    await other.command('UID FETCH 1:10 (FLAGS)')
    return performance.now() - began
  }
  const atRest: number[] = []
  for (let turn = 0; turn < 200; turn++) atRest.push(await ask())
  const meanwhile: number[] = []
  let travelling = true
  const travel = (async () => {
    await using smtp = await openSmtpSession(
      { port: daemon.ports.submissions, ca: daemon.ca },
      { user: SENDER, password: PASSWORD },
    )
    await smtp.send(message, { from: SENDER, to: [RECIPIENT] })
    await using imap = await openImapSession(where, { user: RECIPIENT, password: PASSWORD })
    await imap.command('SELECT INBOX')
    while (!(await imap.command('STATUS INBOX (MESSAGES)')).lines.join().includes('MESSAGES 1)'))
      await setTimeout(50)
    await imap.command('NOOP')
    await imap.command('FETCH 1 (BODY[])')
    await imap.command('STORE 1 +FLAGS.SILENT (\\Deleted)')
    await imap.command('EXPUNGE')
    travelling = false
  })()
  while (travelling) {
    meanwhile.push(await ask())
    await setTimeout(2)
  }
  await travel
  return {
    commands: meanwhile.length,
    atRestP50Ms: quantile(atRest, 0.5),
    atRestP99Ms: quantile(atRest, 0.99),
    meanwhileP50Ms: quantile(meanwhile, 0.5),
    meanwhileP99Ms: quantile(meanwhile, 0.99),
    meanwhileMaxMs: quantile(meanwhile, 1),
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 100) / 100
}
