import type { LeasedWork, NewWork, WorkKey, WorkKind, WorkOutcome, WorkRow, WorkStore } from '../port.ts'
import type { Collection, Update } from './collection.ts'
import type { Database } from './database.ts'
import { settled } from './failures.ts'
import { number, optionalText, type Row } from './fields.ts'
import { backlog, queues } from './work-figures.ts'
import { type ClaimOptions, WorkLeases } from './work-leases.ts'
import { afterAllOf, checkPayload, newRow, readWork, workId } from './work-rows.ts'

/** Rows of work: one document each, first writer wins by its id. */
export class Work implements Omit<WorkStore, 'watch'> {
  readonly #database: Database
  readonly #work: Collection
  readonly #leases: WorkLeases
  readonly #fanOut: () => Promise<void>
  readonly #tell: () => void

  /** `fanOut` gives acceptances whose process died their first work; `tell` hints to whoever waits for work. */
  constructor(database: Database, now: number, fanOut: () => Promise<void>, tell: () => void) {
    this.#database = database
    this.#work = database.collection('work')
    this.#leases = new WorkLeases(database, now)
    this.#fanOut = fanOut
    this.#tell = tell
  }

  async insert(rows: readonly NewWork[]): Promise<boolean[]> {
    rows.forEach(checkPayload)
    const by = this.#database.nonce()
    const first = new Map<string, NewWork>()
    for (const row of rows) if (!first.has(workId(row))) first.set(workId(row), row)
    const inserted = await this.#work.insertAll([...first.values()].map((row) => newRow(row, by)))
    this.#tell()
    const fresh =
      inserted === first.size ? new Set(first.keys()) : await this.#insertedBy(by, [...first.keys()])
    return rows.map((row) => first.get(workId(row)) === row && fresh.has(workId(row)))
  }

  /** Some were there: which are ours is read back. */
  async #insertedBy(by: string, ids: readonly string[]): Promise<Set<unknown>> {
    const ours = await this.#work.named(ids, { insertedBy: by }, { _id: 1 })
    return new Set(ours.map((row) => row['_id']))
  }

  async claim(kinds: readonly WorkKind[], options: ClaimOptions): Promise<LeasedWork[]> {
    await this.#fanOut()
    const claimed: LeasedWork[] = []
    for (const kind of kinds) {
      if (claimed.length >= options.limit) break
      claimed.push(
        ...(await this.#leases.claim(kind, {
          ...options,
          limit: options.limit - claimed.length,
          queue: options.queue ?? null,
        })),
      )
    }
    return claimed
  }

  async note(row: LeasedWork, payload: string): Promise<boolean> {
    checkPayload({ ...row, payload })
    return this.#work.update(held(row), { $set: { payload } })
  }

  async settle(row: LeasedWork, outcome: WorkOutcome): Promise<boolean> {
    const spawn = 'done' in outcome ? (outcome.spawn ?? []) : []
    spawn.forEach(checkPayload)
    // What follows comes first: whoever sees `done` sees it, and whoever does the row again inserts it again.
    if (spawn.length > 0) {
      if ((await this.#work.get(held(row), { _id: 1 })) === undefined) return false
      await this.insert(spawn)
    }
    const by = this.#database.nonce()
    const isOurs = async () => (await this.#settledBy(row)) === by
    const isSettled = await settled(
      async () => (await this.#work.update(held(row), afterwards(row, outcome, by))) || isOurs(),
      async () => ((await isOurs()) ? true : undefined),
    )
    this.#leases.ended(workId(row))
    this.#tell()
    return isSettled
  }

  async #settledBy(row: WorkKey): Promise<string | undefined> {
    const found = await this.#work.get({ _id: workId(row), intake: row.intake }, { by: 1 })
    return found && optionalText(found, 'by')
  }

  async amend(
    key: WorkKey,
    from: WorkRow['state'],
    to: { due: number } | { held: string },
  ): Promise<boolean> {
    const row = await this.#work.get({ _id: workId(key), intake: key.intake, state: from })
    if (row === undefined) return false
    // A held or done row keeps the fence under which it became so; only a pending one may be in work.
    const where = {
      _id: workId(key),
      intake: key.intake,
      state: from,
      leaseMs: 0,
      fence: number(row, 'fence'),
    }
    const by = this.#database.nonce()
    const isAmended = await this.#work.update(where, { $set: { ...amended(row, from, to), by } })
    this.#tell()
    return isAmended
  }

  async of(intake: string, after: { recipient: number; slot: string }, limit: number): Promise<WorkRow[]> {
    const found = await this.#work.all(
      { intake, _id: { $gt: workId({ intake, ...after }), $lt: afterAllOf(intake) } },
      { sort: { _id: 1 }, limit },
    )
    return found.map(readWork)
  }

  async get(intake: string, recipient: number, slot: string): Promise<WorkRow | undefined> {
    const row = await this.#work.get({ _id: workId({ intake, recipient, slot }), intake })
    return row && readWork(row)
  }

  async queued(queue: string, after: WorkKey | undefined, limit: number): Promise<WorkRow[]> {
    const found = await this.#work.all(
      {
        queue,
        state: { $in: ['pending', 'held'] },
        _id: { $gt: after === undefined ? '' : workId(after) },
      },
      { sort: { _id: 1 }, limit },
    )
    return found.map(readWork)
  }

  queues = () => queues(this.#work)
  backlog = (now: number) => backlog(this.#work, now)

  async nextDue(queue?: string): Promise<number | undefined> {
    await this.#fanOut()
    const free = await this.#work.all(
      { queue: queue ?? null, state: 'pending', leaseMs: 0 },
      { sort: { due: 1 }, limit: 1, fields: { due: 1 } },
    )
    const times = [...free.map((row) => number(row, 'due')), ...(await this.#leases.lapses(queue ?? null))]
    return times.length === 0 ? undefined : Math.min(...times)
  }

  giveBack(): Promise<void> {
    return this.#leases.giveBack()
  }
}

const held = (row: LeasedWork) => ({
  _id: workId(row),
  intake: row.intake,
  state: 'pending',
  fence: row.fence,
  leaseMs: { $gt: 0 },
})

function afterwards(row: LeasedWork, outcome: WorkOutcome, by: string): Update {
  if ('done' in outcome) return { $set: { state: 'done', error: null, leaseMs: 0, by } }
  const attempts = 'blameless' in outcome && outcome.blameless === true ? 0 : 1
  const failed = { error: outcome.error, leaseMs: 0, by }
  return {
    $inc: { attempts },
    $set:
      'held' in outcome
        ? { ...failed, state: 'held' }
        : { ...failed, due: outcome.retryAt, retried: outcome.retryAt > row.since },
  }
}

/**
 * What was started again waits anew, but mail that was held waits as long as it has; a row that only waits keeps the time
 * since which it does.
 */
function amended(row: Row, from: WorkRow['state'], to: { due: number } | { held: string }): Row {
  if ('held' in to) return { state: 'held', error: to.held }
  const keeps = from === 'pending' || (from === 'held' && optionalText(row, 'queue') !== undefined)
  const since = keeps ? number(row, 'since') : to.due
  return { state: 'pending', due: to.due, since, leaseMs: 0, attempts: 0, retried: to.due > since }
}
