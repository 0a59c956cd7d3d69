import { setImmediate } from 'node:timers/promises'
import { DELIVERED, FAILED, READ, REJECTED, typeKeyword } from '../../mail/house-keywords.ts'
import { typeOf } from '../../mail/message-record.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import { type MessageRow, type PlacedMessage, type Store, StoreError } from '../../storage/port.ts'
import { Filed } from './filed.ts'
import { type Fate, fateOf } from './sent-fate.ts'

/** Recipients looked at before others have their turn (I9). */
const AT_A_TIME = 32
/** A client may move the message while we mark it: then it is looked for anew. What comes of that is found by the next evidence. */
const MAX_LOOKS = 5

/** Of these a message bears what is proved, and nothing of what an earlier acceptance of the same octets came to. */
const OUTCOMES = [DELIVERED, READ, FAILED, REJECTED]

type Parts = { readonly store: Pick<Store, 'work' | 'mailboxes' | 'filed'> }

/**
 * The keywords of a sent message follow its evidence, wherever its sender has put it meanwhile. Called after the rows that
 * decide are there, and again by whatever repeats; what it sets follows from those rows alone. A message that is not filed
 * yet is marked when it is.
 *
 * @param positions recipients of whom something is new; `all` when the message was filed
 */
export async function markSent(
  parts: Parts,
  submission: SubmissionRecord,
  positions: readonly number[] | 'all',
): Promise<void> {
  const { store } = parts
  const { id, sender, recipients } = submission
  const hash = await new Filed(store).bodyOf(id)
  // The same octets may have been accepted again since: the message shows what became of it the last time.
  if (hash === undefined || (await new Filed(store).intakeOf(sender.address, hash)) !== id) return
  const everyone = recipients.map((_, index) => index + 1)
  for (let look = 0; look < MAX_LOOKS; look++) {
    const placed = await store.mailboxes.ofBody(sender.address, hash)
    if (placed.length === 0) return
    // What was just set is looked at again: a word that came meanwhile may say otherwise.
    const known = look === 0 ? placed : []
    const change = await keywordsOf(store, submission, positions === 'all' ? everyone : positions, known)
    const clear = positions === 'all' ? OUTCOMES.filter((one) => !change.set.includes(one)) : change.clear
    if (!(await apply(store, placed, { ...change, clear }))) return
  }
}

interface Change {
  readonly set: readonly string[]
  readonly clear: readonly string[]
}

/**
 * Says only what the recipients that are new can have changed; what all must have is asked of the others while it may hold.
 *
 * @param known where what they bear already need not be asked for again
 */
async function keywordsOf(
  store: Parts['store'],
  submission: SubmissionRecord,
  positions: readonly number[],
  known: readonly PlacedMessage[],
): Promise<Change> {
  const { id, recipients } = submission
  const fates: Fate[] = []
  for (const position of positions) {
    fates.push(await fateOf(store, id, position))
    if (fates.length % AT_A_TIME === 0) await setImmediate()
  }
  const set = [typeKeyword(typeOf(submission))]
  if (fates.some(({ failed }) => failed)) {
    if (fates.some(({ rejected }) => rejected)) set.push(REJECTED)
    return { set: [...set, FAILED], clear: [DELIVERED, READ] }
  }
  if (!fates.every(({ delivered }) => delivered)) return { set, clear: [DELIVERED, READ] }
  const everybody = (proves: (fate: Fate) => boolean): Promise<boolean> =>
    isTrueOfAll(recipients.length, async (position) => proves(await fateOf(store, id, position)))
  const isKnown = (keyword: string) => known.length > 0 && known.every(({ row }) => has(row, keyword))
  if (!isKnown(DELIVERED) && !(await everybody(({ delivered }) => delivered)))
    return { set, clear: [DELIVERED, READ] }
  set.push(DELIVERED)
  const isRead = fates.every(({ read }) => read) && (isKnown(READ) || (await everybody(({ read }) => read)))
  return isRead ? { set: [...set, READ], clear: [] } : { set, clear: [READ] }
}

/**
 * Ends with the first of whom it is not true. Asks in an order of its own each time: then, in whatever order a thousand
 * recipients come to it, they are asked some thousands of times in all and not a million.
 */
async function isTrueOfAll(count: number, holds: (position: number) => Promise<boolean>): Promise<boolean> {
  let stride = 1 + Math.floor(Math.random() * count)
  while (commonDivisor(stride, count) > 1) stride++
  let at = Math.floor(Math.random() * count)
  for (let step = 0; step < count; step++, at = (at + stride) % count) {
    if (!(await holds(at + 1))) return false
    if (step % AT_A_TIME === 0) await setImmediate()
  }
  return true
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b))

/** True where something was changed, or moved away under our hands: then it is worth another look. */
async function apply(
  { mailboxes }: Parts['store'],
  placed: readonly PlacedMessage[],
  { set, clear }: Change,
): Promise<boolean> {
  let changed = false
  for (const { mailbox, row } of placed)
    for (const [mode, flags] of [
      ['add', set.filter((keyword) => !has(row, keyword))],
      ['remove', clear.filter((keyword) => has(row, keyword))],
    ] as const) {
      if (flags.length === 0) continue
      changed = true
      try {
        await mailboxes.store(mailbox, [row.uid], { mode, flags })
      } catch (error) {
        // Its mailbox was deleted meanwhile.
        if (!(error instanceof StoreError) || error.code !== 'NO_SUCH_MAILBOX') throw error
      }
    }
  return changed
}

const has = (row: MessageRow, keyword: string): boolean =>
  row.flags.some((flag) => flag.toLowerCase() === keyword.toLowerCase())
