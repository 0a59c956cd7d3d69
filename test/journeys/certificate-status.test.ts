import { hash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorityInfoAccess } from '../fakes/crl-parts.ts'
import { signedMessage, submit } from '../fakes/mail-client.ts'
import { answer, type CertStatus, nonceExtension, readOcspRequest } from '../fakes/ocsp-responder.ts'
import { daysFromNow, type Holder, pki } from '../fakes/pki.ts'
import { SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'
import { startWebServer, type WebServer } from '../fakes/web-server.ts'

let kep: TestProvider
let web: WebServer
/** Made once: what the responder says of them changes. */
let holder: Holder
const answers: Uint8Array[] = []
const said: { status: CertStatus; producedAt: Date | undefined } = { status: 'good', producedAt: undefined }

beforeAll(async () => {
  web = await startWebServer({
    '/ocsp': (response, body) => {
      const { certId, nonce } = readOcspRequest(body)
      const single = { certificate: holder.certificate, certId, status: said.status }
      const { producedAt = new Date() } = said
      const extensions = nonce === undefined ? [] : [nonceExtension(nonce)]
      const made = answer({ issuer: pki().intermediate, singles: [single], producedAt, extensions })
      answers.push(made)
      response.end(made)
    },
  })
  const person = { commonName: 'Ayşe Işık', country: 'TR', serialNumber: '10000000146' }
  const extensions = [authorityInfoAccess({ ocsp: web.url('/ocsp') })]
  holder = pki().issue({ kind: 'user', email: SENDER }, { subject: person, extensions, crlUrl: null })
  kep = await startProvider({ privateHosts: ['127.0.0.1'] })
})
afterAll(async () => {
  await kep[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
})

const hand = async (): Promise<string> =>
  submit(await signedMessage(holder.signer), { port: kep.provider.ports.submissions, ca: kep.ca })

/** Of the last answer, whether the archive has its octets. */
const isArchived = async (): Promise<boolean> => {
  const octets = answers.at(-1)!
  const ref = { hash: hash('sha256', octets, 'hex'), size: octets.length }
  return kep.provider.store.blobs.read(ref).then(
    () => true,
    () => false,
  )
}

test('good: accepted, asked for each message, and the answers are archived', async () => {
  for (let turn = 1; turn <= 2; turn++) {
    expect(await hand()).toMatch(/^250 /)
    expect(answers).toHaveLength(turn)
    expect(await isArchived()).toBe(true)
  }
})

test('an answer made before DATA leaves the list to speak', async () => {
  said.producedAt = daysFromNow(-0.5)
  expect(await hand()).toMatch(/^250 /)
  expect(answers).toHaveLength(3)
  expect(await isArchived()).toBe(false)
  said.producedAt = undefined
})

test('revoked: refused, though the list does not know it yet', async () => {
  said.status = { revoked: daysFromNow(-0.1), reason: 1 }
  expect(await hand()).toMatch(/^550 5\.7\.5 CERTIFICATE_REVOKED /)
})
