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
} from '../port.ts'
import { BACKLOG_COUNTED, MAX_PAYLOAD, WORK_KINDS } from '../port-work.ts'
import { type Database, number, optionalNumber, optionalText, type Row, text } from './database.ts'

export function insertWork(db: Database, rows: readonly NewWork[]): boolean[] {
  return rows.map((row) => {
    checkPayload(row.payload)
    const changed = db.run(
      'INSERT OR IGNORE INTO work (intake, recipient, slot, kind, due, since, payload, queue) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      row.intake,
      row.recipient,
      row.slot,
      row.kind,
      row.due,
      row.due,
      row.payload,
      row.queue ?? null,
    )
    return changed === 1
  })
}

function checkPayload(payload: string): void {
  const octets = Buffer.byteLength(payload)
  if (octets > MAX_PAYLOAD)
    throw new StoreError('TOO_LARGE_A_ROW', `payload of ${octets} octets: name a blob instead`)
}

export interface ClaimOptions {
  now: number
  limit: number
  leaseMs: number
  queue?: string | undefined
}

export function claimWork(
  db: Database,
  kinds: readonly WorkKind[],
  { now, limit, leaseMs, queue }: ClaimOptions,
): LeasedWork[] {
  const claimed: LeasedWork[] = []
  const inQueue = queue === undefined ? 'queue IS NULL' : 'queue = ?'
  const index = queue === undefined ? '' : 'INDEXED BY work_queue'
  for (const kind of kinds) {
    const due = db.all(
      `SELECT * FROM work ${index} WHERE state = 'pending' AND kind = ? AND due <= ? AND leased_until <= ? AND ${inQueue} ORDER BY due LIMIT ?`,
      kind,
      now,
      now,
      ...(queue === undefined ? [] : [queue]),
      limit - claimed.length,
    )
    for (const row of due) {
      const fence = number(row, 'fence') + 1
      db.run(
        'UPDATE work SET leased_until = ?, fence = ? WHERE intake = ? AND recipient = ? AND slot = ?',
        now + leaseMs,
        fence,
        text(row, 'intake'),
        number(row, 'recipient'),
        text(row, 'slot'),
      )
      claimed.push({ ...readWork(row), fence })
    }
    if (claimed.length >= limit) break
  }
  return claimed
}

export function settleWork(db: Database, row: LeasedWork, outcome: WorkOutcome): boolean {
  const key = [row.intake, row.recipient, row.slot, row.fence] as const
  const where = `WHERE intake = ? AND recipient = ? AND slot = ? AND fence = ? AND state = 'pending'`
  if ('done' in outcome) {
    const changed = db.run(`UPDATE work SET state = 'done', error = NULL ${where}`, ...key)
    if (changed === 1) insertWork(db, outcome.spawn ?? [])
    return changed === 1
  }
  if ('held' in outcome)
    return (
      db.run(
        `UPDATE work SET state = 'held', attempts = attempts + 1, error = ? ${where}`,
        outcome.error,
        ...key,
      ) === 1
    )
  return (
    db.run(
      `UPDATE work SET due = ?, leased_until = 0, attempts = attempts + ?, error = ? ${where}`,
      outcome.retryAt,
      outcome.blameless === true ? 0 : 1,
      outcome.error,
      ...key,
    ) === 1
  )
}

export function noteWork(db: Database, row: LeasedWork, payload: string): boolean {
  checkPayload(payload)
  return (
    db.run(
      `UPDATE work SET payload = ? WHERE intake = ? AND recipient = ? AND slot = ? AND fence = ? AND state = 'pending'`,
      payload,
      row.intake,
      row.recipient,
      row.slot,
      row.fence,
    ) === 1
  )
}

export function amendWork(
  db: Database,
  { intake, recipient, slot }: WorkKey,
  from: WorkRow['state'],
  to: { due: number } | { held: string },
): boolean {
  const where = 'WHERE intake = ? AND recipient = ? AND slot = ? AND state = ?'
  const key = [intake, recipient, slot, from] as const
  // A held or done row keeps the lease under which it became so; only a pending one may be in work.
  const free = from === 'pending' ? 'AND leased_until = 0' : ''
  if ('held' in to)
    return db.run(`UPDATE work SET state = 'held', error = ? ${where} ${free}`, to.held, ...key) === 1
  const at = Math.trunc(to.due)
  // What was started again waits anew, but mail that was held waits as long as it has; a row that only waits keeps the time since which it does.
  const since =
    from === 'pending' ? 'since' : from === 'held' ? `iif(queue IS NULL, ${at}, since)` : String(at)
  return (
    db.run(
      `UPDATE work SET state = 'pending', due = ?, since = ${since}, leased_until = 0, attempts = 0 ${where} ${free}`,
      to.due,
      ...key,
    ) === 1
  )
}

/** Whoever holds the lock on the data folder is alone: leases of a process that died are nobody's. */
export const forgetLeases = (db: Database): void => {
  db.run('UPDATE work SET leased_until = 0 WHERE leased_until > 0')
  db.run('UPDATE leases SET until = 0')
}

export const workOf = (
  db: Database,
  intake: string,
  after: { recipient: number; slot: string },
  limit: number,
): WorkRow[] =>
  db
    .all(
      'SELECT * FROM work WHERE intake = ? AND (recipient, slot) > (?, ?) ORDER BY recipient, slot LIMIT ?',
      intake,
      after.recipient,
      after.slot,
      limit,
    )
    .map(readWork)

export const workAt = (
  db: Database,
  intake: string,
  recipient: number,
  slot: string,
): WorkRow | undefined => {
  const row = db.get(
    'SELECT * FROM work WHERE intake = ? AND recipient = ? AND slot = ?',
    intake,
    recipient,
    slot,
  )
  return row && readWork(row)
}

/** Counted in index ranges, and no further than {@link BACKLOG_COUNTED}: a million rows that are due must not hold the loop. */
export const backlog = (db: Database, now: number): Backlog[] =>
  WORK_KINDS.flatMap((kind) => [pendingOf(db, kind, now), heldOf(db, kind)]).filter(({ rows }) => rows > 0)

function pendingOf(db: Database, kind: WorkKind, now: number): Backlog {
  const due = db.get(
    `SELECT count(*) AS n, min(due) AS oldest FROM (
       SELECT due FROM work INDEXED BY work_due WHERE state = 'pending' AND kind = ? AND due <= ? ORDER BY due LIMIT ${BACKLOG_COUNTED})`,
    kind,
    now,
  )
  // What was due once and waits for its next attempt; of what is retried the first time counts, also where it is due again.
  const retried = db.get(
    `SELECT count(*) FILTER (WHERE due > ?) AS n, min(since) AS oldest FROM (
       SELECT since, due FROM work INDEXED BY work_retried WHERE state = 'pending' AND due > since AND kind = ? ORDER BY since LIMIT ${BACKLOG_COUNTED})`,
    now,
    kind,
  )
  return sumOf(kind, 'pending', [due, retried])
}

const heldOf = (db: Database, kind: WorkKind): Backlog =>
  sumOf(kind, 'held', [
    db.get(
      `SELECT count(*) AS n, min(since) AS oldest FROM (
         SELECT since FROM work INDEXED BY work_held WHERE state = 'held' AND kind = ? LIMIT ${BACKLOG_COUNTED})`,
      kind,
    ),
  ])

function sumOf(kind: WorkKind, state: Backlog['state'], found: readonly (Row | undefined)[]): Backlog {
  const rows = found.reduce((sum, row) => sum + number(row ?? {}, 'n'), 0)
  const times = found.flatMap((row) => (row && optionalNumber(row, 'oldest')) ?? [])
  return { kind, state, rows: Math.min(rows, BACKLOG_COUNTED), oldestSince: Math.min(...times) }
}

/**
 * Index seeks: a minimum over all rows would read every deadline. What is leased is due when its lease lapses;
 * told as due before, it would wake a worker that finds nothing, again and again.
 */
export function nextDue(db: Database, queue?: string): number | undefined {
  const rows = queue === undefined ? firstDueOfNone(db) : firstDueOf(db, queue)
  const times = rows.flatMap((row) => (row && optionalNumber(row, 'due')) ?? [])
  return times.length === 0 ? undefined : Math.min(...times)
}

function firstDueOfNone(db: Database): (Row | undefined)[] {
  const free = `SELECT due FROM work WHERE state = 'pending' AND kind = ? AND leased_until = 0 AND queue IS NULL ORDER BY due LIMIT 1`
  const leased = `SELECT min(max(due, leased_until)) AS due FROM work WHERE state = 'pending' AND leased_until > 0 AND queue IS NULL`
  const asked = [...kinds.keys()].filter((kind) => kind !== 'send' && kind !== 'notify')
  return [...asked.map((kind) => db.get(free, kind)), db.get(leased)]
}

/** The indexes are named: by another one, ten thousand rows that wait would be read for each that is claimed. */
const firstDueOf = (db: Database, queue: string): (Row | undefined)[] => [
  db.get(
    `SELECT due FROM work INDEXED BY work_queue WHERE state = 'pending' AND leased_until = 0 AND queue = ? ORDER BY due LIMIT 1`,
    queue,
  ),
  db.get(
    `SELECT min(max(due, leased_until)) AS due FROM work INDEXED BY work_leased WHERE state = 'pending' AND leased_until > 0 AND queue = ?`,
    queue,
  ),
]

export const queued = (db: Database, queue: string, after: WorkKey | undefined, limit: number): WorkRow[] =>
  db
    .all(
      `SELECT * FROM work WHERE queue = ? AND state IN ('pending', 'held') AND (intake, recipient, slot) > (?, ?, ?)
       ORDER BY intake, recipient, slot LIMIT ?`,
      queue,
      after?.intake ?? '',
      after?.recipient ?? -1,
      after?.slot ?? '',
      limit,
    )
    .map(readWork)

export const queues = (db: Database): QueueState[] =>
  db
    .all(
      `SELECT queue, sum(pending) AS pending, sum(1 - pending) AS held, min(since) AS oldest FROM (
        SELECT queue, 1 AS pending, since FROM work WHERE queue IS NOT NULL AND state = 'pending'
        UNION ALL SELECT queue, 0, NULL FROM work WHERE queue IS NOT NULL AND state = 'held'
      ) GROUP BY queue ORDER BY queue`,
    )
    .map((row) => ({
      queue: text(row, 'queue'),
      pending: number(row, 'pending'),
      held: number(row, 'held'),
      oldestSince: optionalNumber(row, 'oldest'),
    }))

const kinds = new Map<string, WorkKind>(WORK_KINDS.map((kind) => [kind, kind]))

function readKind(name: string): WorkKind {
  const kind = kinds.get(name)
  if (kind === undefined) throw new StoreError('CORRUPT', `work of the unknown kind ${name}`)
  return kind
}

export function readWork(row: Row): WorkRow {
  const state = text(row, 'state')
  return {
    intake: text(row, 'intake'),
    recipient: number(row, 'recipient'),
    slot: text(row, 'slot'),
    kind: readKind(text(row, 'kind')),
    due: number(row, 'due'),
    since: number(row, 'since'),
    payload: text(row, 'payload'),
    state: state === 'done' || state === 'held' ? state : 'pending',
    attempts: number(row, 'attempts'),
    error: optionalText(row, 'error'),
    queue: optionalText(row, 'queue'),
  }
}
