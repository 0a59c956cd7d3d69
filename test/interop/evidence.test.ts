/** Evidence and envelopes before programs that are not ours: xmllint with the schemas, xmlsec1, openssl. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OUTCOMES } from '../../evidence/model/outcome.ts'
import { DEFAULT_PROFILE } from '../../evidence/model/profile.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { afterEvent, dispatchOf, receiptFor, signedEvidence, userMessage } from '../fakes/evidence.ts'
import { pki } from '../fakes/pki.ts'

const run = promisify(execFile)
const schemas = process.env['OPENKEP_SCHEMAS']
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openkep-evidence-'))
  await writeFile(at('ca.pem'), toPem('CERTIFICATE', pki().root.certificate.der))
})
afterAll(() => rm(folder, { recursive: true }))

const at = (name: string): string => join(folder, name)

const changes = (name: (typeof OUTCOMES)[number]) => ({
  root: name.root,
  eventCode: DEFAULT_PROFILE.eventCodes[name.name],
  reasons: name.positive
    ? []
    : [{ code: 'http:uri.etsi.org/REM/EventReason#Other', details: 'Açıklama & <not>' }],
  refersTo: 1,
  recipientAuthentication: {
    time: afterEvent(-60_000),
    method: 'http:uri.etsi.org/REM/AuthMethod#Strong',
    additional: 'TLS 1.3',
  },
  transactionLog: ['250 2.0.0 <tamam>'],
})

// Without the folder of schemas there is nothing to validate against; CI must have it.
describe.skipIf(schemas === undefined && process.env['CI'] === undefined)(
  'xmllint: schema of TS 102 640-2',
  () => {
    test.each(OUTCOMES)('$name', async (outcome) => {
      const file = at(`${outcome.name}.xml`)
      await writeFile(file, await signedEvidence(Buffer.from('x'), changes(outcome)))
      await run('xmllint', [
        '--nonet',
        '--noout',
        '--schema',
        join(schemas ?? '', 'etsi-ts-102640/rem-evidence-all.xsd'),
        file,
      ])
    })
  },
)

describe('xmlsec1 verifies what we sign', () => {
  test.each([
    ['RSA', { kind: 'rsa' }],
    ['RSA with SHA-512', { kind: 'rsa', hash: 'sha512' }],
    ['ECDSA P-256', { kind: 'p256' }],
    ['ECDSA P-384', { kind: 'p384', hash: 'sha384' }],
  ] as const)('%s', async (name, options) => {
    const { signer } = pki().issue({ kind: 'provider', email: 'kep@hs98.kep.tr' }, options)
    const file = at(`${name}.xml`)
    const text = Buffer.from(await signedEvidence(Buffer.from('x'), {}, signer)).toString()
    const verify = ['--verify', '--id-attr:Id', 'SignedProperties', '--trusted-pem', at('ca.pem'), file]
    await writeFile(file, text)
    await run('xmlsec1', verify)
    await writeFile(file, text.replace('Acceptance', 'Rejection'))
    await expect(run('xmlsec1', verify)).rejects.toThrow()
  })
})

describe('openssl cms verifies envelopes', () => {
  test.each([
    ['dispatch', dispatchOf],
    ['receipt', receiptFor],
  ] as const)('%s', async (name, compose) => {
    const file = at(`${name}.eml`)
    const octets = await compose(await userMessage('Şöyle böyle'))
    const verify = [
      'cms',
      '-verify',
      '-cades',
      '-in',
      file,
      '-CAfile',
      at('ca.pem'),
      '-purpose',
      'any',
      '-out',
      '/dev/null',
    ]
    await writeFile(file, octets)
    await run('openssl', verify)
    const changed = Buffer.from(octets)
    changed[octets.indexOf('rem_message/introduction')]! ^= 1
    await writeFile(file, changed)
    await expect(run('openssl', verify)).rejects.toThrow()
  })
})
