import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Books, booksOf } from './books.ts'
import { startProviders } from './providers.ts'
import { prepare, quiet, stream } from './traffic.ts'

const HERE = 'hs98.kep.tr'
const THERE = 'hs99.kep.tr'
export const SENDER = `deneme.gonderen@${HERE}`
export const RECIPIENT = `deneme.alici@${THERE}`
/** Between two kills, ms: short enough to hit every stage, long enough for some work to be done. */
const LIFE_MS = { least: 150, most: 900 }

export interface KillReport {
  readonly kills: number
  readonly messages: number
  /** Submissions that heard 250. */
  readonly acknowledged: number
  /** Acknowledged, and not in the recipient's mailbox or without final evidence at the sender. */
  readonly lost: number
  readonly withoutFinal: number
  /** Second finals about one recipient by one provider, and second copies in a mailbox. */
  readonly secondFinals: number
  readonly secondCopies: number
  /** Pairs of evidence of the two that cannot both be true; and those that are marked as such. */
  readonly contradictions: number
  readonly marked: number
  /** Copies that the receiver met and removed, and attempts of which nobody knew how they ended. */
  readonly copiesRemoved: number
  readonly uncertain: number
  readonly seconds: number
}

/**
 * Two providers as processes, a stream of messages from one to the other, and kill -9 of either at random moments. Then
 * the books of both are compared.
 */
export async function killRelay(
  { kills, messages }: { readonly kills: number; readonly messages: number },
  progress: (text: string) => void = () => {},
): Promise<KillReport> {
  const began = performance.now()
  await using parts = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'openkep-soak-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const acknowledged: string[] = []
  const here = await (async () => {
    await using running = new AsyncDisposableStack()
    const [sender, receiver] = await startProviders(folder, [HERE, THERE], running)
    if (sender === undefined || receiver === undefined) throw new RangeError('two providers')
    const waiting = await prepare(
      sender,
      SENDER,
      Array.from({ length: messages }, () => [RECIPIENT]),
    )
    for (let kill = 1; kill <= kills; kill++) {
      const batch = waiting.splice(0, Math.ceil(waiting.length / (kills - kill + 1)))
      const sending = stream(sender, SENDER, batch, (id) => acknowledged.push(id))
      await setTimeout(LIFE_MS.least + Math.random() * (LIFE_MS.most - LIFE_MS.least))
      const victim = Math.random() < 0.5 ? sender : receiver
      await victim.kill()
      await sending
      waiting.push(...batch) // whoever missed the 250 sends the same octets again
      await victim.restart()
      if (kill % 10 === 0) progress(`${kill} kills, ${acknowledged.length} acknowledged`)
    }
    const last = [...waiting]
    await stream(sender, SENDER, last, (id) => acknowledged.push(id))
    if (last.length > 0) throw new Error(`${last.length} messages could not be handed in`)
    await quiet([sender, receiver], progress)
    for (const one of [sender, receiver]) one.logs.push(one.daemon.log())
    return { logs: { sender: sender.logs, receiver: receiver.logs } }
  })()
  const mine = await booksOf(join(folder, HERE))
  const theirs = await booksOf(join(folder, THERE), RECIPIENT)
  return {
    kills,
    messages,
    acknowledged: acknowledged.length,
    ...compare(acknowledged, mine, theirs),
    copiesRemoved: count(here.logs.receiver, '"outcome":"repeated"', '"event":"dispatch"'),
    uncertain: count(here.logs.sender, '"event":"relay-uncertain"'),
    seconds: Math.round((performance.now() - began) / 1000),
  }
}

function compare(acknowledged: readonly string[], mine: Books, theirs: Books) {
  const ids = new Set(acknowledged)
  const delivered = [...ids].filter((id) => (theirs.copies.get(id) ?? 0) > 0)
  const finals = (books: Books, id: string) => books.finals.get(id)?.length ?? 0
  const negative = (books: Books, id: string) =>
    books.finals.get(id)?.some((name) => name !== 'delivery') ?? false
  return {
    lost: ids.size - delivered.length,
    withoutFinal: [...ids].filter((id) => (mine.outcomes.get(id) ?? []).length === 0).length,
    secondFinals: [...mine.finals.keys(), ...theirs.finals.keys()].filter(
      (id) => finals(mine, id) > 1 || finals(theirs, id) > 1,
    ).length,
    secondCopies: [...theirs.copies.values()].filter((copies) => copies > 1).length,
    contradictions: delivered.filter((id) => negative(mine, id)).length,
    marked: mine.contradicted,
  }
}

const count = (logs: readonly string[], ...marks: readonly string[]): number =>
  logs.flatMap((log) => log.split('\n')).filter((line) => marks.every((mark) => line.includes(mark))).length
