import { type HashName, nodeOf, objectDigests } from '../../evidence/index.ts'
import { randomHex } from '../../mail/ids.ts'
import { StoreError } from '../../storage/port.ts'
import { headsObjects, Proofs, topNodes } from './proofs.ts'
import { keepRehashed, type Rehashed } from './rehashed.ts'
import type { BookedSeal } from './seal-book.ts'
import type { Span } from './seal-record.ts'
import type { SealingParts } from './sealing.ts'
import { makeSpan } from './span.ts'
import { appendSeal, materialOfTips, stampRoot } from './stamp-root.ts'

export interface RenewalReport {
  /** Seals and renewals that were given a further time-stamp, and those whose contents were digested anew. */
  readonly renewed: number
  readonly rehashed: number
}

/** A proof that was stamped more often nobody would read; years of renewals are a handful. */
const MAX_DEPTH = 100

/**
 * Renews what would soon prove nothing: where the digest algorithm is another than the one of now, everything sealed is read
 * and digested again together with its proofs; where a token's certificate runs out before `before`, all tokens get a further
 * time-stamp. Seals may be made meanwhile. [RFC 4998 §5.2]
 *
 * @param before also tokens that end later, where it is `all`
 * @param signal to come to an end early; what was begun is begun anew then
 */
export async function renew(
  parts: SealingParts,
  before: Date | 'all',
  signal?: AbortSignal,
): Promise<RenewalReport> {
  const { book } = parts
  await book.refresh()
  const hash = book.hashInForce(parts.hash())
  const outdated = book.tips.filter((tip) => tip.hash !== hash)
  const rehashed = outdated.length > 0 && (await rehash(parts, hash, outdated, signal)) ? outdated.length : 0
  // Others of an old digest wait for their turn: a renewal is within one digest.
  const tips = book.tips.filter((tip) => tip.hash === hash)
  const now = parts.clock.now().getTime()
  const isDue = before === 'all' || tips.some((tip) => tip.ends < before && isHalfOver(tip, now))
  // All of them at once: the tree makes one token of many, and the next renewal finds one tip.
  if (tips.length === 0 || !isDue || signal?.aborted || (rehashed > 0 && tips.length === 1))
    return { renewed: 0, rehashed }
  refuseTooDeep(tips)
  const leaves = tips.map(({ leaf }) => leaf)
  const stamp = await stampRoot(parts, hash, leaves)
  const of = tips.map(({ sequence }) => sequence)
  const material = await materialOfTips(parts)
  const at = parts.clock.now().toISOString()
  const counts = await appendSeal(parts, `renewal/${randomHex()}`, {
    kind: 'renewal',
    at,
    hash,
    of,
    ...stamp,
    material,
  })
  return { renewed: counts ? of.length : 0, rehashed }
}

function refuseTooDeep(tips: readonly BookedSeal[]): void {
  if (tips.some(({ depth }) => depth >= MAX_DEPTH))
    throw new RangeError(
      `renewed ${MAX_DEPTH} times: something renews again and again, look at the chain of seals`,
    )
}

/** A TSA whose own certificate runs out soon would be asked each day for what helps no further. */
const isHalfOver = ({ at, ends }: BookedSeal, now: number): boolean =>
  now - at.getTime() > (ends.getTime() - at.getTime()) / 2

/**
 * New trees over the same spans: each object's digest is joined with that of all its proofs so far. What is damaged keeps the
 * proofs that it has. Answers whether it counts.
 */
async function rehash(
  parts: SealingParts,
  hash: HashName,
  outdated: readonly BookedSeal[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  refuseTooDeep(outdated)
  const { store, book, clock } = parts
  const proofs = new Proofs(store, book)
  const spans: Rehashed['spans'][number][] = []
  const heads: Rehashed['heads'][number][] = []
  const tips = new Set(outdated.map(({ sequence }) => sequence))
  for (const { sequence } of book.all) {
    if (signal?.aborted) return false
    if (!tips.has([...book.lineage(sequence)].at(-1)!.sequence)) continue
    const record = await book.record(sequence)
    if (record.kind !== 'seal') continue
    for (const [number, span] of record.spans.entries()) {
      const made = await unlessDamaged(parts, () => digestAnew(parts, proofs, hash, sequence, number, span))
      if (made !== undefined) spans.push({ ...made, seal: sequence, span: number })
    }
    const objects = headsObjects(record)
    const prove = await proofs.prover(sequence, 'heads')
    const node = nodeOf(hash, objectDigests(hash, objects, prove(objects, 0)))
    heads.push({ seal: sequence, node: Buffer.from(node).toString('base64') })
  }
  const made: Rehashed = { spans, heads }
  const trees = await keepRehashed(store, made)
  const stamp = await stampRoot(parts, hash, topNodes(made))
  const material = await materialOfTips(parts)
  const at = clock.now().toISOString()
  return appendSeal(parts, `rehash/${randomHex()}`, {
    kind: 'rehash',
    at,
    hash,
    of: [...tips],
    trees,
    ...stamp,
    material,
  })
}

async function digestAnew(
  { store }: SealingParts,
  proofs: Proofs,
  hash: HashName,
  seal: number,
  number: number,
  span: Span,
): Promise<Span> {
  const prove = await proofs.prover(seal, { span: number })
  return makeSpan(store, hash, span, (objects, index) => objectDigests(hash, objects, prove(objects, index)))
}

async function unlessDamaged<T>(parts: SealingParts, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof StoreError && (error.code === 'CORRUPT' || error.code === 'NO_SUCH_BLOB')))
      throw error
    parts.onDamage(error)
    return undefined
  }
}
