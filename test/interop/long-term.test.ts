/** LT copies of evidence before programs that are not ours: the schemas of XAdES, and xmlsec1. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { composeLongTerm } from '../../evidence/archive/long-term-copy.ts'
import { verifyFile } from '../../evidence/verify/verify-file.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { archiveHouse, issueIn } from '../fakes/archive-house.ts'
import { Authority } from '../fakes/stamping.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const run = promisify(execFile)
const schemas = process.env['OPENKEP_SCHEMAS']
const BEGIN = new Date(Date.now() - 7_200_000)

/** Its time-stamping authority has a root of its own, so that it has values of its own too. */
async function longTermCopy() {
  const house = await archiveHouse(BEGIN)
  const stamping = new Authority('Damga kökü', BEGIN, 40)
  house.authorities.push(stamping)
  house.tsaRoot = stamping
  house.tsa = stamping.signer('tsa', BEGIN, 5)
  const roots = house.authorities.map(({ root }) => root)
  const now = new Date(BEGIN.getTime() + 3_600_000)
  const crls = house.authorities.map((one) => one.list(now))
  const original = await issueIn(house, 'ev-1')
  await house.store[Symbol.asyncDispose]()
  const copy = composeLongTerm(original, { certificates: roots.map(({ der }) => der), crls, ocsps: [] })
  return { roots, copy: Buffer.from(copy) }
}

test('xmlsec1 verifies the signature in it, and our verifier the rest', async () => {
  using folder = new TemporaryFolder()
  const { roots, copy } = await longTermCopy()
  writeFileSync(folder.file('ca.pem'), toPem('CERTIFICATE', roots[0]!.der))
  const verify = (name: string) =>
    run('xmlsec1', [
      ...['--verify', '--id-attr:Id', 'SignedProperties', '--trusted-pem', folder.file('ca.pem')],
      folder.file(name),
    ])
  writeFileSync(folder.file('copy.xml'), copy.toString())
  await verify('copy.xml')
  writeFileSync(folder.file('changed.xml'), copy.toString().replace('Acceptance', 'Rejection'))
  await expect(verify('changed.xml')).rejects.toThrow()
  const options = { anchors: roots, intermediates: [], crls: [], revocation: 'require' } as const
  expect(await verifyFile({ name: 'x', octets: copy }, { ...options, now: new Date() })).toMatchObject({
    verdict: 'TOTAL-PASSED',
    signatures: [{ format: 'XAdES B-LT' }],
  })
})

// Without the folder of schemas there is nothing to validate against; CI must have it.
test.skipIf(schemas === undefined && process.env['CI'] === undefined)(
  'xmllint: schemas of TS 102 640-2 and of XAdES 1.3.2 and 1.4.1',
  async () => {
    using folder = new TemporaryFolder()
    const { copy } = await longTermCopy()
    expect(copy.toString()).toMatch(/<xades141:TimeStampValidationData .*<xades:EncapsulatedCRLValue>/)
    writeFileSync(folder.file('copy.xml'), copy.toString())
    const schema = join(schemas ?? '', 'etsi-ts-102640/rem-evidence-all.xsd')
    const check = (name: string) =>
      run('xmllint', ['--nonet', '--noout', '--schema', schema, folder.file(name)])
    await check('copy.xml')
    // The schema does look inside.
    writeFileSync(folder.file('bent.xml'), copy.toString().replaceAll('xades:CRLValues>', 'xades:CRLs>'))
    await expect(check('bent.xml')).rejects.toThrow()
  },
)
