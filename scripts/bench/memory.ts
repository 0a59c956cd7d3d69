import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { openImapSession } from '../client/imap-session.ts'
import { openSmtpSession } from '../client/smtp-session.ts'
import type { Daemon } from './daemon.ts'
import { type Form, largeMessage } from './large-message.ts'
import { PASSWORD, RECIPIENT, SENDER } from './transactions.ts'

const MIB = 1_048_576
const SMALL = 10_000_000
/** Just under the limit of 100 000 000 with what signing adds. */
export const LARGEST = 99_000_000
/** A peak holds whatever the collector had not taken yet; what the work itself needs is the least of several. */
const ATTEMPTS = 3

export interface MemoryFigures {
  readonly form: Form
  /** Resident set at rest after warm-up, MiB. */
  readonly idle: number
  readonly peakSmall: number
  readonly peakLarge: number
  /** peak(large) − peak(10 MB), MiB. */
  readonly growth: number
  readonly bound: 16
}

/**
 * One message in by SMTP and out by IMAP, 10 MB against a large one. Linux only: peaks are the kernel's.
 *
 * @param octets of the large one
 */
export async function measureMemory(daemon: Daemon, form: Form, octets = LARGEST): Promise<MemoryFigures> {
  await inAndOut(daemon, [await largeMessage(daemon, form, octets)]) // warm-up
  const idle = await peakOf(daemon, async () => {})
  let best: Pick<MemoryFigures, 'peakSmall' | 'peakLarge' | 'growth'> | undefined
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const small = await largeMessage(daemon, form, SMALL)
    const peakSmall = await peakOf(daemon, () => inAndOut(daemon, [small]))
    const large = await largeMessage(daemon, form, octets)
    const peakLarge = await peakOf(daemon, () => inAndOut(daemon, [large]))
    const growth = peakLarge - peakSmall
    if (best === undefined || growth < best.growth) best = { peakSmall, peakLarge, growth }
    if (growth <= 16) break
  }
  return { form, idle, peakSmall: 0, peakLarge: 0, growth: 0, ...best, bound: 16 }
}

export interface ParallelMemoryFigures {
  readonly messages: number
  readonly idle: number
  readonly peak: number
  readonly growth: number
  readonly bound: 160
}

/** Four of so many octets at once. */
export async function measureParallelMemory(
  daemon: Daemon,
  octets = LARGEST,
): Promise<ParallelMemoryFigures> {
  const messages = await Promise.all(
    Array.from({ length: 4 }, () => largeMessage(daemon, 'detached', octets)),
  )
  const idle = await peakOf(daemon, () => setTimeout(500))
  const peak = await peakOf(daemon, () => inAndOut(daemon, messages))
  return { messages: messages.length, idle, peak, growth: peak - idle, bound: 160 }
}

/** Submits all at once, waits until each is in INBOX, and fetches each whole; then empties INBOX. */
async function inAndOut(daemon: Daemon, messages: readonly Buffer[]): Promise<void> {
  await Promise.all(
    messages.map(async (message) => {
      await using smtp = await openSmtpSession(
        { port: daemon.ports.submissions, ca: daemon.ca },
        { user: SENDER, password: PASSWORD },
      )
      const answer = await smtp.send(message, { from: SENDER, to: [RECIPIENT] })
      if (!answer.startsWith('250')) throw new Error(answer)
    }),
  )
  await using imap = await openImapSession(
    { port: daemon.ports.imaps, ca: daemon.ca },
    { user: RECIPIENT, password: PASSWORD },
  )
  await imap.command('SELECT INBOX')
  while (
    !(await imap.command('STATUS INBOX (MESSAGES)')).lines.join().includes(`MESSAGES ${messages.length})`)
  )
    await setTimeout(50)
  await imap.command('NOOP')
  for (let number = 1; number <= messages.length; number++) {
    const { literals } = await imap.command(`FETCH ${number} (BODY[])`)
    const size = literals[0]?.length ?? 0
    if (size < (messages[number - 1]?.length ?? 0)) throw new Error(`only ${size} octets came out`)
  }
  await imap.command('STORE 1:* +FLAGS.SILENT (\\Deleted)')
  await imap.command('EXPUNGE')
}

/** The kernel's high-water mark of the resident set, MiB, set back before. */
async function peakOf(daemon: Daemon, work: () => Promise<unknown>): Promise<number> {
  await writeFile(`/proc/${daemon.pid}/clear_refs`, '5')
  await work()
  const status = await readFile(`/proc/${daemon.pid}/status`, 'utf8')
  return Math.round((Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024) / MIB)
}
