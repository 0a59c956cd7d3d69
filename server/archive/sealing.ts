import { createHash } from 'node:crypto'
import { type HashName, type Signer, signDetached } from '../../evidence/index.ts'
import { type Store, StoreError } from '../../storage/port.ts'
import { CHAINS, SEAL_CHAIN } from './chain-archive.ts'
import { topNodes } from './proofs.ts'
import type { Span } from './seal-record.ts'
import { makeSpan } from './span.ts'
import { appendSeal, materialOfTips, type SealParts, stampRoot } from './stamp-root.ts'

export interface SealingParts extends SealParts {
  readonly store: Pick<Store, 'chain' | 'blobs'>
  /** Signs the heads; a role of its own. The key in force now, for one signature. */
  readonly signer: () => Signer
  /** As it is configured: by which trees are made; what was sealed by another waits for its renewal. */
  readonly hash: () => HashName
  /** What could not be sealed or renewed, while the rest was. */
  readonly onDamage: (error: StoreError) => void
  /** Entries in one tree, at most. */
  readonly spanSize: number
}

/**
 * Everything that was appended to any chain since the last seal: a tree over it, the heads of all chains signed and
 * time-stamped, and a time-stamp over both. Answers whether it made one. From then on nobody, not even the provider, can put
 * another past before that time. That such records are signed and stamped daily is known from secondary sources alone.
 * [RFC 4998 §4.2]
 */
export async function seal(parts: SealingParts): Promise<boolean> {
  const { book, clock, timestamper } = parts
  const signer = parts.signer()
  await book.refresh()
  // Whoever seals from here on seals the same: of two the first counts.
  const id = `seal/${CHAINS.map((chain) => book.covered(chain)).join('.')}`
  const hash = book.hashInForce(parts.hash())
  const { heads, spans } = await cover(parts, hash)
  // What was sealed before is the only thing new: a seal of seals alone would make another one each day for ever.
  if (spans.every(({ chain }) => chain === SEAL_CHAIN)) return false
  const at = clock.now()
  const cms = await signDetached({
    digest: createHash(signer.hash).update(heads).digest(),
    signer,
    signingTime: at,
    timestamper,
  })
  const signature = Buffer.from(cms).toString('base64')
  const made = { kind: 'seal', hash, heads, signature, spans } as const
  const stamp = await stampRoot(parts, hash, topNodes(made))
  const material = await materialOfTips(parts)
  return appendSeal(parts, id, { ...made, at: at.toISOString(), ...stamp, material })
}

/** Trees over what is new, and what is signed of it. A chain that does not hold is left out, and told. */
async function cover(parts: SealingParts, hash: HashName): Promise<{ heads: string; spans: Span[] }> {
  const { store, book, spanSize } = parts
  const spans: Span[] = []
  let heads = ''
  for (const chain of CHAINS) {
    const head = await store.chain.head(chain)
    if (head === undefined) continue
    const made: Span[] = []
    try {
      for (let from = book.covered(chain) + 1; from <= head.seq; from += spanSize)
        made.push(await makeSpan(store, hash, { chain, from, upTo: Math.min(head.seq, from + spanSize - 1) }))
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'CORRUPT')) throw error
      parts.onDamage(error)
      continue
    }
    heads += `${chain} ${head.seq} ${hex(head.hash)}\n`
    spans.push(...made)
  }
  for (const { chain, from, upTo, root } of spans)
    heads += `tree ${chain} ${from} ${upTo} ${hash} ${hex(Buffer.from(root, 'base64'))}\n`
  return { heads, spans }
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
