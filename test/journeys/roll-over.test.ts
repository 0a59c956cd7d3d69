/** One signing key after the other, while mail goes on. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SigningKey } from '../../config/signing.ts'
import { verifyFile } from '../../evidence/index.ts'
import { privateKeyPem } from '../../evidence/keys/generate.ts'
import { makePkcs12 } from '../../evidence/keys/pkcs12.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { issueCrl } from '../../evidence/x509/issue.ts'
import { trace } from '../../server/ops/operations/trace.ts'
import { eventually } from '../fakes/eventually.ts'
import { signedEvidence, trustOptions } from '../fakes/evidence.ts'
import { signedMessage, submit } from '../fakes/mail-client.ts'
import { evidenced, idIn } from '../fakes/mailboxes.ts'
import { DAY, movedClock } from '../fakes/moved-clock.ts'
import { peerText } from '../fakes/peer-entry.ts'
import { daysFromNow, type Holder, makeRoot, pki } from '../fakes/pki.ts'
import { startProvider, type TestProvider } from '../fakes/provider.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const clock = movedClock()
const folder = new TemporaryFolder()
const issue = (from: number, until: number): Holder =>
  pki().issue(
    { kind: 'provider', email: 'kep@hs98.kep.tr' },
    { notBefore: daysFromNow(from), notAfter: daysFromNow(until) },
  )
const p12Of = (name: string, { key, certificate, signer }: Holder): SigningKey => {
  const files = { p12: folder.file(`${name}.p12`), passwordFile: join(folder.path, 'password') }
  writeFileSync(files.passwordFile, 'parola\n', { mode: 0o600 })
  const certificates = [certificate, ...signer.chain]
  writeFileSync(files.p12, makePkcs12({ key, certificates, password: 'parola', friendlyName: name }))
  return files
}
const [old, next, third, past] = [issue(-300, 2), issue(1, 400), issue(-1, 400), issue(-300, -1)]
let kep: TestProvider

beforeAll(async () => {
  kep = await startProvider({
    given: { clock },
    tsaClock: clock,
    config: {
      signing: {
        envelope: p12Of('envelope', pki().provider),
        evidence: [p12Of('old', old), p12Of('next', next)],
      },
    },
  })
})
afterAll(async () => {
  await kep[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

const withEvidence = (...evidence: SigningKey[]) => ({
  ...kep.config,
  signing: { ...kep.config.signing, evidence },
})

const send = async (): Promise<string> => {
  const { provider, ca } = kep
  return idIn(await submit(await signedMessage(pki().user.signer), { port: provider.ports.submissions, ca }))
}
/** Until nothing of it is: a stamp above all would be of another time when days pass. */
const nothingInHand = (id: string) =>
  eventually(async () => {
    const parts = { ...kep.provider, domain: kep.domain } as never
    const [message] = (await trace.perform(parts, { id }, () => {})).messages
    return message?.waiting.every(({ kind }) => kind === 'timer') || undefined
  })
/** Whose key signed the delivery evidence; it verifies. */
const signerOf = async (id: string): Promise<Holder | undefined> => {
  const { bytes } = await evidenced(kep, id, 'delivery')
  const options = { ...trustOptions(), now: clock.now() }
  expect(await verifyFile({ name: 'delil.xml', octets: bytes }, options)).toMatchObject({
    verdict: 'TOTAL-PASSED',
  })
  const text = Buffer.from(bytes).toString()
  return [old, next, third, past].find(({ certificate }) =>
    text.includes(Buffer.from(certificate.der).toString('base64')),
  )
}

test('the next key signs from the moment that its certificate is valid; nobody does anything', async () => {
  const before = await send()
  expect(await signerOf(before)).toBe(old)
  await nothingInHand(before)
  clock.elapse(1.5 * DAY)
  expect(await signerOf(await send())).toBe(next)
  expect(await signerOf(before)).toBe(old)
})

test('a reload takes over other keys, and one that cannot be opened leaves those that are there', async () => {
  const nothing = { p12: folder.file('none.p12'), passwordFile: folder.file('password') }
  await expect(kep.provider.reload(withEvidence(nothing))).rejects.toThrow('none.p12')
  expect(await signerOf(await send())).toBe(next)
  expect(await kep.provider.reload(withEvidence(p12Of('third', third)))).toEqual({ needsRestart: [] })
  expect(await signerOf(await send())).toBe(third)
  const used = () => kep.metric('openkep_private_key_operations_total', { role: 'archive' })
  const before = await used()
  await kep.provider.archiveDesk.seal()
  expect(await used()).toBe(before + 1)

  // Under a certificate that ended nothing is signed: mail waits, blames nobody, and goes on.
  await kep.provider.reload(withEvidence(p12Of('past', past)))
  const waiting = await send()
  await expect(kep.provider.archiveDesk.seal()).rejects.toThrow('NONE_IN_FORCE')
  const failed = () =>
    kep.metric('openkep_signing_failures_total', { role: 'evidence', code: 'NONE_IN_FORCE' })
  await eventually(async () => ((await failed()) >= 2 ? true : undefined), 'two tries')
  await kep.provider.reload(withEvidence(p12Of('third', third)))
  expect(await signerOf(waiting)).toBe(third)
})

test('a key that leaked: what was stamped before its certificate was revoked stays valid, what came after is not', async () => {
  const { certificate, signer } = old
  const octets = await signedEvidence(Buffer.from('x'), {}, signer)
  const [rootList] = pki().crls
  const judged = async (date: Date) => {
    const revoked = [{ serial: certificate.serialBytes, date, reason: 1 }]
    const dates = { thisUpdate: daysFromNow(1), nextUpdate: daysFromNow(30) }
    const list = issueCrl({ issuer: pki().intermediate, number: 2, ...dates, revoked })
    const report = await verifyFile(
      { name: 'delil.xml', octets },
      { ...trustOptions(), crls: [rootList!, list] },
    )
    return [report.verdict, report.subIndication]
  }
  expect(await judged(daysFromNow(0.5))).toEqual(['TOTAL-PASSED', undefined])
  expect(await judged(daysFromNow(-0.5))).toEqual(['TOTAL-FAILED', 'REVOKED'])
})

test('a key under which nothing would pass is taken over by no reload and no start', async () => {
  const { tls, qualifiedUser } = pki()
  for (const [name, holder] of Object.entries({ tls, qualifiedUser })) {
    const unfit = p12Of(name, holder)
    await expect(kep.provider.reload(withEvidence(unfit))).rejects.toThrow(`${name}.p12: UNFIT_CERTIFICATE`)
    const envelope = p12Of('envelope', pki().provider)
    const start = startProvider({ config: { signing: { envelope, evidence: unfit } } })
    await expect(start, name).rejects.toThrow('UNFIT_CERTIFICATE')
  }
  expect(await signerOf(await send())).toBe(third)
})

test('a key and certificates that TLS does not take change nothing, and start nothing', async () => {
  const { tls, intermediate } = pki()
  const files = { key: folder.file('tls.key.pem'), certificate: folder.file('tls.crt.pem') }
  writeFileSync(files.key, privateKeyPem(tls.key), { mode: 0o600 })
  const write = (...holders: Pick<Holder, 'certificate'>[]) =>
    writeFileSync(
      files.certificate,
      holders.map(({ certificate }) => toPem('CERTIFICATE', certificate.der)).join(''),
    )
  write(intermediate, tls)
  const refused = 'tls.crt.pem: the first certificate is not that of the key'
  const { submission, relay } = kep.config
  const other = { ...kep.config, submission: { ...submission, sizeLocal: 10 } }
  await expect(kep.provider.reload({ ...other, tls: files })).rejects.toThrow(refused)
  await expect(kep.provider.reload({ ...other, relay: { ...relay, client: files } })).rejects.toThrow(refused)
  await expect(startProvider({ config: { tls: files } })).rejects.toThrow(refused)
  // Under the rules before it: ten octets are no message.
  await send()
  write(tls, intermediate)
  expect(await kep.provider.reload({ ...kep.config, tls: files })).toEqual({ needsRestart: [] })
  await send()
})

test('a reload whose peers cannot be read takes over nothing', async () => {
  const stranger = folder.file('no-tsa.pem')
  writeFileSync(stranger, toPem('CERTIFICATE', makeRoot('Yabancı').certificate.der))
  const none = folder.file('none.pem')
  const peers = [peerText({ tls: { ca: [none] }, signing: [{ certificate: none }] })]
  const trust = { ...kep.config.trust, tsas: [stranger] }
  const signing = { ...kep.config.signing, evidence: [p12Of('third', third)] }
  const before = await signerOf(await send())
  expect(before).not.toBe(third)
  await expect(kep.provider.reload({ ...kep.config, trust, signing, peers })).rejects.toThrow('none.pem')
  await kep.provider.archiveDesk.seal()
  expect(await signerOf(await send())).toBe(before)
})

test('a reload takes over whom we believe, for every role', async () => {
  const stranger = folder.file('stranger.pem')
  writeFileSync(stranger, toPem('CERTIFICATE', makeRoot('Yabancı').certificate.der))
  const { trust } = kep.config
  const believing = (over: Partial<typeof trust>) =>
    kep.provider.reload({ ...kep.config, trust: { ...trust, ...over } })
  expect(await believing({ tsas: [stranger] })).toEqual({ needsRestart: [] })
  await expect(kep.provider.archiveDesk.seal()).rejects.toThrow('UNTRUSTED')
  // The same file with other content: nothing of the configuration has changed.
  writeFileSync(stranger, toPem('CERTIFICATE', pki().root.certificate.der))
  expect(await believing({ tsas: [stranger] })).toEqual({ needsRestart: [] })
  await kep.provider.archiveDesk.seal()
  await expect(believing({ providers: [folder.file('none.pem')] })).rejects.toThrow('none.pem')
})
