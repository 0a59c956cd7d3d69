import { expect, test } from 'vitest'
import { CHAINS, type ChainName } from '../../../../server/archive/chain-archive.ts'
import { ArchiveRenewal, DailySeal } from '../../../../server/archive/daily-seal.ts'
import { ValidationData, validationIn } from '../../../../server/archive/validation-data.ts'
import { type ArchiveHouse, archiveHouse, issueIn, proofOf } from '../../../fakes/archive-house.ts'
import { Disk } from '../../../fakes/memory-store/disk.ts'
import { Crashed, crashesAt } from '../../../fakes/memory-store/documents.ts'

const HOUR = 3_600_000
const BEGIN = new Date('2026-11-22T09:00:00Z')
const later = (hours: number) => new Date(BEGIN.getTime() + hours * HOUR)
/** Beyond it nothing is written any more; a change of the archive that writes more is to raise it. */
const MOST_WRITES = 400

/** Validation data, a seal with its segments, and everything digested anew. */
/** @param hours later: what a process that died had leased has lapsed */
async function act(house: ArchiveHouse, hours: number): Promise<void> {
  house.goTo(later(hours))
  house.hash = 'sha512'
  const validation = new ValidationData({
    ...house.sealing,
    store: house.store,
    archive: house.archive.archives.validation,
    events: { validationData: () => {}, internalError: () => {} },
  })
  await validation.round()
  await new DailySeal(house.sealing).round()
  await new ArchiveRenewal(house.sealing).round()
}

/** A day that was sealed by SHA-256, and two more deliller since. */
async function prepared(): Promise<{ disk: Disk; first: ArchiveHouse }> {
  const disk = new Disk()
  const first = await archiveHouse(BEGIN, { disk })
  for (const n of [1, 2, 3]) await issueIn(first, `ev-${n}`)
  await new DailySeal(first.sealing).round()
  first.goTo(later(26))
  for (const n of [4, 5]) await issueIn(first, `ev-${n}`)
  return { disk, first }
}

test('I3: killed after any of its writes, the archive is what it would have been, also when two go on at once', async () => {
  const { disk: fresh, first } = await prepared()
  let writes = 0
  for (let step = 1; step <= MOST_WRITES; step++) {
    const disk = structuredClone(fresh)
    const dying = await archiveHouse(later(26), { disk, crasher: crashesAt(step), like: first })
    const died = await act(dying, 30).then(
      () => false,
      (error: unknown) => {
        if (!(error instanceof Crashed)) throw error
        return true
      },
    )
    if (!died) break
    writes = step
    const [a, b] = [
      await archiveHouse(later(31), { disk, like: first }),
      await archiveHouse(later(31), { disk, like: first }),
    ]
    await Promise.all([act(a, 31), act(b, 31)])
    await act(a, 32)
    await holds(a)
  }
  expect(writes).toBeGreaterThan(20)
  expect(writes).toBeLessThan(MOST_WRITES)
})

async function holds(house: ArchiveHouse): Promise<void> {
  const { store, archive } = house
  await archive.book.refresh()
  // Of the two that went on one was for nothing: no entry is sealed twice, none is left out.
  const covered = new Map<ChainName, number>()
  for (const { kind, sequence } of archive.book.all) {
    const record = await archive.book.record(sequence)
    expect(record.kind).toBe(kind)
    for (const { chain, from, upTo } of record.kind === 'seal' ? record.spans : []) {
      expect(from, chain).toBe((covered.get(chain) ?? 0) + 1)
      covered.set(chain, upTo)
    }
  }
  for (const sequence of [1, 2, 3, 4, 5]) {
    const report = await proofOf(house, 'evidence', sequence, { sha256: later(400) })
    expect(report).toMatchObject({ ok: true })
  }
  expect(archive.book.tips.every(({ hash }) => hash === 'sha512')).toBe(true)
  let next = 1
  for (const entry of await store.chain.read('validation', 1, 100)) {
    const { from, upTo } = validationIn(entry)
    expect(from).toBe(next)
    next = upTo + 1
  }
  expect(next).toBe(6)
  for (const chain of CHAINS) {
    const segments = await store.chain.segments(chain, 0, 100)
    expect(segments.at(-1)?.upTo ?? 0, chain).toBe(archive.book.covered(chain))
  }
}
