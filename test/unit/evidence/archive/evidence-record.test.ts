import { hash as digestOf, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  type ArchiveTimeStampChain,
  EvidenceRecordError,
  readEvidenceRecord,
  writeEvidenceRecord,
} from '../../../../evidence/archive/evidence-record.ts'
import { HashTree, nodeOf, reducedTree, rootOfReduced } from '../../../../evidence/archive/hash-tree.ts'
import {
  objectDigests,
  type RecordOptions,
  verifyRecord,
} from '../../../../evidence/archive/verify-record.ts'
import type { HashName } from '../../../../evidence/ports.ts'
import { TimestampError } from '../../../../evidence/tsa/error.ts'
import { verifyToken } from '../../../../evidence/tsa/token.ts'
import { Authority, stampingWith } from '../../../fakes/stamping.ts'

const START = new Date('2026-01-01T00:00:00Z')
const root = new Authority('Damga Kökü', START, 40)
let now = START
const clock = { now: () => now, monotonic: () => now.getTime() }
let signer = root.signer('tsa', START, 5)
const timestamper = stampingWith(
  () => signer,
  () => root.root,
  clock,
)
const stamp = async (imprint: Uint8Array, hash: HashName) => (await timestamper.stamp(imprint, hash)).der

const options = (outdated?: RecordOptions['outdated']): RecordOptions => ({
  now,
  outdated,
  checkToken: (der, imprint, hash, at) =>
    verifyToken(der, {
      imprint,
      hash,
      trust: { anchors: [root.root], intermediates: [], crls: [], revocation: 'if-present', at },
    }),
})

const groups = Array.from({ length: 7 }, (_, n) => [
  Buffer.from(`<delil n="${n}"/>`),
  Buffer.from(`yer ${n}`),
])
const leaves = (hash: HashName, before: (n: number) => readonly ArchiveTimeStampChain[] = () => []) =>
  groups.map((objects, n) => nodeOf(hash, objectDigests(hash, objects, before(n))))

/** Sealed in 2026, renewed in 2030 by another TSA certificate, digested anew in 2034. */
async function history(): Promise<(n: number) => ArchiveTimeStampChain[]> {
  now = START
  signer = root.signer('tsa', now, 5)
  const first = await HashTree.of('sha256', leaves('sha256'))
  const token = await stamp(first.root, 'sha256')
  now = new Date('2030-06-01T00:00:00Z')
  signer = root.signer('tsa', now, 5)
  const renewed = [digestOf('sha256', token, 'buffer'), randomBytes(32), randomBytes(32)]
  const second = await HashTree.of('sha256', renewed)
  const secondToken = await stamp(second.root, 'sha256')
  const early = (n: number): ArchiveTimeStampChain[] => [
    [
      { hash: 'sha256', token, tree: reducedTree(objectDigests('sha256', groups[n]!, []), first.path(n)) },
      { hash: 'sha256', token: secondToken, tree: reducedTree([renewed[0]!], second.path(0)) },
    ],
  ]
  now = new Date('2034-06-01T00:00:00Z')
  signer = root.signer('tsa', now, 30)
  const third = await HashTree.of('sha512', leaves('sha512', early))
  const thirdToken = await stamp(third.root, 'sha512')
  return (n) => [
    ...early(n),
    [
      {
        hash: 'sha512',
        token: thirdToken,
        tree: reducedTree(objectDigests('sha512', groups[n]!, early(n)), third.path(n)),
      },
    ],
  ]
}

test.each(Array.from({ length: 9 }, (_, n) => n + 1))(
  'every path of a tree of %i leads to its root',
  async (size) => {
    const nodes = Array.from({ length: size }, () => randomBytes(32))
    const tree = await HashTree.of('sha256', nodes)
    for (const [index, node] of nodes.entries()) {
      const lists = reducedTree([node], tree.path(index)) ?? [[node]]
      expect(Buffer.from(rootOfReduced('sha256', lists)).equals(tree.root)).toBe(true)
    }
  },
)

test('[RFC 4998 §5.3] a record of two chains proves the first time, long after its first certificates ran out', async () => {
  const chains = await history()
  now = new Date('2046-01-01T00:00:00Z')
  for (const [n, objects] of groups.entries()) {
    const der = writeEvidenceRecord({ chains: chains(n) })
    expect(readEvidenceRecord(der).chains).toHaveLength(2)
    const report = verifyRecord(der, objects, options({ sha256: new Date('2040-01-01T00:00:00Z') }))
    expect(report).toMatchObject({ ok: true, provedAt: START })
  }
})

type Chains = readonly [ArchiveTimeStampChain, ArchiveTimeStampChain]
const tamper: [string, (chains: Chains) => ArchiveTimeStampChain[], string][] = [
  ['a renewal left out', ([[a], b]) => [[a!], b], 'OTHER_OBJECTS'],
  ['the second chain left out', ([a]) => [a], 'TOKEN_UNTRUSTED'],
  ['the first time-stamp left out', ([[, b], c]) => [[b!], c], 'OTHER_OBJECTS'],
  ['the chains in another order', ([a, b]) => [b, a], 'OTHER_OBJECTS'],
  ['time-stamps in another order', ([[a, b], c]) => [[b!, a!], c], 'OTHER_OBJECTS'],
  [
    'a digest more in the objects’ list',
    ([[a, b], c]) => [[{ ...a!, tree: [[...a!.tree![0]!, randomBytes(32)], ...a!.tree!.slice(1)] }, b!], c],
    'OTHER_OBJECTS',
  ],
  [
    'another digest on the way to the root',
    ([a, [b]]) => [a, [{ ...b!, tree: [b!.tree![0]!, [randomBytes(64)], ...b!.tree!.slice(2)] }]],
    'ROOT_MISMATCH',
  ],
  [
    'a renewal of another time-stamp',
    ([[a, b], c]) => [[a!, { ...b!, tree: [[randomBytes(32)], ...b!.tree!.slice(1)] }], c],
    'RENEWAL_MISMATCH',
  ],
]

test.each(tamper)('%s is refused', async (_name, change, failure) => {
  const chains = await history()
  now = new Date('2046-01-01T00:00:00Z')
  const der = writeEvidenceRecord({ chains: change(chains(2) as unknown as Chains) })
  expect(verifyRecord(der, groups[2]!, options())).toMatchObject({ ok: false, failure })
})

test('other octets, one object more or less, an algorithm that was broken too early, a TSA that ran out', async () => {
  const chains = await history()
  now = new Date('2046-01-01T00:00:00Z')
  const der = writeEvidenceRecord({ chains: chains(3) })
  const refused = (objects: readonly Uint8Array[], outdated?: RecordOptions['outdated']) =>
    verifyRecord(der, objects, options(outdated))
  expect(refused(groups[4]!)).toMatchObject({ failure: 'OTHER_OBJECTS' })
  // Of what was sealed together one is proved as well.
  expect(refused([groups[3]![0]!])).toMatchObject({ ok: true })
  expect(refused([...groups[3]!, Buffer.from('x')])).toMatchObject({ failure: 'OTHER_OBJECTS' })
  expect(refused(groups[3]!, { sha256: new Date('2033-01-01T00:00:00Z') })).toMatchObject({
    failure: 'OUTDATED_ALGORITHM',
  })
  now = new Date('2066-01-01T00:00:00Z')
  expect(refused(groups[3]!)).toMatchObject({ failure: 'TOKEN_UNTRUSTED' })
})

test('a token that fails in itself is told from one that is not trusted', async () => {
  const chains = await history()
  const der = writeEvidenceRecord({ chains: chains(0) })
  const options: RecordOptions = {
    now,
    checkToken: () => {
      throw new TimestampError('BAD_SIGNATURE', 'no')
    },
  }
  expect(verifyRecord(der, groups[0]!, options)).toMatchObject({ failure: 'TOKEN_INVALID' })
})

test('each octet of a record counts: none can be changed unseen', async () => {
  const chains = await history()
  now = new Date('2036-01-01T00:00:00Z')
  const der = Buffer.from(writeEvidenceRecord({ chains: chains(1) }))
  const unseen: number[] = []
  for (let at = 0; at < der.length; at += 7) {
    const changed = Buffer.from(der)
    changed[at]! ^= 1
    if (verifyRecord(changed, groups[1]!, options()).ok) unseen.push(at)
  }
  // What the first chain says is covered by the second; of the last token what nobody signed is left to who verifies tokens.
  const free = der.length - chains(1)[1]![0]!.token.length
  expect(unseen.filter((at) => at < free)).toEqual([])
})

test.each([
  ['a chain that is a SET', Buffer.from('3009020101300030023100', 'hex')],
  ['nothing', Buffer.alloc(0)],
  ['no record', Buffer.from('3003020101', 'hex')],
  ['version 2', Buffer.from('300702010230003000', 'hex')],
  ['no chains', Buffer.from('300702010130003000', 'hex')],
  ['an empty chain', Buffer.from('3009020101300030023000', 'hex')],
])('malformed: %s', (_name, der) => {
  expect(() => readEvidenceRecord(der)).toThrow(EvidenceRecordError)
})
