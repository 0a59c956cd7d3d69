import { createHash } from 'node:crypto'
import { type HashName, type Signer, signDetached } from '../../evidence/index.ts'
import type { Store } from '../../storage/port.ts'
import { CHAINS } from './chain-archive.ts'
import { topNodes } from './proofs.ts'
import type { Span } from './seal-record.ts'
import { makeSpan } from './span.ts'
import { appendSeal, materialOfTips, type SealParts, stampRoot } from './stamp-root.ts'

export interface SealingParts extends SealParts {
  readonly store: Pick<Store, 'chain' | 'blobs'>
  /** Signs the heads; a role of its own. */
  /** The key in force now, for one signature. */
  readonly signer: () => Signer
  /** By which trees are made; what was sealed by another waits for its renewal. */
  readonly hash: () => HashName
  /** Entries in one tree, at most. */
  readonly spanSize: number
}

/**
 * Everything that was appended to any chain since the last seal: a tree over it, the heads of all chains signed and
 * time-stamped, and a time-stamp over both. Answers whether there was anything to seal. From then on nobody, not even the
 * provider, can put another past before that time. That such records are signed and stamped daily is known from secondary
 * sources alone. [RFC 4998 §4.2]
 */
export async function seal(parts: SealingParts): Promise<boolean> {
  const { store, book, clock, timestamper, spanSize } = parts
  const signer = parts.signer()
  await book.refresh()
  const { next } = book
  const hash = parts.hash()
  const spans: Span[] = []
  let heads = ''
  for (const chain of CHAINS) {
    const head = await store.chain.head(chain)
    if (head === undefined) continue
    heads += `${chain} ${head.seq} ${hex(head.hash)}\n`
    for (let from = book.covered(chain) + 1; from <= head.seq; from += spanSize)
      spans.push(await makeSpan(store, hash, { chain, from, upTo: Math.min(head.seq, from + spanSize - 1) }))
  }
  // What was sealed before is the only thing new: a seal of seals alone would make another one each day for ever.
  if (spans.every(({ chain }) => chain === 'seals')) return false
  for (const { chain, from, upTo, root } of spans)
    heads += `tree ${chain} ${from} ${upTo} ${hash} ${hex(Buffer.from(root, 'base64'))}\n`
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
  await appendSeal(parts, next, { ...made, at: at.toISOString(), ...stamp, material })
  return true
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
