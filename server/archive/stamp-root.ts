import { createHash } from 'node:crypto'
import { cmsRestsOn, type HashName, HashTree, type Timestamper, tokenEnds } from '../../evidence/index.ts'
import { yearsAfter } from '../../mail/calendar.ts'
import type { Clock } from '../../mail/clock.ts'
import type { ChainArchive } from './chain-archive.ts'
import type { Material, MaterialArchive } from './material.ts'
import type { SealBook } from './seal-book.ts'
import type { SealRecord } from './seal-record.ts'
import { judgeAll, type KeeperParts } from './status-keeper.ts'

export interface SealParts extends KeeperParts {
  readonly clock: Clock
  readonly book: SealBook
  readonly materials: MaterialArchive
  readonly timestamper: Timestamper
  /** Of the chain of seals. */
  readonly seals: Pick<ChainArchive, 'append'>
  /** How long the chain of seals is kept at least, years. */
  readonly keepYears: number
}

/** A time-stamp over the root of a tree, as a record carries it. */
export async function stampRoot(
  { timestamper }: Pick<SealParts, 'timestamper'>,
  hash: HashName,
  nodes: readonly Uint8Array[],
): Promise<{ readonly token: string; readonly ends: string }> {
  const { der } = await timestamper.stamp(new HashTree(hash, nodes).root, hash)
  return { token: Buffer.from(der).toString('base64'), ends: tokenEnds(der).toISOString() }
}

/** By what the tokens that everything rests on now are judged later: asked for while somebody still answers. */
export async function materialOfTips(parts: SealParts): Promise<Material> {
  const { book, clock, materials } = parts
  const rests = []
  for (const { sequence } of book.tips) {
    const record = await book.record(sequence)
    rests.push(...cmsRestsOn(Buffer.from(record.token, 'base64'), 'tsa'))
    if (record.kind === 'seal') rests.push(...cmsRestsOn(Buffer.from(record.signature, 'base64')))
  }
  return materials.keep(await judgeAll(rests, { at: clock.now() }, parts))
}

/**
 * Appends it to the chain of seals. Where another was faster, its entry stands there and this one was for nothing.
 *
 * @param sequence the next of the chain, when it was decided what to seal
 */
export async function appendSeal(parts: SealParts, sequence: number, record: SealRecord): Promise<void> {
  const { seals, book, clock, keepYears } = parts
  const octets = Buffer.from(JSON.stringify(record))
  const at = clock.now()
  await seals.append({
    eventId: `seal/${sequence}`,
    bytes: octets,
    intake: undefined,
    meta: JSON.stringify({ kind: record.kind, sha256: createHash('sha256').update(octets).digest('hex') }),
    parties: [],
    at: at.getTime(),
    keepUntil: yearsAfter(at, keepYears),
  })
  await book.refresh()
}
