import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { systemClock } from '../../mail/clock.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { signMessage } from '../client/signed-message.ts'
import { openSmtpSession } from '../client/smtp-session.ts'
import { caOf, freePorts, type SoakProvider, startProviders } from '../soak/providers.ts'
import { readTemplate, type Template } from './relay-queue.ts'
import { signerOf } from './transactions.ts'

const HERE = 'hs98.kep.tr'
export const LIVE = 'hs99.kep.tr'
/** Its port is closed. */
export const DEAD = 'hs97.kep.tr'
const SENDER = `deneme.gonderen@${HERE}`
const PASSWORD = 'deneme'
const TEXT = Buffer.alloc(2400, 'Sayin ilgili, bu ileti bir denemedir.\r\n')
const PATIENCE_MS = 30_000

/** A provider that does not run now, has two peers, and made one dispatch of a message of 5 KB for the live one. */
export interface RelayProvider {
  readonly folder: string
  readonly files: SoakProvider['files']
  /** Where the live peer is expected, with TLS from the first octet and the provider's own TLS certificate. */
  readonly livePort: number
  readonly template: Template
  /** Path of a configuration in which the live peer takes so many connections. */
  config(connections: number): Promise<string>
}

/** @param parts what runs as long as the provider is used: its CA and TSA */
export async function makeRelayProvider(folder: string, parts: AsyncDisposableStack): Promise<RelayProvider> {
  const [provider] = await startProviders(folder, [HERE], parts)
  if (provider === undefined) throw new RangeError('one provider')
  const { peer: livePort, http: deadPort } = await freePorts()
  const path = join(provider.folder, 'config.json')
  const written: object = JSON.parse(await readFile(path, 'utf8'))
  const entry = (domain: string, port: number, connections: number) => ({
    provider: domain,
    name: `Deneme ${domain}`,
    route: { host: '127.0.0.1', port, tls: 'implicit' },
    tls: { certificates: [provider.files.tls.certificate] },
    signing: [{ certificate: provider.files.provider.certificate }],
    connections,
  })
  const config = async (connections: number): Promise<string> => {
    const peers = [entry(LIVE, livePort, connections), entry(DEAD, deadPort, 4)]
    await writeFile(path, JSON.stringify({ ...written, peers }))
    return path
  }
  await config(4)
  await provider.daemon[Symbol.asyncDispose]()
  await provider.restart()
  const id = await submit(provider)
  await queued(provider)
  await provider.daemon[Symbol.asyncDispose]()
  await using store = await openSqliteStore(join(provider.folder, 'store'), systemClock.now().getTime())
  const template = await readTemplate(store, id, LIVE)
  return { folder: provider.folder, files: provider.files, livePort, template, config }
}

async function submit(provider: SoakProvider): Promise<string> {
  const signer = await signerOf(provider, `dev/users/${SENDER}`)
  const to = `deneme.alici@${LIVE}`
  const date = new Date().toUTCString().replace('GMT', '+0000')
  const header = `From: ${SENDER}\r\nTo: ${to}\r\nSubject: bench\r\nDate: ${date}\r\nMessage-ID: <${crypto.randomUUID()}@bench.example>\r\n`
  const part = Buffer.concat([Buffer.from('Content-Type: text/plain; charset=utf-8\r\n\r\n'), TEXT])
  const where = { port: provider.daemon.ports.submissions, ca: await caOf(provider) }
  await using session = await openSmtpSession(where, { user: SENDER, password: PASSWORD })
  const answer = await session.send(await signMessage(signer, header, part), { from: SENDER, to: [to] })
  const id = /^250 .*?(<[^<>]+>)/.exec(answer)?.[1]
  if (id === undefined) throw new Error(answer)
  return id
}

/** Until the dispatch stands in the live peer's queue. */
async function queued({ daemon }: SoakProvider): Promise<void> {
  const until = performance.now() + PATIENCE_MS
  while ((await daemon.metric('openkep_relay_queue_rows')) === 0) {
    if (performance.now() > until) throw new Error('nothing came into the queue')
    await setTimeout(100)
  }
}
