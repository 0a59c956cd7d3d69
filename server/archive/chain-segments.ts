import type { ChainEntry, StagedBlob, Store } from '../../storage/port.ts'
import type { ChainName } from './chain-archive.ts'

/** What a day of a large provider makes fits into some; one is read and checked in seconds. */
const MAX_ENTRIES = 10_000
const MAX_OCTETS = 64 * 1_048_576
/** Entries read at a time. */
const PAGE = 100

export interface OpenSegment {
  readonly from: number
  readonly upTo: number
  readonly staged: StagedBlob
}

/**
 * The entries from `from` to `last`, or as many of them as one segment holds, as one blob: a line of JSON each, octets in
 * base64, in the order of their sequence numbers. Whoever has the lines can walk the chain without any database.
 */
export async function composeSegment(
  store: Pick<Store, 'chain' | 'blobs'>,
  chain: ChainName,
  from: number,
  last: number,
): Promise<OpenSegment> {
  const writer = store.blobs.create(Number.MAX_SAFE_INTEGER)
  try {
    let next = from
    for (let octets = 0; next <= last && next - from < MAX_ENTRIES && octets < MAX_OCTETS; ) {
      const room = Math.min(PAGE, last - next + 1, from + MAX_ENTRIES - next)
      const page = await store.chain.read(chain, next, room)
      for (const entry of page) {
        const line = Buffer.from(`${JSON.stringify(lineOf(entry))}\n`)
        await writer.write(line)
        octets += line.length
        next = entry.seq + 1
      }
      if (page.length < room) break
    }
    return { from, upTo: next - 1, staged: await writer.finish() }
  } catch (error) {
    await writer.abort()
    throw error
  }
}

const lineOf = ({ prev, hash, sha512, bytes, ...entry }: ChainEntry) => ({
  ...entry,
  prev: base64(prev),
  hash: base64(hash),
  sha512: base64(sha512),
  bytes: base64(bytes),
})

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64')
