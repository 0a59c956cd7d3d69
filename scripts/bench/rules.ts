/**
 * CPU that the rules add to a submission: the same decisions, one after another, with the whole list of plugins and with
 * those alone that draft evidence, in blocks that take turns. A thousand accounts with ten persons each are in the store.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { configSchema } from '../../config/schema.ts'
import { type Signer, StatusSource } from '../../evidence/index.ts'
import type { Login } from '../../mail/account.ts'
import { systemClock } from '../../mail/clock.ts'
import { parseKepAddress } from '../../mail/kep-address.ts'
import { AccountDirectory } from '../../server/accounts/directory.ts'
import { PasswordThread } from '../../server/accounts/password-thread.ts'
import { MaterialArchive } from '../../server/archive/material.ts'
import { startAuthority } from '../../server/development/authority.ts'
import { developmentFiles } from '../../server/development/files.ts'
import { ensureDevelopmentPki } from '../../server/development/pki.ts'
import { Events } from '../../server/ops/events.ts'
import { policyOf, statusSettingsOf } from '../../server/policy.ts'
import { Purses } from '../../server/purse/purses.ts'
import { receiveMessage } from '../../server/received-message.ts'
import { PeerDirectory } from '../../server/relay/peers.ts'
import { decide } from '../../server/smtp/submission.ts'
import { readTrust } from '../../server/trusted.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { signMessage } from '../client/signed-message.ts'
import { addressOf, fillAccounts } from './many-accounts.ts'
import { signerOf } from './transactions.ts'

const DOMAIN = 'hs98.kep.tr'
const ACCOUNTS = 1_000
const PERSONS = 10
/** Of this many submissions each; the first two warm up. */
const BLOCKS = 12
const BLOCK = 50
/** ms. */
const BOUND = 1
const PART = Buffer.from(
  `Content-Type: text/plain; charset=utf-8\r\n\r\n${'Sayin ilgili, bu ileti bir denemedir.\r\n'.repeat(60)}`,
)

export interface RuleFigures {
  readonly accounts: number
  readonly personsEach: number
  readonly submissions: number
  /** CPU of all threads for one submission, ms: medians over the blocks. */
  readonly withRulesMs: number
  readonly withoutMs: number
  /** The median of the differences of neighbouring blocks. */
  readonly addedMs: number
  readonly bound: number
}

export async function measureRules(note: (text: string) => void): Promise<RuleFigures> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'openkep-rules-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  await ensureDevelopmentPki(folder, { domain: DOMAIN, clock: systemClock })
  const authority = stack.use(
    await startAuthority(folder, { port: 0, host: '127.0.0.1', clock: systemClock }),
  )
  const store = stack.use(await openSqliteStore(join(folder, 'store'), Date.now()))
  const directory = new AccountDirectory(store, stack.use(new PasswordThread()), DOMAIN, systemClock)
  note(`${ACCOUNTS} accounts with ${PERSONS} persons each`)
  await fillAccounts(directory, { domain: DOMAIN, accounts: ACCOUNTS, persons: PERSONS })

  const files = developmentFiles(folder)
  const anchors = [files.authority.certificate]
  const config = configSchema.parse({
    mode: 'development',
    provider: { domain: DOMAIN, name: 'OpenKEP Deneme' },
    tls: files.tls,
    signing: { envelope: files.provider, evidence: files.provider },
    trust: { users: anchors, providers: anchors, tsas: anchors, crls: [authority.urls.crl] },
    tsa: { urls: [authority.urls.tsa] },
    revocation: { policy: 'if-present' },
  })
  const events = new Events('silent')
  const status = new StatusSource({
    clock: systemClock,
    settings: () => statusSettingsOf(config),
    onFailure: () => {},
  })
  const peers = await PeerDirectory.open(store.peers, DOMAIN, [])
  const users = await readTrust(config.trust, 'users', systemClock.now())
  const house = { store, directory, clock: systemClock, events, status, peers, users }
  const least = config.plugins.filter((one) => typeof one === 'string' && one.startsWith('evidence-'))
  const common = {
    store,
    clock: systemClock,
    materials: new MaterialArchive(store),
    purses: new Purses({ store, clock: systemClock, events, tariff: () => undefined }),
  }
  const full = { ...common, ...policyOf(config, house) }
  const bare = { ...common, ...policyOf({ ...config, plugins: least }, house) }
  const signer = await signerOf({ folder }, 'dev/users/deneme.gonderen@hs98.kep.tr')

  /** From MAIL to the answer, as the listener does it; ms of CPU each. */
  const block = async (parts: typeof full, first: number): Promise<number> => {
    const messages = await Promise.all(
      Array.from({ length: BLOCK }, (_, i) => messageOf(signer, (first + i) % ACCOUNTS)),
    )
    const before = process.cpuUsage()
    for (const [i, octets] of messages.entries()) {
      const from = addressOf((first + i) % ACCOUNTS, DOMAIN)
      const to = addressOf((first + i + 1) % ACCOUNTS, DOMAIN)
      const account = await directory.get(from)
      const person = account?.persons.find(({ handle }) => handle === 'kisi0')
      const kep = parseKepAddress(to)
      if (account === undefined || person === undefined || kep === undefined)
        throw new Error(`${from} cannot send`)
      const session = { login: loginOf(from), account, person, clientName: 'bench' }
      const recipient = { kep, local: true }
      const transaction = { session, declaredSize: octets.length, recipients: [recipient] }
      const heard = [
        await parts.pipeline.ask('auth', { session }),
        await parts.pipeline.ask('mail', { session, from, declaredSize: octets.length }),
        await parts.pipeline.ask('rcpt', { transaction: { ...transaction, recipients: [] }, to, recipient }),
        await parts.pipeline.ask('data', { transaction }),
      ]
      const begunAt = systemClock.now()
      const received = await receiveMessage(Readable.from([octets]), {
        blobs: store.blobs,
        maxBytes: config.submission.sizeLocal,
        limits: parts.mimeLimits,
        taps: parts.pipeline.openTaps(transaction),
      })
      const answer = await decide(parts, transaction, received, begunAt)
      if (!answer.accepted) throw new Error(`refused: ${answer.code} ${answer.told}`)
      if (heard.some(({ kind }) => kind === 'refuse')) throw new Error('refused before DATA')
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000 / BLOCK
  }

  const pairs: (readonly [full: number, bare: number])[] = []
  for (let turn = 0; turn < BLOCKS; turn++) {
    const first = turn * BLOCK * 2
    // Who goes first changes, so that neither has always the warmer caches.
    const [one, other] = turn % 2 === 0 ? [full, bare] : [bare, full]
    const a = await block(one, first)
    const b = await block(other, first + BLOCK)
    if (turn >= 2) pairs.push(turn % 2 === 0 ? [a, b] : [b, a])
  }
  return {
    accounts: ACCOUNTS,
    personsEach: PERSONS,
    submissions: pairs.length * BLOCK * 2,
    withRulesMs: median(pairs.map(([ms]) => ms)),
    withoutMs: median(pairs.map(([, ms]) => ms)),
    addedMs: median(pairs.map(([ms, without]) => ms - without)),
    bound: BOUND,
  }
}

const loginOf = (account: string): Login => ({
  account,
  handle: 'kisi0',
  at: 0,
  method: 'password',
  ip: '127.0.0.1',
  proof: '',
})

function messageOf(signer: Signer, number: number): Promise<Buffer> {
  const date = new Date().toUTCString().replace('GMT', '+0000')
  const header =
    `From: ${addressOf(number, DOMAIN)}\r\nTo: ${addressOf((number + 1) % ACCOUNTS, DOMAIN)}\r\n` +
    `Subject: bench\r\nDate: ${date}\r\nMessage-ID: <${crypto.randomUUID()}@bench.example>\r\n`
  return signMessage(signer, header, PART)
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
