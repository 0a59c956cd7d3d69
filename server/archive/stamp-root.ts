import {
  cmsRestsOn,
  type HashName,
  HashTree,
  type RestsOn,
  type Timestamper,
  tokenEnds,
} from '../../evidence/index.ts'
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
  parts: SealParts,
  hash: HashName,
  nodes: readonly Uint8Array[],
): Promise<{ readonly token: string; readonly authority: string; readonly ends: string }> {
  const { root } = await HashTree.of(hash, nodes)
  const { der, certificate } = await parts.timestamper.stamp(root, hash)
  return {
    token: Buffer.from(der).toString('base64'),
    authority: certificate.fingerprint,
    ends: (await endOf(parts, der)).toISOString(),
  }
}

/** When the first certificate on the way to an anchor runs out: a token may bring no more than its own. */
async function endOf(parts: SealParts, der: Uint8Array): Promise<Date> {
  const judged = await judgeAll(cmsRestsOn(der, 'tsa'), { at: parts.clock.now() }, parts)
  const path = judged.flatMap(({ path: found }) => (found.ok ? found.path : []))
  const ends = path.length > 0 ? path.map(({ notAfter }) => notAfter.getTime()) : [tokenEnds(der).getTime()]
  return new Date(Math.min(...ends))
}

/**
 * By what the tokens that everything rests on now are judged later, and the signature of the last seal: asked for while
 * somebody still answers. Of each authority one token is enough: it is the certificate that is asked about.
 */
export async function materialOfTips(parts: SealParts): Promise<Material> {
  const { book, clock, materials } = parts
  const tips = new Map(book.tips.map((tip) => [tip.authority, tip.sequence]))
  const rests: RestsOn[] = []
  for (const sequence of tips.values())
    rests.push(...cmsRestsOn(Buffer.from((await book.record(sequence)).token, 'base64'), 'tsa'))
  const last = book.lastSeal && (await book.record(book.lastSeal.sequence))
  if (last?.kind === 'seal') rests.push(...cmsRestsOn(Buffer.from(last.signature, 'base64')))
  return materials.keep(await judgeAll(rests, { at: clock.now() }, parts))
}

/**
 * Appends it to the chain of seals. Answers whether it counts: another may have been faster, and then this one was for
 * nothing.
 *
 * @param id two that cannot both count have the same
 */
export async function appendSeal(parts: SealParts, id: string, record: SealRecord): Promise<boolean> {
  const { seals, book, clock, keepYears } = parts
  const octets = Buffer.from(JSON.stringify(record))
  const at = clock.now()
  const stands = await seals.append({
    eventId: id,
    bytes: octets,
    intake: undefined,
    meta: JSON.stringify({ kind: record.kind }),
    parties: [],
    at: at.getTime(),
    keepUntil: yearsAfter(at, keepYears),
  })
  await book.refresh()
  return Buffer.compare(stands.bytes, octets) === 0 && book.at(stands.seq) !== undefined
}
