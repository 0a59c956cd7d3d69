/** Each role signs with a key and a certificate of its own, as docs/operations.md advises; all of it is one provider's. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { verifyAuditPack, verifyFile } from '../../evidence/index.ts'
import { makePkcs12 } from '../../evidence/keys/pkcs12.ts'
import { packIn } from '../../server/archive/pack-folder.ts'
import { checkConfig } from '../../server/ops/config-check.ts'
import { trustOptions } from '../fakes/evidence.ts'
import { signedMessage, submit } from '../fakes/mail-client.ts'
import { arrival, idIn } from '../fakes/mailboxes.ts'
import { type Holder, pki } from '../fakes/pki.ts'
import { startProvider } from '../fakes/provider.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const organization = 'Deneme A.Ş.'
const country = 'TR'

test.each([
  ['a name each', ['KEP zarf', 'KEP delil', 'KEP arşiv'].map((commonName) => ({ commonName }))],
  ['a number each', ['1', '2', '3'].map((serialNumber) => ({ commonName: 'KEP', serialNumber }))],
])('certificates of one organization, with %s', async (_name, subjects) => {
  using folder = new TemporaryFolder()
  const p12 = (name: string, { key, certificate, signer }: Holder) => {
    const files = { p12: folder.file(`${name}.p12`), passwordFile: folder.file('password') }
    const certificates = [certificate, ...signer.chain]
    writeFileSync(files.passwordFile, 'parola\n', { mode: 0o600 })
    writeFileSync(files.p12, makePkcs12({ key, certificates, password: 'parola', friendlyName: name }))
    return files
  }
  const [envelope, evidence, archive] = subjects.map((subject, index) =>
    p12(
      String(index),
      pki().issue(
        { kind: 'provider', email: 'kep@hs98.kep.tr' },
        { subject: { ...subject, organization, country } },
      ),
    ),
  )
  if (envelope === undefined || evidence === undefined) throw new Error('three are named')
  await using kep = await startProvider({ config: { signing: { envelope, evidence, archive } } })
  expect(await checkConfig(kep.config)).toEqual([])
  idIn(
    await submit(await signedMessage(pki().user.signer), {
      port: kep.provider.ports.submissions,
      ca: kep.ca,
    }),
  )
  const { body } = await arrival(kep, 'deneme.alici@hs98.kep.tr', 'INBOX', '')
  const options = { ...trustOptions(), now: new Date() }
  expect(await verifyFile({ name: 'gonderi.eml', octets: body }, options)).toMatchObject({
    verdict: 'TOTAL-PASSED',
  })
  const out = join(folder.path, 'paket')
  await kep.provider.archiveDesk.export(out, { kind: 'everything' }, () => {})
  const [pack] = await verifyAuditPack('paket', packIn(out), options)
  expect(pack).toMatchObject({ verdict: 'TOTAL-PASSED' })
})
