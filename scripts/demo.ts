#!/usr/bin/env node
/**
 * `npm run demo`: two providers on free ports in temporary folders, each with a CA and a TSA of its own; one signed
 * message from an account of hs98 to one of hs99 over real SMTP, read over real IMAP, every evidence verified. Exit 0
 * only if everything was.
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
import { EVIDENCE_CHAIN } from '../server/archive/chain-archive.ts'
import { DEVELOPMENT_PASSWORD } from '../server/development/identities.ts'
import type { EvidenceMeta } from '../server/issue/issuer.ts'
import type { ChainEntry } from '../storage/port.ts'
import { openImapSession } from './client/imap-session.ts'
import { signMessage } from './client/signed-message.ts'
import { openSmtpSession } from './client/smtp-session.ts'
import { type DemoProvider, startPair } from './demo/pair.ts'

const HERE = 'hs98.kep.tr'
const THERE = 'hs99.kep.tr'
const SENDER = `deneme.gonderen@${HERE}`
const RECIPIENT = `deneme.alici@${THERE}`
/** Under a minute as a whole; what has not happened by then will not. */
const PATIENCE_MS = 40_000
/** What the sender holds in the end: its own provider's acceptance, and the peer's three. */
const EXPECTED = ['submission-acceptance', 'relay-acceptance', 'delivery', 'retrieval']

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
  await using pair = await startPair(folder, [HERE, THERE])
  const [here, there] = pair.providers
  files.set('ca.pem', Buffer.from(`${here.ca}${there.ca}`))

  const message = await makeMessage(here)
  files.set('original.eml', message)
  const where = { port: here.provider.ports.submissions, ca: here.ca }
  await using session = await openSmtpSession(where, { user: SENDER, password: DEVELOPMENT_PASSWORD })
  const answer = await session.send(message, { from: SENDER, to: [RECIPIENT] })
  const messageId = /^250 .*?(<[^<>]+>)/.exec(answer)?.[1]
  if (messageId === undefined) throw new Error(`the message was refused: ${answer}`)
  note({ provider: HERE, step: 'submitted', messageId })

  await evidenceCount(here, 3) // acceptance, and the peer's word of relay and delivery
  const dispatch = await readInbox(there)
  files.set('dispatch.eml', dispatch)
  if (!dispatch.includes(message))
    failures.push('the original in the dispatch is not byte-equal to what was submitted')
  note({ provider: THERE, step: 'read', messageId, recipient: RECIPIENT })

  const evidence = await evidenceCount(here, EXPECTED.length)
  const outcomes = evidence.map(({ meta }) => (JSON.parse(meta) as EvidenceMeta).outcome)
  if (outcomes.join() !== EXPECTED.join()) failures.push(`the sender holds ${outcomes.join(', ')}`)
  for (const entry of evidence) {
    files.set(`${entry.eventId.replace('/', '-')}.xml`, Buffer.from(entry.bytes))
    noteEvidence(entry)
  }
  const receipts = await readReceipts(here, evidence.length)
  for (const [index, receipt] of receipts.entries()) files.set(`receipt-${index + 1}.eml`, receipt)
  await verifyAll(
    [here, there],
    await Promise.all([here, there].map(({ authority }) => fetchOctets(authority.urls.crl))),
  )
}

async function makeMessage(from: DemoProvider): Promise<Buffer> {
  const path = join(from.folder, 'dev/users', SENDER)
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

async function evidenceCount({ provider }: DemoProvider, count: number): Promise<ChainEntry[]> {
  return until(async () => {
    const entries = await provider.store.chain.read(EVIDENCE_CHAIN, 1, 100)
    return entries.length >= count ? entries : undefined
  }, `${count} evidences`)
}

/** Reading the content is what makes the retrieval evidence. */
async function readInbox({ provider, ca }: DemoProvider): Promise<Buffer> {
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

async function readReceipts({ provider, ca }: DemoProvider, count: number): Promise<readonly Buffer[]> {
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

async function verifyAll(all: readonly DemoProvider[], crls: readonly Uint8Array[]): Promise<void> {
  const options: VerifyOptions = {
    anchors: all.flatMap(({ ca }) => parsePemCertificates(ca)),
    intermediates: [],
    crls,
    revocation: 'require',
    now: new Date(),
  }
  for (const [name, octets] of files) {
    if (name === 'ca.pem') continue
    const { verdict, subIndication } = await verifyFile({ name, octets }, options)
    if (verdict !== 'TOTAL-PASSED') failures.push(`${name}: ${verdict} ${subIndication ?? ''}`)
  }
  const last = timeline.at(-1)
  note({ provider: HERE, step: 'verified', messageId: last?.messageId ?? '' })
}

function noteEvidence(entry: ChainEntry): void {
  const meta: EvidenceMeta = JSON.parse(entry.meta)
  timeline.push({
    at: meta.eventTime ?? new Date(entry.at).toISOString(),
    provider: meta.provider ?? HERE,
    step: meta.outcome,
    messageId: meta.messageId,
    ...(meta.recipient === undefined ? {} : { recipient: RECIPIENT }),
    evidence: {
      id: entry.eventId.slice(entry.eventId.indexOf('/') + 1), // a peer's is archived under its domain
      root: meta.root,
      event: eventCodeOf(DEFAULT_PROFILE, meta.outcome),
      typeId: typeNumberOf(DEFAULT_PROFILE, meta.outcome) ?? null,
    },
  })
}

function note(step: Omit<Step, 'at'>): void {
  timeline.push({ at: new Date().toISOString(), ...step })
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
    for (const { at, provider, step, evidence, recipient } of timeline)
      console.log([at, provider, step.padEnd(22), evidence?.id ?? '', recipient ?? ''].join('  ').trimEnd())
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
