import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { writeEvidenceRecord } from '../../evidence/archive/evidence-record.ts'
import { ArchiveRenewal, DailySeal } from '../../server/archive/daily-seal.ts'
import { Proofs } from '../../server/archive/proofs.ts'
import { objectsOf } from '../../server/archive/span.ts'
import { type ArchiveHouse, archiveHouse } from '../fakes/archive-house.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const run = promisify(execFile)
const program = fileURLToPath(new URL('EvidenceRecordCheck.java', import.meta.url))
const tools = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'openkep-test-tools')
const library = join(tools, 'bouncy-castle', 'lib')
const isThere = existsSync(library)

const BEGIN = new Date('2020-01-01T09:00:00Z')

/** The record of an entry of the evidence, and what was sealed. */
async function writeProof(
  { store, archive }: ArchiveHouse,
  folder: string,
  sequence: number,
): Promise<string> {
  const { seal, span, from } = archive.book.sealOf('evidence', sequence)!
  const [entry] = await store.chain.read('evidence', sequence, 1)
  const prove = await new Proofs(store, archive.book).prover(seal, { span })
  const [octets, position] = objectsOf('evidence', entry!)
  const chains = prove([octets, position], sequence - from)
  const name = `n${sequence}`
  await writeFile(join(folder, `${name}.ers`), writeEvidenceRecord({ chains }))
  await writeFile(join(folder, `${name}.octets`), octets)
  await writeFile(join(folder, `${name}.position`), position)
  return name
}

test.skipIf(!isThere && process.env['CI'] === undefined)(
  '[RFC 4998] Bouncy Castle believes our evidence records: sealed, renewed, digested anew; and none of what was changed',
  async () => {
    const house = await archiveHouse(BEGIN)
    await using _store = house.store
    using folder = new TemporaryFolder()
    const duty = {
      round: async () => {
        await new DailySeal(house.sealing).round()
        await new ArchiveRenewal(house.sealing).round()
      },
    }
    for (let n = 1; n <= 11; n++) await house.append('evidence', `ev${n}`, `<delil n="${n}"/>`)
    await duty.round()
    const names = [await writeProof(house, folder.path, 1), await writeProof(house, folder.path, 7)]
    house.goTo(new Date('2024-12-01T09:00:00Z'))
    house.tsa = house.tsaRoot.signer('tsa', house.clock.now(), 5)
    await house.append('evidence', 'ev12', '<delil n="12"/>')
    await duty.round()
    names.push(await writeProof(house, folder.path, 2), await writeProof(house, folder.path, 11))
    house.goTo(new Date('2026-06-01T09:00:00Z'))
    house.hash = 'sha512'
    await duty.round()
    for (const sequence of [3, 9, 12]) names.push(await writeProof(house, folder.path, sequence))
    await writeProof(house, folder.path, 5)
    await writeFile(folder.file('n5.octets'), '<delil n="55"/>')
    const { stdout } = await run('java', ['-cp', join(library, '*'), program, folder.path, ...names, 'n5'])
    const told = new Map(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ (.*)/, 2) as [string, string]),
    )
    expect(told.size).toBe(8)
    for (const name of names) expect(told.get(name), name).toBe('holds')
    expect(told.get('n5')).toMatch(/^fails: /)
  },
)
