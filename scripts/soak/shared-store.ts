import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { openMongoStore } from '../../storage/mongodb/store.ts'
import type { Store } from '../../storage/port.ts'
import { signerOf } from '../bench/transactions.ts'
import { Chance } from './shared-store/chance.ts'
import { change } from './shared-store/changer.ts'
import { checkActs } from './shared-store/check/check-acts.ts'
import { checkChains, checkWork } from './shared-store/check/check-archive.ts'
import { checkLogs } from './shared-store/check/check-logs.ts'
import { checkMail } from './shared-store/check/check-mail.ts'
import { checkMailboxes } from './shared-store/check/check-mailboxes.ts'
import { finalStateOf } from './shared-store/check/final-state.ts'
import type { ClientParts } from './shared-store/client-parts.ts'
import { ownDatabase, realDatabase } from './shared-store/database.ts'
import { Findings, type PromiseName } from './shared-store/findings.ts'
import { History } from './shared-store/history.ts'
import { RECIPIENTS, SENDER, startSharedProvider } from './shared-store/provider.ts'
import { read } from './shared-store/reader.ts'
import { startObservers } from './shared-store/start-observers.ts'
import { submitMail } from './shared-store/submitter.ts'
import { Weather } from './shared-store/weather.ts'

export interface SharedStoreOptions {
  readonly seconds: number
  readonly seed: number
  /** Of a real MongoDB; undefined: the wire server of this checkout, which can be told to fail. */
  readonly uri?: string | undefined
  /** So many and no more, however long they take; undefined: as many as fit. */
  readonly kills?: number
}

export interface SharedStoreReport {
  readonly server: string
  readonly seed: number
  readonly kills: number
  readonly refusedStarts: number
  readonly faultsStruck: number
  readonly accepted: number
  readonly duplicatesAnswered: number
  readonly reads: number
  readonly changes: number
  readonly changesAnsweredOk: number
  readonly chainEntries: number
  /** Until another process showed what one had shown, while nothing was faulted, ms. */
  readonly longestWaitMs: number
  readonly internalErrors: Readonly<Record<string, number>>
  /** Each is 0, or a promise was broken. */
  readonly broken: Readonly<Record<PromiseName, number>>
  readonly examples: readonly string[]
  readonly seconds: number
}

const CLIENTS = { submitting: 4, reading: 2, changing: 5 } as const
/** What a dead process had in hand; short, so that a run sees many of them taken over. */
const WORK_LEASE_MS = 10_000
const QUIET_MS = 600_000

/**
 * One provider as four processes on one MongoDB, clients that do everything at once, kill -9 of any process and a database
 * that fails. Then what clients heard is compared with what the store says.
 */
export async function sharedStore(
  { seconds, seed, uri, kills }: SharedStoreOptions,
  progress: (text: string) => void = () => {},
): Promise<SharedStoreReport> {
  const began = performance.now()
  await using parts = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'openkep-soak-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const [chance, findings, history, weather] = [
    new Chance(seed),
    new Findings(),
    new History(),
    new Weather(),
  ]
  const database = parts.use(await (uri === undefined ? ownDatabase() : realDatabase(uri)))
  const store = parts.use(await openMongoStore({ uri: database.uri, now: Date.now() }))
  const workLease = `${WORK_LEASE_MS / 1000} s`
  const shared = { folder, uri: database.uri, store, workLease }
  const provider = await startSharedProvider(shared, parts, findings, weather.isFaulted)
  progress('four processes are ready')

  const [over, atRest] = [new AbortController(), new AbortController()]
  const client = (): ClientParts => ({
    provider,
    history,
    findings,
    weather,
    chance: chance.branch(),
    over: over.signal,
  })
  const signer = await signerOf({ folder: provider.home }, `dev/users/${SENDER}`)
  const observing = await startObservers(store, client, atRest.signal)
  const acting = [
    ...times(CLIENTS.submitting, () => submitMail(client(), signer)),
    ...times(CLIENTS.reading, (at) => read(client(), accountOf(at))),
    ...times(CLIENTS.changing, (at) => change(client(), accountOf(at), at)),
  ]
  const killing = weather.kill(provider.machines, chance.branch(), over.signal, kills)
  const faulting = weather.fault(database, chance.branch(), over.signal)
  const clock = setInterval(() => progress(summary(history, weather)), 10_000)
  await Promise.all([setTimeout(seconds * 1000), kills === undefined ? undefined : killing])
  over.abort()
  await Promise.all([killing, faulting, ...acting])
  clearInterval(clock)
  progress(`at rest soon: ${summary(history, weather)}`)
  await quiet(store, progress)
  atRest.abort()
  await Promise.all(observing)
  await Promise.all(provider.machines.map((machine) => machine.stop()))

  const state = await finalStateOf(store)
  await checkMail(store, state, history, findings)
  const chainEntries = await checkChains(store, state, findings)
  await checkWork(store, state, findings)
  checkMailboxes(state, history, findings)
  checkActs(state, history, findings)
  return {
    server: database.server,
    seed,
    kills: weather.kills,
    refusedStarts: provider.machines.reduce((sum, machine) => sum + machine.refusedStarts, 0),
    faultsStruck: await database.struck(),
    accepted: history.mails.length,
    duplicatesAnswered: history.duplicates,
    reads: history.reads,
    changes: history.acts.length,
    changesAnsweredOk: history.acts.filter(({ outcome }) => outcome === 'OK').length,
    chainEntries,
    longestWaitMs: Math.round(history.longestWait),
    internalErrors: checkLogs(provider.machines, findings),
    broken: findings.counts,
    examples: findings.examples,
    seconds: Math.round((performance.now() - began) / 1000),
  }
}

const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at))
const accountOf = (at: number): string => RECIPIENTS[at % RECIPIENTS.length] ?? ''
const summary = ({ mails, acts, reads }: History, { kills }: Weather): string =>
  `${kills} kills, ${mails.length} messages, ${acts.length} changes, ${reads} reads`

/** Until nobody has anything to do but to wait for deadlines. */
async function quiet(store: Store, progress: (text: string) => void): Promise<void> {
  const until = performance.now() + QUIET_MS
  for (let calm = 0; calm < 2 && performance.now() < until; ) {
    await setTimeout(1_000)
    const rows = (await store.work.backlog(Date.now())).filter(
      ({ kind, state }) => kind !== 'timer' && state === 'pending',
    )
    const left = rows.reduce((sum, row) => sum + row.rows, 0)
    calm = left === 0 ? calm + 1 : 0
    progress(`left: ${left}`)
  }
}
