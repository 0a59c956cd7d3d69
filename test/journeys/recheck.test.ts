import { afterAll, beforeAll, expect, test } from 'vitest'
import { issueCertificate, type Signer, verifyFile } from '../../evidence/index.ts'
import { RECHECK_CHAIN } from '../../server/archive/chain-archive.ts'
import { recheckIn } from '../../server/archive/rechecks.ts'
import { trace } from '../../server/ops/operations/trace.ts'
import { authorityInfoAccess } from '../fakes/crl-parts.ts'
import { eventually } from '../fakes/eventually.ts'
import { signedMessage, submit } from '../fakes/mail-client.ts'
import { HOUR, movedClock } from '../fakes/moved-clock.ts'
import { answer, type CertStatus, readOcspRequest } from '../fakes/ocsp-responder.ts'
import { daysFromNow, type Holder, makeKey, pki } from '../fakes/pki.ts'
import { SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'
import { startWebServer, type WebServer } from '../fakes/web-server.ts'

let kep: TestProvider
let web: WebServer
let holder: Holder
/** Of the person: nobody but its responder tells its status. */
let signer: Signer
let said: CertStatus | 'silence' = 'good'
const clock = movedClock()

beforeAll(async () => {
  const person = { commonName: 'Ayşe Işık', country: 'TR', serialNumber: '10000000146' }
  const pair = makeKey('p256')
  const authority = {
    key: pair.privateKey,
    certificate: issueCertificate({
      subject: { commonName: 'Yalnız OCSP', country: 'TR' },
      publicKey: pair.publicKey,
      profile: { kind: 'intermediate' },
      issuer: pki().root,
      notBefore: daysFromNow(-20),
      notAfter: daysFromNow(1800),
    }),
  }
  web = await startWebServer({
    '/ocsp': (response, body) => {
      if (said === 'silence') return void response.writeHead(503).end()
      const { certId } = readOcspRequest(body)
      const single = { certificate: holder.certificate, certId, status: said, thisUpdate: clock.now() }
      response.end(answer({ issuer: authority, singles: [single], producedAt: clock.now() }))
    },
  })
  const extensions = [authorityInfoAccess({ ocsp: web.url('/ocsp') })]
  const given = { subject: person, extensions, crlUrl: null, issuer: authority }
  holder = pki().issue({ kind: 'user', email: SENDER }, given)
  signer = { ...holder.signer, chain: [authority.certificate] }
  kep = await startProvider({
    privateHosts: ['127.0.0.1'],
    given: { clock },
    tsaClock: clock,
    // Hours pass in a moment here: what is in hand just then is no backlog.
    tsa: { maxBacklogAge: '48h' },
    config: {
      revocation: { policy: 'require', grace: '2h', ocsp: { nonce: 'off' } },
    },
  })
})
afterAll(async () => {
  await kep[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
})

/** Handed in; and what became of the recheck so far. */
async function accepted(): Promise<{ id: string; found: () => Promise<string | undefined> }> {
  const told = await submit(await signedMessage(signer), {
    port: kep.provider.ports.submissions,
    ca: kep.ca,
  })
  expect(told).toMatch(/^250 /)
  const id = /<(.+)>/.exec(told)?.[1] ?? ''
  const [intake] = await kep.provider.store.intakesNamed(`<${id}>`)
  // Before hours pass: what is in hand then, a stamp above all, would be of another time.
  await eventually(async () => {
    const { recipients: [recipient] = [], waiting = [] } = (await story(id)) ?? {}
    const isQuiet = recipient?.transport !== undefined && waiting.every(({ kind }) => kind === 'timer')
    return isQuiet || undefined
  })
  const { chain } = kep.provider.store
  const found = async () => {
    const entry = await chain.find(RECHECK_CHAIN, `recheck/${intake?.id}`)
    return entry && recheckIn(entry).outcome
  }
  return { id, found }
}

const story = async (id: string) =>
  (await trace.perform({ ...kep.provider, domain: kep.domain } as never, { id }, () => {})).messages[0]

test('the signer is judged again after the grace period: still good, and the fresh answer is archived', async () => {
  said = 'good'
  const { id, found } = await accepted()
  expect((await story(id))?.waiting.map(({ slot }) => slot)).not.toContain('recheck')
  expect(await found()).toBeUndefined()
  clock.elapse(3 * HOUR)
  expect(await eventually(found)).toBe('held')
  expect((await story(id))?.timeline.map(({ step }) => step)).not.toContain('signer-revoked-before')
})

test('a revocation dated before the acceptance: a stamped statement and an alarm; one dated after it: nothing', async () => {
  said = 'good'
  const early = await accepted()
  clock.elapse(HOUR / 2)
  const moment = clock.now()
  clock.elapse(HOUR / 2)
  const late = await accepted()
  said = { revoked: moment, reason: 1 }
  clock.elapse(3 * HOUR)
  expect(await eventually(early.found)).toBe('held')
  expect(await eventually(late.found)).toBe('revoked-before')
  // It is counted once its record is durable.
  const counted = async () =>
    (await kep.metric('openkep_rechecks_total', { outcome: 'revoked-before' })) || undefined
  expect(await eventually(counted)).toBe(1)
  const told = await story(late.id)
  expect(told?.timeline.at(-1)?.step).toBe('signer-revoked-before')
  expect(told?.timeline.map(({ step }) => step)).toContain('submission-acceptance') // it stands
  const entry = await kep.provider.store.chain.find(RECHECK_CHAIN, `recheck/${told?.id}`)
  const { statement, signature = '' } = recheckIn(entry!)
  const report = await verifyFile(
    { name: 'ek.p7s', octets: Buffer.from(signature, 'base64'), content: Buffer.from(statement) },
    { ...pki().trust, now: clock.now(), revocation: 'if-present' },
  )
  expect(report).toMatchObject({ verdict: 'TOTAL-PASSED', timestamps: [{}] })
  expect(JSON.parse(statement)).toMatchObject({
    intake: told?.id,
    outcome: 'revoked-before',
    signers: [{ ok: false, failure: 'REVOKED' }],
  })
  // With what tells it: whoever reads the statement can judge for himself.
  const { material } = JSON.parse(statement)
  expect(material.ocsps).toHaveLength(1)
  const [ocsp] = material.ocsps
  expect((await kep.provider.store.blobs.read({ hash: ocsp.sha256, size: ocsp.size })).length).toBe(ocsp.size)
})

test('while nobody tells it is asked again, until somebody does', async () => {
  said = 'good'
  const { found, id } = await accepted()
  said = 'silence'
  clock.elapse(3 * HOUR)
  await eventually(async () => {
    const rows = await kep.provider.store.work.of((await story(id))!.id, { recipient: -1, slot: '' }, 100)
    return rows.find(({ slot }) => slot === 'recheck')?.error?.match(/nobody tells/) ?? undefined
  })
  expect(await found()).toBeUndefined()
  said = 'good'
  clock.elapse(7 * HOUR)
  expect(await eventually(found)).toBe('held')
})
