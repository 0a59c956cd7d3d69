import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { z } from 'zod'
import { checkChain, type StoredEntry } from '../../../evidence/index.ts'
import { type BlobRef, type Store, scratchFor } from '../../../storage/port.ts'
import {
  type ChainName,
  EVENT_CHAIN,
  EVIDENCE_CHAIN,
  RECHECK_CHAIN,
  SEAL_CHAIN,
  VALIDATION_CHAIN,
} from '../../archive/chain-archive.ts'
import { operation, type Progress } from './operation.ts'

export interface ArchiveReport {
  readonly ok: boolean
  /** Entries of the chain that were walked. */
  readonly entries: number
  /** Hex; the head of the chain, to be compared with one that was written down elsewhere. */
  readonly head: string | undefined
  readonly broken: { readonly sequence: number; readonly failure: string } | undefined
  /** Entries of the chain of events, and where it breaks. */
  readonly events: number
  readonly brokenEvents: { readonly sequence: number; readonly failure: string } | undefined
  /** The chains of what proves both. */
  readonly others: readonly {
    readonly chain: string
    readonly entries: number
    readonly broken: { readonly sequence: number; readonly failure: string } | undefined
  }[]
  /** Bodies whose octets were hashed anew. */
  readonly bodies: number
  readonly brokenBodies: readonly { readonly intake: string; readonly reason: string }[]
}

/** Read at once; hashing one page takes a few milliseconds, and then others have their turn. */
const PAGE = 50

/**
 * Walks all chains from end to end, and hashes the bodies of the latest messages anew. Memory grows with none of it.
 */
export const archiveCheck = operation(
  z.strictObject({
    /** How many of the latest messages' bodies are read. */
    bodies: z.number().int().nonnegative().max(1_000_000).default(100),
  }),
  ({ store }, { bodies }, progress) => checkArchive(store, bodies, progress),
)

/** @param bodies how many of the latest messages are read */
export async function checkArchive(store: Store, bodies: number, progress: Progress): Promise<ArchiveReport> {
  const happened = await checkChain(EVENT_CHAIN, walk(store, EVENT_CHAIN, undefined, progress))
  const head = await store.chain.head(EVIDENCE_CHAIN)
  const report = await checkChain(EVIDENCE_CHAIN, walk(store, EVIDENCE_CHAIN, head?.seq, progress))
  const others: ArchiveReport['others'][number][] = []
  for (const chain of [VALIDATION_CHAIN, RECHECK_CHAIN, SEAL_CHAIN] as const) {
    const walked = await checkChain(chain, walk(store, chain, undefined, progress))
    others.push({
      chain,
      entries: walked.ok ? walked.entries : walked.sequence - 1,
      broken: walked.ok ? undefined : { sequence: walked.sequence, failure: walked.failure },
    })
  }
  const checked = head === undefined ? [] : await checkBodies(store, head.seq, bodies)
  const brokenBodies = checked.filter(({ reason }) => reason !== undefined)
  return {
    ok:
      report.ok &&
      happened.ok &&
      others.every(({ broken }) => broken === undefined) &&
      brokenBodies.length === 0,
    entries: report.ok ? report.entries : report.sequence - 1,
    head: report.ok ? Buffer.from(report.head).toString('hex') : undefined,
    broken: report.ok ? undefined : { sequence: report.sequence, failure: report.failure },
    events: happened.ok ? happened.entries : happened.sequence - 1,
    brokenEvents: happened.ok ? undefined : { sequence: happened.sequence, failure: happened.failure },
    others,
    bodies: checked.length,
    brokenBodies: brokenBodies.map(({ intake, reason = '' }) => ({ intake, reason })),
  }
}

async function* walk(
  store: Store,
  chain: ChainName,
  of: number | undefined,
  progress: Progress,
): AsyncGenerator<StoredEntry> {
  for (let from = 1; ; ) {
    const page = await store.chain.read(chain, from, PAGE)
    for (const { seq, bytes, hash, sha512 } of page)
      yield {
        chain,
        sequence: seq,
        algorithm: 'sha256',
        octets: bytes,
        leaf: { hash, sha512 },
      }
    const last = page.at(-1)
    if (last === undefined) return
    // What was stored decides where the next page begins: after a gap the walk has ended anyway.
    from = last.seq + 1
    progress({ done: last.seq, of })
    await turn()
  }
}

interface CheckedBody {
  readonly intake: string
  readonly reason: string | undefined
}

/** From the newest entry backwards until that many messages were seen. */
async function checkBodies(store: Store, last: number, wanted: number): Promise<CheckedBody[]> {
  const seen = new Set<string>()
  const checked: CheckedBody[] = []
  for (let top = last; top > 0 && checked.length < wanted; top -= PAGE) {
    const from = Math.max(1, top - PAGE + 1)
    const page = await store.chain.read(EVIDENCE_CHAIN, from, top - from + 1)
    for (const { intake: id } of page.reverse()) {
      if (id === undefined || seen.has(id) || checked.length >= wanted) continue
      seen.add(id)
      const row = await store.intake(id)
      if (row === undefined) checked.push({ intake: id, reason: 'the message is not in the store' })
      else if (row.body !== undefined && !row.purged)
        checked.push({ intake: id, reason: await faultOf(store, row.body) })
    }
  }
  return checked
}

async function faultOf(store: Store, ref: BlobRef): Promise<string | undefined> {
  const digest = createHash('sha256')
  let size = 0
  try {
    for await (const piece of store.blobs.open(ref, undefined, scratchFor(ref.size))) {
      digest.update(piece)
      size += piece.length
      await turn()
    }
  } catch {
    return 'the octets cannot be read'
  }
  if (size !== ref.size) return `${size} octets instead of ${ref.size}`
  return digest.digest('hex') === ref.hash ? undefined : 'other octets than were accepted'
}
