import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Signer, signerFromPem } from '../../evidence/index.ts'
import { signMessage } from '../client/signed-message.ts'
import { openSmtpSession } from '../client/smtp-session.ts'
import type { Daemon } from './daemon.ts'
import { signatureCpuMs } from './signature-cost.ts'

export const SENDER = 'deneme.gonderen@hs98.kep.tr'
export const RECIPIENT = 'deneme.alici@hs98.kep.tr'
export const PASSWORD = 'deneme'

const CLIENTS = 16
/** A 5 KB message, as a letter with a signature has it. */
const TEXT = Buffer.alloc(2400, 'Sayin ilgili, bu ileti bir denemedir.\r\n')

export interface TransactionFigures {
  readonly messages: number
  readonly acceptedPerSecond: number
  /** Acceptance to the last receipt. */
  readonly fullPerSecond: number
  readonly daemonCpuMsPerMessage: number
  readonly privateKeyOperationsPerMessage: number
  readonly signatureCpuMs: number
  /** CPU of the private-key operations ÷ CPU of the daemon over all threads. */
  readonly signatureShare: number
  readonly bound: number
}

/** Full transactions: submission, acceptance, dispatch, delivery, receipts, all durable, all stamped by the local TSA. */
export async function measureTransactions(daemon: Daemon, messages: number): Promise<TransactionFigures> {
  const prepared = await prepareMessages(daemon, messages)
  const sessions = await Promise.all(
    Array.from({ length: CLIENTS }, () =>
      openSmtpSession(
        { port: daemon.ports.submissions, ca: daemon.ca },
        { user: SENDER, password: PASSWORD },
      ),
    ),
  )
  const [cpuBefore, keysBefore, stampsBefore] = await counters(daemon)
  const evidenceBefore = await daemon.metric('openkep_evidence_total')
  const receiptsBefore = await settledReceipts(daemon)
  const began = performance.now()
  let next = 0
  await Promise.all(
    sessions.map(async (session) => {
      for (let message = prepared[next++]; message !== undefined; message = prepared[next++]) {
        const answer = await session.send(message, { from: SENDER, to: [RECIPIENT] })
        if (!answer.startsWith('250')) throw new Error(answer)
      }
    }),
  )
  const accepted = performance.now()
  // Two receipts and the filed original end a transaction.
  while ((await settledReceipts(daemon)) - receiptsBefore < 3 * messages) await setTimeout(20)
  const done = performance.now()
  const [cpuAfter, keysAfter, stampsAfter] = await counters(daemon)
  if ((await daemon.metric('openkep_evidence_total')) - evidenceBefore < 2 * messages)
    throw new Error('evidence is missing')
  for (const session of sessions) await session[Symbol.asyncDispose]()
  // The TSA runs in the daemon's process, so its signatures are in the daemon's CPU too.
  const operations = (keysAfter - keysBefore + (stampsAfter - stampsBefore)) / messages
  const cpu = ((cpuAfter - cpuBefore) * 1000) / messages
  const each = await signatureCpuMs(await signerOf(daemon, 'dev/provider'))
  return {
    messages,
    acceptedPerSecond: (messages * 1000) / (accepted - began),
    fullPerSecond: (messages * 1000) / (done - began),
    daemonCpuMsPerMessage: cpu,
    privateKeyOperationsPerMessage: operations,
    signatureCpuMs: each,
    signatureShare: (operations * each) / cpu,
    bound: 0.25,
  }
}

const counters = async (daemon: Daemon): Promise<[cpu: number, keys: number, stamps: number]> => [
  await daemon.metric('openkep_process_cpu_seconds_total'),
  await daemon.metric('openkep_private_key_operations_total'),
  await daemon.metric('openkep_timestamp_seconds_count'),
]

const settledReceipts = (daemon: Daemon): Promise<number> =>
  daemon.metric('openkep_work_total{kind="mailboxOp",outcome="done"}')

export async function prepareMessages(daemon: Daemon, count: number): Promise<Buffer[]> {
  const signer = await signerOf(daemon, `dev/users/${SENDER}`)
  const part = Buffer.concat([Buffer.from('Content-Type: text/plain; charset=utf-8\r\n\r\n'), TEXT])
  const messages: Buffer[] = []
  for (let number = 0; number < count; number++)
    messages.push(await signMessage(signer, headerOf(number), part))
  return messages
}

export async function signerOf(daemon: Pick<Daemon, 'folder'>, name: string): Promise<Signer> {
  const path = join(daemon.folder, name)
  const [key, certificates] = [
    await readFile(`${path}.key.pem`, 'utf8'),
    await readFile(`${path}.crt.pem`, 'utf8'),
  ]
  return signerFromPem({ key, certificates, hash: 'sha256' })
}

export const headerOf = (number: number): string =>
  `From: ${SENDER}\r\nTo: ${RECIPIENT}\r\nSubject: bench ${number}\r\nDate: ${new Date().toUTCString().replace('GMT', '+0000')}\r\n` +
  `Message-ID: <${crypto.randomUUID()}@bench.example>\r\n`
