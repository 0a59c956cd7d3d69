import { HOUR_MS, RECORDED_OCTETS, TokenBuckets } from '../../server/token-buckets.ts'
/** A real IMAP listener over a real SQLite store in a temporary folder, with its own certificate and two accounts. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { type Clock, systemClock } from '../../mail/clock.ts'
import { randomId } from '../../mail/ids.ts'
import { encodeIndex } from '../../mail/mime-codec.ts'
import { defaultMimeLimits } from '../../mail/mime-part.ts'
import { AccountDirectory } from '../../server/accounts/directory.ts'
import { LoginDesk } from '../../server/accounts/login.ts'
import { PasswordThread } from '../../server/accounts/password-thread.ts'
import { ScramKeyMaker } from '../../server/accounts/scram-key-maker.ts'
import { ConnectionCensus } from '../../server/connection-census.ts'
import { EventLog } from '../../server/event-log/event-log.ts'
import { AccountHints } from '../../server/imap/account-hints.ts'
import { KnownValues } from '../../server/imap/known-values.ts'
import { type ImapParts, type ImapServer, makeImapServer } from '../../server/imap/server.ts'
import { Events } from '../../server/ops/events.ts'
import { Clients } from '../../server/proxied/front.ts'
import { receiveMessage } from '../../server/received-message.ts'
import type { ReadingSession, Retrievals } from '../../server/retrieval.ts'
import type { Appended, DeliveryLink, NewMessage, Store } from '../../storage/port.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { cheapPasswords } from './cheap-passwords.ts'
import { LineClient } from './dialogue.ts'
import { pki } from './pki.ts'

export const ACCOUNT = 'deneme.alici@hs98.kep.tr'
export const OTHER = 'deneme.gonderen@hs98.kep.tr'
export const PASSWORD = 'deneme'
/** The fewest that clients take; tests set many passwords. [RFC 7677 §4] */
export const SCRAM_ITERATIONS = 4_096

export interface ImapUnderTest extends AsyncDisposable {
  readonly server: ImapServer
  /** Implicit TLS. */
  readonly port: number
  /** STARTTLS. */
  readonly plainPort: number
  readonly store: Store
  /** Of the store. */
  readonly folder: string
  readonly parts: ImapParts
  readonly retrievals: RecordedRetrievals
  /** PEM of the root that the certificate leads to. */
  readonly ca: string
  /** PEM of a certificate with those above it. */
  chainWith(der: Uint8Array): string
  /** Puts a message into a mailbox as the pipeline does. */
  deliver(mailbox: string, message: Buffer, options?: Partial<NewMessage>): Promise<Appended>
  /** Changes the account document, as an operator would. */
  changeAccount(address: string, change: (document: AccountDocument) => AccountDocument): Promise<void>
}

export interface AccountDocument {
  state: string
  persons: { permissions: string[]; active: boolean }[]
}

/** Remembers what was read; a test may let it fail or wait. */
export class RecordedRetrievals implements Retrievals {
  rule: 'content' | 'seen' = 'content'
  readonly reads: { delivery: DeliveryLink; trigger: string; client: string }[] = []
  before: () => Promise<void> = async () => {}

  async read(session: ReadingSession, delivery: DeliveryLink, trigger: string): Promise<void> {
    await this.before()
    this.reads.push({ delivery, trigger, client: session.clientName })
  }

  async wasRead(delivery: DeliveryLink): Promise<boolean> {
    return this.reads.some((read) => read.delivery.intake === delivery.intake)
  }
}

export interface ImapTestOptions {
  readonly sasl?: Partial<ImapParts['sasl']>
  readonly limits?: Partial<ImapParts['limits']>
  readonly connectionsPerIp?: number
  readonly clock?: Clock
  readonly recordedOctets?: number
}

export async function startImap(options: ImapTestOptions = {}): Promise<ImapUnderTest> {
  const clock = options.clock ?? systemClock
  const folder = await mkdtemp(join(tmpdir(), 'openkep-imap-'))
  const store = await openSqliteStore(folder, Date.UTC(2026, 0, 1))
  const passwords = new PasswordThread()
  const scram = await ScramKeyMaker.open(store.secrets, SCRAM_ITERATIONS)
  const directory = new AccountDirectory(store, cheapPasswords, 'hs98.kep.tr', clock, scram)
  for (const [address, identityNumber] of [
    [ACCOUNT, '10000000146'],
    [OTHER, '10000000078'],
  ] as const) {
    await directory.create({
      address,
      kind: 'natural',
      service: 'send-receive',
      holder: 'Ayşe Işık',
      quota: 1e9,
      persons: [{ handle: 'ayse', name: 'Ayşe Işık', identityNumber }],
      active: true,
    })
    await directory.setPassword(address, 'ayse', PASSWORD)
  }
  const retrievals = new RecordedRetrievals()
  const { tls, intermediate, root } = pki()
  const eventLog = new EventLog({
    store,
    clock,
    keepYears: 20,
    lost: (error) => {
      throw error
    },
  })
  const parts: ImapParts = {
    store,
    desk: new LoginDesk({
      directory,
      passwords,
      clock,
      eventLog,
      scram,
    }),
    sasl: { scram: true, channelBinding: true, tokens: undefined, ...options.sasl },
    census: new ConnectionCensus({
      connections: 500,
      connectionsPerIp: options.connectionsPerIp ?? 500,
      connectionsPerAccount: 200,
    }),
    events: new Events('silent'),
    clients: new Clients(undefined),
    recordBudget: new TokenBuckets(options.recordedOctets ?? RECORDED_OCTETS, HOUR_MS, clock),
    eventLog,
    retrievals,
    clock,
    domain: 'hs98.kep.tr',
    about: { name: 'Deneme KEPHS’si', contact: 'tel:+903120000000' },
    usesTextFilters: () => true,
    accountHints: new AccountHints(),
    knownValues: new KnownValues(),
    tls: {
      key: tls.key.export({ format: 'pem', type: 'pkcs8' }).toString(),
      cert: toPem(tls.certificate.der) + toPem(intermediate.certificate.der),
    },
    limits: {
      loginTimeMs: 60_000,
      appendMax: 110_000_000,
      mimeLimits: defaultMimeLimits,
      ...options.limits,
    },
  }
  const server = makeImapServer(parts, 'tls')
  const plain = makeImapServer(parts, 'starttls')
  await server.listen(0, '127.0.0.1')
  await plain.listen(0, '127.0.0.1')
  return {
    server,
    port: server.address,
    plainPort: plain.address,
    store,
    folder,
    parts,
    retrievals,
    ca: toPem(root.certificate.der),
    chainWith: (der) => toPem(der) + toPem(intermediate.certificate.der),
    deliver: async (name, message, more = {}) => {
      const mailbox = await store.mailboxes.byName(ACCOUNT, name)
      if (mailbox === undefined) throw new Error(`no mailbox ${name}`)
      const { staged, index } = await receiveMessage(oneOf(message), {
        blobs: store.blobs,
        maxBytes: message.length,
        limits: defaultMimeLimits,
        taps: [],
      })
      return store.mailboxes.append(mailbox.id, {
        opId: randomId('deliver'),
        body: staged.ref,
        staged: [staged],
        index: encodeIndex(index),
        flags: [],
        date: Date.UTC(2026, 0, 2, 3, 4, 5),
        saved: Date.now(),
        origin: 'pipeline',
        ...more,
      })
    },
    changeAccount: async (address, change) => {
      const row = await store.accounts.get(address)
      if (row === undefined) throw new Error(`no account ${address}`)
      await store.accounts.put(address, JSON.stringify(change(JSON.parse(row.document))), row.version)
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([server.close(100), plain.close(100)])
      await passwords[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function* oneOf(octets: Buffer): AsyncGenerator<Buffer> {
  yield octets
}

/** Delivered with the original's content at these offsets. */
export const deliveredAt = (contentStart: number, contentEnd: number, intake = 'intake-1') => ({
  delivery: { intake, recipient: 1, contentStart, contentEnd },
})

/** A TLS connection to a server under test. */
export const connectTo = (under: ImapUnderTest, port = under.port) =>
  connectTls({ host: '127.0.0.1', port, servername: 'localhost', ca: under.ca })

/**
 * A client of its own, over `socket` where one is given, that has logged in.
 *
 * @throws where the login is refused
 */
export async function loggedIn(
  under: ImapUnderTest,
  account = ACCOUNT,
  socket = connectTo(under),
): Promise<LineClient> {
  const client = new LineClient(socket)
  await client.line()
  const answer = (await client.command('l', `LOGIN ${account} ${PASSWORD}`)).at(-1)
  if (answer?.startsWith('l OK') !== true) throw new Error(`${account} cannot log in: ${answer}`)
  return client
}

const toPem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n')}\n-----END CERTIFICATE-----\n`
