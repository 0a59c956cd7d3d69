import { setImmediate as turn } from 'node:timers/promises'
import { z } from 'zod'
import type { BlobRef, Store } from '../../storage/port.ts'
import { stageBytes } from '../stage-bytes.ts'
import { spanSchema } from './seal-record.ts'

const line = z.union([
  /** With the seal, and which of its spans it is. */
  spanSchema.extend({ seal: z.number(), span: z.number() }),
  /** The node of a seal's heads and signature, base64. */
  z.object({ seal: z.number(), node: z.string() }),
])

/** The trees that a change of digest made, in the order of the seals: five a day of a provider's life. */
export interface Rehashed {
  readonly spans: readonly Extract<z.output<typeof line>, { chain: string }>[]
  readonly heads: readonly Extract<z.output<typeof line>, { node: string }>[]
}

/** Read between two turns of the loop. */
const AT_ONCE = 200

/** A line of JSON each. */
export async function keepRehashed(
  store: Pick<Store, 'blobs'>,
  { spans, heads }: Rehashed,
): Promise<BlobRef> {
  const lines = [...spans, ...heads].map((one) => `${JSON.stringify(one)}\n`)
  return store.blobs.save(await stageBytes(store, Buffer.from(lines.join(''))), 'archive')
}

export async function readRehashed(store: Pick<Store, 'blobs'>, ref: BlobRef): Promise<Rehashed> {
  const spans: Rehashed['spans'][number][] = []
  const heads: Rehashed['heads'][number][] = []
  const lines = Buffer.from(await store.blobs.read(ref))
    .toString()
    .trimEnd()
    .split('\n')
  for (const [index, text] of lines.entries()) {
    const read = line.parse(JSON.parse(text))
    if ('chain' in read) spans.push(read)
    else heads.push(read)
    if (index % AT_ONCE === AT_ONCE - 1) await turn()
  }
  return { spans, heads }
}
