import { type HashName, nodeOf, objectDigests } from '../../evidence/index.ts'
import { headsObjects, Proofs, topNodes } from './proofs.ts'
import { keepRehashed, type Rehashed } from './rehashed.ts'
import type { BookedSeal } from './seal-book.ts'
import type { SealingParts } from './sealing.ts'
import { makeSpan } from './span.ts'
import { appendSeal, materialOfTips, stampRoot } from './stamp-root.ts'

export interface RenewalReport {
  /** Seals and renewals that were given a further time-stamp, and those whose contents were digested anew. */
  readonly renewed: number
  readonly rehashed: number
}

/**
 * Renews what would soon prove nothing: where the digest algorithm is another than the one of now, everything sealed is read
 * and digested again together with its proofs; where a token's certificate runs out before `before`, all tokens get a further
 * time-stamp. [RFC 4998 §5.2]
 *
 * @param before also tokens that end later, where it is `all`
 */
export async function renew(parts: SealingParts, before: Date | 'all'): Promise<RenewalReport> {
  await parts.book.refresh()
  const hash = parts.hash()
  const outdated = parts.book.tips.filter((tip) => tip.hash !== hash)
  if (outdated.length > 0) await rehash(parts, hash, outdated)
  const { tips, next } = parts.book
  const now = parts.clock.now().getTime()
  const isDue = before === 'all' || tips.some((tip) => tip.ends < before && isHalfOver(tip, now))
  // All of them at once: the tree makes one token of many, and the next renewal finds one tip.
  if (tips.length === 0 || !isDue || (outdated.length > 0 && tips.length === 1))
    return { renewed: 0, rehashed: outdated.length }
  const stamp = await stampRoot(
    parts,
    hash,
    tips.map(({ leaf }) => leaf),
  )
  const of = tips.map(({ sequence }) => sequence)
  const material = await materialOfTips(parts)
  await appendSeal(parts, next, {
    kind: 'renewal',
    at: parts.clock.now().toISOString(),
    hash,
    of,
    ...stamp,
    material,
  })
  return { renewed: of.length, rehashed: outdated.length }
}

/** A TSA whose own certificate runs out soon would be asked each day for what helps no further. */
const isHalfOver = ({ at, ends }: BookedSeal, now: number): boolean =>
  now - at.getTime() > (ends.getTime() - at.getTime()) / 2

/** New trees over the same spans: each object's digest is joined with that of all its proofs so far. */
async function rehash(parts: SealingParts, hash: HashName, outdated: readonly BookedSeal[]): Promise<void> {
  const { store, book, clock } = parts
  const { next } = book
  const proofs = new Proofs(store, book)
  const spans: Rehashed['spans'][number][] = []
  const heads: Rehashed['heads'][number][] = []
  const tips = new Set(outdated.map(({ sequence }) => sequence))
  for (const { sequence } of book.all) {
    if (!tips.has([...book.lineage(sequence)].at(-1)!.sequence)) continue
    const record = await book.record(sequence)
    if (record.kind !== 'seal') continue
    for (const [number, span] of record.spans.entries()) {
      const prove = await proofs.prover(sequence, { span: number })
      const made = await makeSpan(store, hash, span, (objects, index) =>
        objectDigests(hash, objects, prove(objects, index)),
      )
      spans.push({ ...made, seal: sequence })
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
  await appendSeal(parts, next, { kind: 'rehash', at, hash, of: [...tips], trees, ...stamp, material })
}
