import { expect, test } from 'vitest'
import { checkChain, type StoredEntry } from '../../../../evidence/archive/check-chain.ts'
import { GENESIS, leafOf } from '../../../../evidence/archive/leaf.ts'

function chainOf(count: number): StoredEntry[] {
  let previous = GENESIS
  return Array.from({ length: count }, (_, index) => {
    const entry = {
      chain: 'evidence',
      sequence: index + 1,
      algorithm: 'sha256',
      octets: Buffer.from(`e${index}`),
    } as const
    const leaf = leafOf({ ...entry, previous })
    previous = leaf.hash
    return { ...entry, leaf }
  })
}

async function* each(entries: readonly StoredEntry[]): AsyncGenerator<StoredEntry> {
  yield* entries
}

const check = (entries: readonly StoredEntry[]) => checkChain('evidence', each(entries))

test('a chain holds, also from a proved point on', async () => {
  const entries = chainOf(5)
  expect(await check(entries)).toEqual({ ok: true, entries: 5, last: 5, head: entries[4]?.leaf.hash })
  const from = { sequence: 2, head: entries[1]!.leaf.hash }
  expect(await checkChain('evidence', each(entries.slice(2)), from)).toMatchObject({
    ok: true,
    entries: 3,
    last: 5,
  })
  expect(await check([])).toEqual({ ok: true, entries: 0, last: 0, head: GENESIS })
})

test.each<[string, (entries: StoredEntry[]) => StoredEntry[], object]>([
  ['an entry removed', (e) => e.toSpliced(2, 1), { sequence: 3, failure: 'GAP' }],
  ['two entries swapped', (e) => [e[1]!, e[0]!, ...e.slice(2)], { sequence: 1, failure: 'GAP' }],
  [
    'an octet changed',
    (e) => e.with(1, { ...e[1]!, octets: Buffer.from('x') }),
    { sequence: 2, failure: 'LEAF_MISMATCH' },
  ],
  [
    'an entry renumbered',
    (e) => e.slice(1).map((x, i) => ({ ...x, sequence: i + 1 })),
    { sequence: 1, failure: 'LEAF_MISMATCH' },
  ],
  [
    'an entry of another chain',
    (e) => e.with(0, { ...e[0]!, chain: 'events' }),
    { sequence: 1, failure: 'OTHER_CHAIN' },
  ],
  [
    'the SHA-512 beside it changed',
    (e) => e.with(3, { ...e[3]!, leaf: { ...e[3]!.leaf, sha512: new Uint8Array(64) } }),
    { sequence: 4, failure: 'SHA512_MISMATCH' },
  ],
  [
    'the algorithm renamed',
    (e) => e.with(0, { ...e[0]!, algorithm: 'sha512' }),
    { sequence: 1, failure: 'LEAF_MISMATCH' },
  ],
])('%s is found', async (_name, tamper, expected) => {
  expect(await check(tamper(chainOf(5)))).toEqual({ ok: false, ...expected })
})

test('octets cannot move between neighbouring fields', () => {
  const base = { sequence: 1, algorithm: 'sha256', previous: GENESIS } as const
  const a = leafOf({ ...base, chain: 'ab', octets: Buffer.from('c') })
  const b = leafOf({ ...base, chain: 'a', octets: Buffer.from('bc') })
  expect(Buffer.from(a.hash).equals(b.hash)).toBe(false)
  expect(() => leafOf({ ...base, chain: 'a', sequence: 0, octets: GENESIS })).toThrow(RangeError)
})
