/** What an IMAP server is made of, in memory: no password is hashed, nothing is written, and a copy costs next to nothing. */
import type { StoredAccount } from '../../../mail/account.ts'
import { PERMISSIONS } from '../../../mail/account.ts'
import { encodeIndex } from '../../../mail/mime-codec.ts'
import { MimeIndexer } from '../../../mail/mime-index.ts'
import { defaultMimeLimits } from '../../../mail/mime-part.ts'
import { AccountDirectory } from '../../../server/accounts/directory.ts'
import { LoginDesk } from '../../../server/accounts/login.ts'
import { ScramKeyMaker } from '../../../server/accounts/scram-key-maker.ts'
import { makeStandardMailboxes } from '../../../server/accounts/standard-mailboxes.ts'
import { ConnectionCensus } from '../../../server/connection-census.ts'
import { AccountHints } from '../../../server/imap/account-hints.ts'
import { KnownValues } from '../../../server/imap/known-values.ts'
import type { ImapParts } from '../../../server/imap/parts.ts'
import { Events } from '../../../server/ops/events.ts'
import { Clients } from '../../../server/proxied/front.ts'
import { HOUR_MS, RECORDED_OCTETS, TokenBuckets } from '../../../server/token-buckets.ts'
import type { NewMessage, Store } from '../../../storage/port.ts'
import { Disk } from '../../../test/fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../../test/fakes/memory-store.ts'
import { MESSAGES } from './messages.ts'

export const ACCOUNT = 'deneme.alici@hs98.kep.tr'
export const PASSWORD = 'deneme'
const DOMAIN = 'hs98.kep.tr'
const AT = new Date('2026-07-01T09:00:00Z')
/** Generated messages are small; one that is larger says nothing else. */
const APPEND_MAX = 64 * 1024

/** Errors of ours that the server caught: none may come. */
class WatchedEvents extends Events {
  readonly errors: unknown[] = []

  override internalError(_where: unknown, error: unknown): void {
    this.errors.push(error)
  }
}

export interface ImapHouse {
  readonly parts: ImapParts
  readonly store: Store
  /** What the server took for a fault of its own since the house was made. */
  readonly errors: readonly unknown[]
}

const events = new WatchedEvents('silent')

/** A house of its own each time, with the same mailboxes and messages. */
export async function makeHouse(): Promise<ImapHouse> {
  const disk = copyOf(template)
  const store = await openMemoryStore(disk)
  events.errors.length = 0
  const clock = { now: () => AT, monotonic: () => 0 }
  const eventLog = { record: async () => ({ id: '' }), tell: async () => {} }
  const directory = new AccountDirectory(store, noThread, DOMAIN, clock)
  const parts: ImapParts = {
    store,
    desk: new LoginDesk({ directory, passwords: noThread, clock, eventLog, scram }),
    census: new ConnectionCensus({ connections: 9, connectionsPerIp: 9, connectionsPerAccount: 9 }),
    clients: new Clients(undefined),
    events,
    eventLog,
    recordBudget: new TokenBuckets(RECORDED_OCTETS, HOUR_MS, clock),
    retrievals: { rule: 'content', read: async () => {}, wasRead: async () => true },
    clock,
    domain: DOMAIN,
    about: { name: 'Deneme', contact: undefined },
    sasl: { scram: true, channelBinding: true, tokens: undefined },
    usesTextFilters: () => true,
    accountHints: new AccountHints(),
    knownValues: new KnownValues(),
    tls: { key: '', cert: '' },
    limits: { loginTimeMs: 60_000, appendMax: APPEND_MAX, mimeLimits: defaultMimeLimits },
  }
  return { parts, store, errors: events.errors }
}

const scram = new ScramKeyMaker(Buffer.alloc(32), 4096)

/** What hashing costs is no question here. */
const noThread = {
  hash: async (password: string) => `hash of ${password}`,
  matches: async (password: string) => password === PASSWORD,
}

/** Documents are replaced, never changed, so that two collections may hold the same. */
function copyOf(disk: Disk): Disk {
  const copy = new Disk()
  for (const name of Object.keys(disk) as (keyof Disk)[]) copyInto(copy[name], disk[name])
  return copy
}

function copyInto(copy: Map<string, unknown>, from: ReadonlyMap<string, unknown>): void {
  for (const [key, value] of from) copy.set(key, value)
}

async function makeTemplate(): Promise<Disk> {
  const disk = new Disk()
  const store = await openMemoryStore(disk)
  const account: StoredAccount = {
    address: ACCOUNT,
    kind: 'natural',
    service: 'send-receive',
    state: 'active',
    holder: 'Ayşe Işık',
    quota: 1e7,
    created: AT.toISOString(),
    persons: [
      {
        handle: 'ayse',
        name: 'Ayşe Işık',
        identityNumber: '10000000146',
        active: true,
        permissions: [...PERMISSIONS],
        passwordHash: await noThread.hash(PASSWORD),
      },
    ],
  }
  await store.accounts.put(ACCOUNT, JSON.stringify(account), 0)
  await makeStandardMailboxes(store.mailboxes, ACCOUNT)
  for (const mailbox of ['INBOX', 'Taslaklar'])
    for (const [at, octets] of MESSAGES.entries()) await put(store, mailbox, at, octets)
  return disk
}

async function put(store: Store, name: string, at: number, octets: Buffer): Promise<void> {
  const mailbox = await store.mailboxes.byName(ACCOUNT, name)
  if (mailbox === undefined) throw new Error(`no mailbox ${name}`)
  const writer = store.blobs.create(octets.length)
  await writer.write(octets)
  const staged = await writer.finish()
  const indexer = new MimeIndexer()
  indexer.push(octets)
  const message: NewMessage = {
    opId: `${name} ${at}`,
    body: staged.ref,
    staged: [staged],
    index: encodeIndex(indexer.end()),
    flags: at % 2 === 0 ? [] : ['\\Seen', '$Forwarded'],
    date: AT.getTime() - at * 3_600_000,
    saved: AT.getTime(),
    origin: name === 'INBOX' ? 'pipeline' : 'client',
  }
  await store.mailboxes.append(mailbox.id, message)
}

const template = await makeTemplate()
