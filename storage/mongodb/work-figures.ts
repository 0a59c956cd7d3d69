import type { Backlog, QueueState } from '../port.ts'
import type { Collection } from './collection.ts'
import { number, optionalNumber, type Row, text } from './fields.ts'
import { readKind } from './work-rows.ts'

/** What is due, what was due once and waits for its next attempt, and what is held; deadlines of the future are not read. */
export async function backlog(work: Collection, now: number): Promise<Backlog[]> {
  const sums = await work.aggregate([
    {
      $match: {
        $or: [
          { state: 'pending', retried: false, due: { $lte: now } },
          { state: 'pending', retried: true },
          { state: 'held' },
        ],
      },
    },
    { $group: { _id: { kind: '$kind', state: '$state' }, rows: { $sum: 1 }, oldest: { $min: '$since' } } },
  ])
  return sums.map((sum) => {
    const { kind, state } = sum['_id'] as Row
    return {
      kind: readKind(String(kind)),
      state: state === 'held' ? 'held' : 'pending',
      rows: number(sum, 'rows'),
      oldestSince: number(sum, 'oldest'),
    }
  })
}

export async function queues(work: Collection): Promise<QueueState[]> {
  const sums = await work.aggregate([
    { $match: { queue: { $gt: '' }, state: { $in: ['pending', 'held'] } } },
    { $group: { _id: { queue: '$queue', state: '$state' }, rows: { $sum: 1 }, oldest: { $min: '$since' } } },
  ])
  const states = new Map<string, QueueState>()
  for (const sum of sums) {
    const group = sum['_id'] as Row
    const queue = text(group, 'queue')
    const before = states.get(queue) ?? { queue, pending: 0, held: 0, oldestSince: undefined }
    states.set(
      queue,
      text(group, 'state') === 'held'
        ? { ...before, held: number(sum, 'rows') }
        : { ...before, pending: number(sum, 'rows'), oldestSince: optionalNumber(sum, 'oldest') },
    )
  }
  return [...states.values()].sort((a, b) => (a.queue < b.queue ? -1 : 1))
}
