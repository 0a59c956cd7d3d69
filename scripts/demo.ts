#!/usr/bin/env node
/**
 * `npm run demo`: one provider on free ports in a temporary folder, one signed message from one account to the other
 * over real SMTP, read over real IMAP, every evidence verified. Exit 0 only if everything was verified.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  DEFAULT_PROFILE,
  eventCodeOf,
  parsePemCertificates,
  signerFromPem,
  typeNumberOf,
  type VerifyOptions,
  verifyFile,
} from '../evidence/index.ts'
import { systemClock } from '../mail/clock.ts'
import { startAuthority } from '../server/development/authority.ts'
import { developmentConfig } from '../server/development/config.ts'
import { DEVELOPMENT_PASSWORD } from '../server/development/identities.ts'
import { ensureDevelopmentPki } from '../server/development/pki.ts'
import { seedDevelopmentAccounts } from '../server/development/seed.ts'
import { EVIDENCE_CHAIN } from '../server/issue/evidence-archive.ts'
import type { EvidenceMeta } from '../server/issue/issuer.ts'
import { type Provider, start } from '../server/main.ts'
import type { ChainEntry } from '../storage/port.ts'
import { openImapSession } from './client/imap-session.ts'
import { signMessage } from './client/signed-message.ts'
import { openSmtpSession } from './client/smtp-session.ts'

const DOMAIN = 'hs98.kep.tr'
const SENDER = `deneme.gonderen@${DOMAIN}`
const RECIPIENT = `deneme.alici@${DOMAIN}`
/** Under a minute as a whole; what has not happened by then will not. */
const PATIENCE_MS = 40_000

interface Step {
  at: string
  provider: string
  step: string
  messageId: string
  recipient?: string
  evidence?: { id: string; root: string; event: string; typeId: number | null }
}

const { values } = parseArgs({ options: { json: { type: 'boolean' }, keep: { type: 'string' } } })
const began = performance.now()
const timeline: Step[] = []
const files = new Map<string, Buffer>()
const failures: string[] = []

const folder = await mkdtemp(join(tmpdir(), 'openkep-demo-'))
try {
  await run()
} finally {
  await rm(folder, { recursive: true, force: true })
}
await report()

async function run(): Promise<void> {
  await using parts = new AsyncDisposableStack()
  await ensureDevelopmentPki(folder, { domain: DOMAIN, clock: systemClock })
  const authority = parts.use(
    await startAuthority(folder, { port: 0, host: '127.0.0.1', clock: systemClock }),
  )
  const config = developmentConfig(folder, authority, [
    ...['submissions', 'submission', 'peer', 'imaps', 'imap', 'http'].map(
      (name) => [['listen', name, 'port'], 0] as const,
    ),
    [['log', 'level'], 'silent'],
  ])
  const quota = config.quota.default
  const provider = await start(config, folder, {
    prepare: (directory) => seedDevelopmentAccounts(directory, { domain: DOMAIN, quota, clock: systemClock }),
  })
  parts.defer(() => provider.close())
  const ca = await readFile(join(folder, 'dev/ca.pem'))
  files.set('ca.pem', ca)

  const message = await makeMessage()
  files.set('original.eml', message)
  const where = { port: provider.ports.submissions, ca: ca.toString() }
  await using session = await openSmtpSession(where, { user: SENDER, password: DEVELOPMENT_PASSWORD })
  const answer = await session.send(message, { from: SENDER, to: [RECIPIENT] })
  const messageId = /^250 .*?(<[^<>]+>)/.exec(answer)?.[1]
  if (messageId === undefined) throw new Error(`the message was refused: ${answer}`)
  note({ step: 'submitted', messageId })

  await evidenceCount(provider, 2) // acceptance and delivery
  const dispatch = await readInbox(provider, ca.toString())
  files.set('dispatch.eml', dispatch)
  if (!dispatch.includes(message))
    failures.push('the original in the dispatch is not byte-equal to what was submitted')
  note({ step: 'read', messageId, recipient: RECIPIENT })

  const evidence = await evidenceCount(provider, 3) // and retrieval
  for (const entry of evidence) {
    files.set(`${entry.eventId}.xml`, Buffer.from(entry.bytes))
    noteEvidence(entry)
  }
  const receipts = await readReceipts(provider, ca.toString(), evidence.length)
  for (const [index, receipt] of receipts.entries()) files.set(`receipt-${index + 1}.eml`, receipt)
  await verifyAll(ca.toString(), await fetchOctets(authority.urls.crl))
}

async function makeMessage(): Promise<Buffer> {
  const path = join(folder, 'dev/users', SENDER)
  const signer = signerFromPem({
    key: await readFile(`${path}.key.pem`, 'utf8'),
    certificates: await readFile(`${path}.crt.pem`, 'utf8'),
    hash: 'sha256',
  })
  const header =
    `From: ${SENDER}\r\nTo: ${RECIPIENT}\r\nSubject: =?UTF-8?Q?Deneme_iletisi:_=C3=A7a=C4=9Fr=C4=B1?=\r\n` +
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}\r\nMessage-ID: <${crypto.randomUUID()}@istemci.example>\r\n`
  const part =
    'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSayın ilgili,\r\n\r\nbu bir denemedir.\r\n'
  return signMessage(signer, header, Buffer.from(part))
}

async function evidenceCount(provider: Provider, count: number): Promise<ChainEntry[]> {
  return until(async () => {
    const entries = await provider.store.chain.read(EVIDENCE_CHAIN, 1, 100)
    return entries.length >= count ? entries : undefined
  }, `${count} evidences`)
}

/** Reading the content is what makes the retrieval evidence. */
async function readInbox(provider: Provider, ca: string): Promise<Buffer> {
  await using imap = await openImapSession(
    { port: provider.ports.imaps, ca },
    { user: RECIPIENT, password: DEVELOPMENT_PASSWORD },
  )
  await imap.command('SELECT INBOX')
  return await until(
    async () => (await imap.command('FETCH 1 (BODY[])')).literals[0],
    'the dispatch in INBOX',
  )
}

async function readReceipts(provider: Provider, ca: string, count: number): Promise<readonly Buffer[]> {
  await using imap = await openImapSession(
    { port: provider.ports.imaps, ca },
    { user: SENDER, password: DEVELOPMENT_PASSWORD },
  )
  await imap.command('SELECT Deliller')
  return await until(async () => {
    await imap.command('NOOP')
    const { literals } = await imap.command('FETCH 1:* (BODY[])')
    return literals.length >= count ? literals : undefined
  }, `${count} receipts in Deliller`)
}

async function verifyAll(ca: string, crl: Uint8Array): Promise<void> {
  const options: VerifyOptions = {
    anchors: parsePemCertificates(ca),
    intermediates: [],
    crls: [crl],
    revocation: 'require',
    now: new Date(),
  }
  for (const [name, octets] of files) {
    if (name === 'ca.pem') continue
    const { verdict, subIndication } = await verifyFile({ name, octets }, options)
    if (verdict !== 'TOTAL-PASSED') failures.push(`${name}: ${verdict} ${subIndication ?? ''}`)
  }
  const last = timeline.at(-1)
  note({ step: 'verified', messageId: last?.messageId ?? '' })
}

function noteEvidence(entry: ChainEntry): void {
  const meta: EvidenceMeta = JSON.parse(entry.meta)
  timeline.push({
    at: new Date(entry.at).toISOString(),
    provider: DOMAIN,
    step: meta.outcome,
    messageId: meta.messageId,
    ...(meta.recipient === undefined ? {} : { recipient: RECIPIENT }),
    evidence: {
      id: entry.eventId,
      root: meta.root,
      event: eventCodeOf(DEFAULT_PROFILE, meta.outcome),
      typeId: typeNumberOf(DEFAULT_PROFILE, meta.outcome) ?? null,
    },
  })
}

function note(step: Omit<Step, 'at' | 'provider'>): void {
  timeline.push({ at: new Date().toISOString(), provider: DOMAIN, ...step })
}

async function report(): Promise<void> {
  const artefacts: string[] = []
  if (values.keep !== undefined) {
    const keep = resolve(values.keep)
    await mkdir(keep, { recursive: true })
    for (const [name, octets] of files) {
      await writeFile(join(keep, name), octets)
      artefacts.push(join(keep, name))
    }
  }
  const ok = failures.length === 0
  const seconds = Math.round(performance.now() - began) / 1000
  timeline.sort((a, b) => a.at.localeCompare(b.at))
  if (values.json) console.log(JSON.stringify({ ok, seconds, timeline, artefacts }))
  else {
    for (const { at, step, evidence, recipient } of timeline)
      console.log([at, step.padEnd(22), evidence?.id ?? '', recipient ?? ''].join('  ').trimEnd())
    for (const path of artefacts) console.log(path)
    console.log(`${ok ? 'everything verified' : 'NOT verified'} in ${seconds} s`)
  }
  for (const failure of failures) console.error(failure)
  process.exitCode = ok ? 0 : 1
}

async function fetchOctets(url: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(url)).arrayBuffer())
}

async function until<T>(ask: () => Promise<T | undefined>, what: string): Promise<T> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > end) throw new Error(`${what} did not come in ${PATIENCE_MS / 1000} s`)
    await setTimeout(20)
  }
}
