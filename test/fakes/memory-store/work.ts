import {
  type Backlog,
  type LeasedWork,
  type NewWork,
  type QueueState,
  StoreError,
  type WorkKey,
  type WorkKind,
  type WorkOutcome,
  type WorkRow,
  type WorkStore,
} from '../../../storage/port.ts'
import { MAX_PAYLOAD } from '../../../storage/port-work.ts'
import type { WorkDocument } from './disk.ts'
import type { Documents } from './documents.ts'

export class MemoryWork implements WorkStore {
  readonly #documents: Documents<WorkDocument>
  readonly #fanOut: () => Promise<void>
  readonly #listeners = new Set<() => void>()

  /** `fanOut` gives the acceptances of a process that died in between their first work. */
  constructor(documents: Documents<WorkDocument>, fanOut: () => Promise<void>) {
    this.#documents = documents
    this.#fanOut = fanOut
  }

  async insert(rows: readonly NewWork[]): Promise<boolean[]> {
    for (const row of rows) checkPayload(row)
    const fresh: boolean[] = []
    for (const row of rows)
      fresh.push(
        await this.#documents.insert(keyOf(row), {
          ...row,
          queue: row.queue,
          state: 'pending',
          since: row.due,
          attempts: 0,
          error: undefined,
          fence: 0,
          leasedUntil: 0,
        }),
      )
    this.tell()
    return fresh
  }

  async claim(
    kinds: readonly WorkKind[],
    {
      now,
      limit,
      leaseMs,
      queue,
    }: { now: number; limit: number; leaseMs: number; queue?: string | undefined },
  ): Promise<LeasedWork[]> {
    await this.#fanOut()
    const free = (row: WorkDocument) =>
      row.state === 'pending' && row.queue === queue && row.due <= now && row.leasedUntil <= now
    const claimed: LeasedWork[] = []
    for (const kind of kinds) {
      const due = await this.#documents.select((row) => row.kind === kind && free(row))
      for (const row of due.sort((a, b) => a.due - b.due)) {
        if (claimed.length >= limit) return claimed
        const mine = await this.#documents.change(keyOf(row), (current) =>
          free(current) ? { ...current, fence: current.fence + 1, leasedUntil: now + leaseMs } : undefined,
        )
        if (mine !== undefined) claimed.push({ ...rowOf(mine), fence: mine.fence })
      }
    }
    return claimed
  }

  async settle(row: LeasedWork, outcome: WorkOutcome): Promise<boolean> {
    const held = (current: WorkDocument) => current.state === 'pending' && current.fence === row.fence
    const current = await this.#documents.get(keyOf(row))
    if (current === undefined || !held(current)) return false
    // What follows comes first: whoever sees `done` sees it, and whoever does the row again inserts it again.
    if ('done' in outcome) await this.insert(outcome.spawn ?? [])
    const settled = await this.#documents.change(keyOf(row), (before) =>
      held(before) ? { ...before, ...after(before, outcome) } : undefined,
    )
    this.tell()
    return settled !== undefined
  }

  async of(intake: string, after: { recipient: number; slot: string }, limit: number): Promise<WorkRow[]> {
    const rows = await this.#documents.select(
      (row) =>
        row.intake === intake &&
        (row.recipient > after.recipient || (row.recipient === after.recipient && row.slot > after.slot)),
    )
    return rows
      .sort((a, b) => a.recipient - b.recipient || (a.slot < b.slot ? -1 : 1))
      .slice(0, limit)
      .map(rowOf)
  }

  async get(intake: string, recipient: number, slot: string): Promise<WorkRow | undefined> {
    const row = await this.#documents.get(keyOf({ intake, recipient, slot }))
    return row && rowOf(row)
  }

  async note(row: LeasedWork, payload: string): Promise<boolean> {
    checkPayload({ ...row, payload })
    const noted = await this.#documents.change(keyOf(row), (current) =>
      current.state === 'pending' && current.fence === row.fence ? { ...current, payload } : undefined,
    )
    return noted !== undefined
  }

  async amend(
    key: WorkKey,
    from: WorkRow['state'],
    to: { due: number } | { held: string },
  ): Promise<boolean> {
    const amended = await this.#documents.change(keyOf(key), (row) => {
      if (row.state !== from || (from === 'pending' && row.leasedUntil > 0)) return undefined
      if ('held' in to) return { ...row, state: 'held', error: to.held }
      const waits = from === 'pending' || (from === 'held' && row.queue !== undefined)
      const since = waits ? row.since : to.due
      return { ...row, state: 'pending', due: to.due, since, leasedUntil: 0, attempts: 0 }
    })
    this.tell()
    return amended !== undefined
  }

  async queued(queue: string, after: WorkKey | undefined, limit: number): Promise<WorkRow[]> {
    const rows = await this.#documents.select((row) => row.queue === queue && row.state !== 'done')
    return rows
      .sort(byKey)
      .filter((row) => after === undefined || byKey(after, row) < 0)
      .slice(0, limit)
      .map(rowOf)
  }

  async queues(): Promise<QueueState[]> {
    const rows = await this.#documents.select((row) => row.queue !== undefined && row.state !== 'done')
    const states = new Map<string, QueueState>()
    for (const { queue = '', state, since } of rows) {
      const sum = states.get(queue) ?? { queue, pending: 0, held: 0, oldestSince: undefined }
      states.set(
        queue,
        state === 'held'
          ? { ...sum, held: sum.held + 1 }
          : { ...sum, pending: sum.pending + 1, oldestSince: Math.min(sum.oldestSince ?? since, since) },
      )
    }
    return [...states.values()].sort((a, b) => (a.queue < b.queue ? -1 : 1))
  }

  async backlog(now: number): Promise<Backlog[]> {
    const waiting = await this.#documents.select(
      (row) => row.state === 'held' || (row.state === 'pending' && (row.due <= now || row.due > row.since)),
    )
    const sums = new Map<string, Backlog>()
    for (const { kind, state, since } of waiting) {
      if (state === 'done') continue
      const sum = sums.get(`${kind}/${state}`) ?? { kind, state, rows: 0, oldestSince: since }
      sums.set(`${kind}/${state}`, {
        ...sum,
        rows: sum.rows + 1,
        oldestSince: Math.min(sum.oldestSince, since),
      })
    }
    return [...sums.values()]
  }

  async nextDue(queue?: string): Promise<number | undefined> {
    await this.#fanOut()
    const pending = await this.#documents.select((row) => row.state === 'pending' && row.queue === queue)
    const times = pending.map((row) => Math.max(row.due, row.leasedUntil))
    return times.length === 0 ? undefined : Math.min(...times)
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

export function checkPayload({ payload }: NewWork): void {
  if (Buffer.byteLength(payload) > MAX_PAYLOAD) throw new StoreError('TOO_LARGE_A_ROW', 'name a blob instead')
}

const byKey = (a: WorkKey, b: WorkKey): number =>
  compare(a.intake, b.intake) || a.recipient - b.recipient || compare(a.slot, b.slot)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const keyOf = (row: WorkKey): string => JSON.stringify([row.intake, row.recipient, row.slot])

const rowOf = ({ fence: _, leasedUntil: __, ...row }: WorkDocument): WorkRow => row

function after(before: WorkDocument, outcome: WorkOutcome): Partial<WorkDocument> {
  if ('done' in outcome) return { state: 'done', error: undefined }
  const blame = 'blameless' in outcome && outcome.blameless === true ? 0 : 1
  const failed = { attempts: before.attempts + blame, error: outcome.error }
  return 'held' in outcome
    ? { ...failed, state: 'held' }
    : { ...failed, due: outcome.retryAt, leasedUntil: 0 }
}
