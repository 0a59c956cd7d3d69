import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { toPem } from '../../evidence/x509/certificate.ts'
import { ArchiveDesk } from '../../server/archive/desk.ts'
import { archiveHouse, issueIn } from '../fakes/archive-house.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const run = promisify(execFile)

test('what the README of an audit pack says of other programs is so', async () => {
  // Of now: these programs believe certificates by the time of the machine.
  const house = await archiveHouse(new Date())
  await using _store = house.store
  using folder = new TemporaryFolder()
  await issueIn(house, 'ev-1')
  const out = join(folder.path, 'paket')
  await new ArchiveDesk({ ...house.sealing, store: house.store, domain: 'hs98.kep.tr' }).export(
    out,
    { kind: 'everything' },
    () => {},
  )
  const roots = folder.file('kok.pem')
  writeFileSync(roots, toPem('CERTIFICATE', house.tsaRoot.root.der))
  const inPack = { cwd: out }
  const sums = await run('sha512sum', ['--strict', '-c', 'SHA512SUMS'], inPack)
  expect(sums.stdout).toContain('evidence/00000001.xml: OK')
  const cms = await run(
    'openssl',
    [
      ...['cms', '-verify', '-inform', 'DER', '-in', 'SHA512SUMS.p7s', '-content', 'SHA512SUMS'],
      ...['-binary', '-purpose', 'any', '-CAfile', roots, '-out', '/dev/null'],
    ],
    inPack,
  )
  expect(cms.stderr).toMatch(/Verification successful/i)
  const xml = await run('xmlsec1', ['--verify', '--trusted-pem', roots, 'evidence/00000001.xml'], inPack)
  expect(`${xml.stdout}${xml.stderr}`).toMatch(/OK/)
})
