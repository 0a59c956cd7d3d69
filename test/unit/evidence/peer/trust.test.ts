import { expect, test } from 'vitest'
import { type PeerTrust, signerRefusal } from '../../../../evidence/peer/trust.ts'
import { CertificateValidator } from '../../../../evidence/status/certificate-validator.ts'
import { authorityInfoAccess } from '../../../fakes/crl-parts.ts'
import { movedClock } from '../../../fakes/moved-clock.ts'
import { answer, type CertStatus, readOcspRequest } from '../../../fakes/ocsp-responder.ts'
import { freshCrl, pki } from '../../../fakes/pki.ts'
import { statusSource } from '../../../fakes/status-source.ts'
import { octets, startWebServer } from '../../../fakes/web-server.ts'

const MINUTE = 60_000
const { root, intermediate } = pki()

test('a peer whose key leaked is refused within minutes, and a responder is not asked for each message', async () => {
  const clock = movedClock()
  await using server = await startWebServer({ '/root.crl': octets(freshCrl(root)) })
  const extensions = [authorityInfoAccess({ ocsp: server.url('/ocsp') })]
  const profile = { kind: 'provider', email: 'kep@hs99.kep.tr' } as const
  const { certificate } = pki().issue(profile, { crlUrl: null, extensions })
  let status: CertStatus = 'good'
  server.handlers.set('/ocsp', (response, body) => {
    const { certId } = readOcspRequest(body)
    const [thisUpdate, nextUpdate] = [clock.now(), new Date(clock.now().getTime() + 7 * 1440 * MINUTE)]
    const single = { certificate, certId, thisUpdate, nextUpdate, status }
    response.end(answer({ issuer: intermediate, producedAt: thisUpdate, singles: [single] }))
  })
  const providers = new CertificateValidator({
    anchors: [root.certificate],
    furtherLists: [server.url('/root.crl')],
    status: statusSource({ clock, maxAgeMs: 1440 * MINUTE, ocsp: { certId: 'sha1', nonce: 'off' } }),
  })
  const message = () => {
    const trust = { providers, revocation: 'require', at: clock.now() } as PeerTrust
    return signerRefusal('ENVELOPE', certificate, [intermediate.certificate], trust)
  }
  const asked = () => server.asked.filter((line) => line === 'POST /ocsp').length
  for (let i = 0; i < 20; i++) expect(await message()).toBe(undefined)
  expect(asked()).toBe(1)
  status = { revoked: new Date(clock.now().getTime() - MINUTE) }
  clock.elapse(6 * MINUTE)
  for (let i = 0; i < 20; i++) expect(await message()).not.toBe(undefined)
  expect(asked()).toBe(2)
})
