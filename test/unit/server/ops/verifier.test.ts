import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toPem } from '../../../../evidence/x509/certificate.ts'
import { KeyFileError } from '../../../../server/key-files.ts'
import { verifierOf } from '../../../../server/ops/api/verifier.ts'
import { dispatchOf, signedEvidence, userMessage } from '../../../fakes/evidence.ts'
import { pki } from '../../../fakes/pki.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'

let folder: TemporaryFolder
let verify: ReturnType<typeof verifierOf>
beforeAll(() => {
  folder = new TemporaryFolder()
  const file = folder.file('ca.pem')
  writeFileSync(file, toPem('CERTIFICATE', pki().root.certificate.der))
  verify = verifierOf(() => ({ trust: { users: [file], providers: [file], tsas: [file], lists: [] } }))
})
afterAll(() => folder[Symbol.dispose]())

test('a delil and a dispatch by our own anchors; one octet changed; junk', async () => {
  const message = await userMessage('Merhaba')
  const evidence = await signedEvidence(message)
  expect((await verify('', Buffer.from(evidence))).verdict).toBe('TOTAL-PASSED')
  expect((await verify('', await dispatchOf(message))).verdict).toBe('TOTAL-PASSED')
  const changed = Buffer.from(Buffer.from(evidence).toString().replace('hs98', 'hs97'))
  expect((await verify('', changed)).verdict).toBe('TOTAL-FAILED')
  expect((await verify('', Buffer.from('junk'))).verdict).not.toBe('TOTAL-PASSED')
})

test('what the configuration names and cannot be read is told as such, and not as a fault of the file', async () => {
  const missing = folder.file('missing.pem')
  const broken = verifierOf(() => ({ trust: { users: [missing], providers: [], tsas: [], lists: [] } }))
  const told = broken('', Buffer.from('junk')).catch((error: unknown) => error)
  expect(await told).toBeInstanceOf(KeyFileError)
  expect(await told).toMatchObject({ file: missing, message: expect.stringContaining('ENOENT') })
})
