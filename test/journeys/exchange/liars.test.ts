import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { configSchema } from '../../../config/schema.ts'
import { AUTHENTICATION_METHODS } from '../../../evidence/model/authentication.ts'
import { type OutcomeName, outcomeNamed } from '../../../evidence/model/outcome.ts'
import { toPem } from '../../../evidence/x509/certificate.ts'
import { base64Lines } from '../../../mail/base64-lines.ts'
import { decidedIn } from '../../../server/relay/outcomes.ts'
import { eventually } from '../../fakes/eventually.ts'
import { afterEvent, userMessage } from '../../fakes/evidence.ts'
import { signedMessage, submit } from '../../fakes/mail-client.ts'
import {
  archived,
  atRest,
  bodyOf,
  evidenced,
  holding,
  idIn,
  reasonsIn,
  rowsIn,
  storyOf,
} from '../../fakes/mailboxes.ts'
import { HOUR, movedClock } from '../../fakes/moved-clock.ts'
import { openPeerSession } from '../../fakes/peer-client.ts'
import {
  foreignEnvelope,
  PEER,
  type PeerMailOptions,
  peerDispatch,
  peerEvidenceMessage,
  peerKeys,
} from '../../fakes/peer-mail.ts'
import { type PeerSink, startPeerSink } from '../../fakes/peer-sink.ts'
import { type Holder, pki } from '../../fakes/pki.ts'
import { DOMAIN, RECIPIENT, SENDER, startProvider, type TestProvider } from '../../fakes/provider.ts'

const OTHER = 'hs97.kep.tr'
const { signing, client } = peerKeys()
const otherSigning = pki().issue({ kind: 'provider', email: `kep@${OTHER}` })
const otherClient = pki().issue({ kind: 'tls', dns: [OTHER], ip: [] })
const strangerSigning = pki().issue({ kind: 'provider', email: `kep@${PEER}` })
const strangerClient = pki().issue({ kind: 'tls', dns: [PEER], ip: [] })

const clock = movedClock()
let here: TestProvider
let sink: PeerSink
beforeAll(async () => {
  here = await startProvider({ given: { clock }, tsaClock: clock })
  sink = await startPeerSink({ server: client })
  const pem = ({ certificate }: Holder) => toPem('CERTIFICATE', certificate.der)
  const known = [
    [PEER, client, signing],
    [OTHER, otherClient, otherSigning],
  ] as const
  const entries = configSchema.shape.peers.parse(
    known.map(([provider, itsClient, itsSigning]) => ({
      provider,
      name: provider,
      route: { host: '127.0.0.1', port: sink.port },
      tls: { certificates: [pem(client)] },
      client: { certificates: [pem(itsClient)] },
      signing: [{ certificate: pem(itsSigning) }],
    })),
  )
  for (const entry of entries) await here.provider.peers.put(entry)
})
afterAll(async () => {
  await here[Symbol.asyncDispose]()
  await sink[Symbol.asyncDispose]()
})
afterEach(async () => expect(await here.metric('openkep_internal_errors_total')).toBe(0))

async function hand(octets: Buffer, to: readonly string[], as: Holder = client): Promise<string> {
  await using session = await openPeerSession({ port: here.provider.ports.peer, ca: here.ca }, as)
  return await session.send(octets, { from: '', to })
}

/** What we sent to somebody at the peers, since. */
const answersSince = (count: number) =>
  sink.taken.slice(count).map(({ to, octets }) => [to.join(), octets.toString('latin1')] as const)

describe('a dispatch', () => {
  let count = 0
  let original: Buffer
  let remmdId: string
  const fresh = async (): Promise<void> => {
    count++
    original = await userMessage(`dispatch ${count}`)
    remmdId = `<rem.${count}@${PEER}>`
  }
  const dispatch = (options: PeerMailOptions = {}): Promise<Buffer> =>
    peerDispatch(original, { remmdId, recipients: [RECIPIENT], ...options })
  const delivered = async () => (await holding(here, RECIPIENT, 'INBOX', original)).length
  const dispatches = (outcome: string) => here.metric('openkep_peer_dispatches_total', { outcome })

  test('ten times at once and ten times after: delivered once, and the same evidence again', async () => {
    await fresh()
    const octets = await dispatch()
    const before = { taken: await dispatches('taken'), repeated: await dispatches('repeated') }
    const earlier = sink.taken.length
    const replies = await Promise.all(Array.from({ length: 10 }, () => hand(octets, [RECIPIENT])))
    for (let again = 0; again < 10; again++) replies.push(await hand(octets, [RECIPIENT]))
    expect(replies.filter((reply) => reply.startsWith('250 '))).toHaveLength(20)
    expect(replies.filter((reply) => reply.includes('repeated'))).toHaveLength(19)
    await evidenced(here, remmdId, 'delivery')
    await atRest(here)
    expect(await delivered()).toBe(1)
    expect(await storyOf(here, remmdId)).toEqual(['relay-acceptance own 1', 'delivery own 1'])
    expect({ taken: await dispatches('taken'), repeated: await dispatches('repeated') }).toEqual({
      taken: before.taken + 1,
      repeated: before.repeated + 19,
    })
    const soFar = sink.taken.length
    expect(await hand(octets, [RECIPIENT])).toContain('repeated')
    await eventually(async () => (sink.taken.length === soFar + 2 ? true : undefined), 'both again')
    const answers = answersSince(earlier)
    const byRecipient = new Map(answers)
    expect([...byRecipient.keys()].toSorted()).toEqual([`gonderen@${PEER}`, `kep@${PEER}`])
    for (const [to, octets] of answers) expect(octets === byRecipient.get(to)).toBe(true)
    await atRest(here)
  })

  test.each<[what: string, lie: () => Promise<Buffer>, reason: string]>([
    ['of a sender elsewhere', () => dispatch({ sender: `gonderen@${OTHER}` }), 'PolicyViolation'],
    ['of a sender of ours', () => dispatch({ sender: SENDER }), 'PolicyViolation'],
    [
      'that another peer signed',
      () => dispatch({ signer: otherSigning.signer, evidenceSigner: signing.signer }),
      'PolicyViolation',
    ],
    [
      'that we signed ourselves',
      () => dispatch({ signer: here.keys.signer, evidenceSigner: signing.signer }),
      'PolicyViolation',
    ],
    ['that a stranger signed', () => dispatch({ signer: strangerSigning.signer }), 'PolicyViolation'],
    [
      'with the delil of another peer',
      () => dispatch({ evidenceSigner: otherSigning.signer }),
      'PolicyViolation',
    ],
    [
      'whose original was changed after signing',
      async () => {
        const text = (await dispatch()).toString('latin1')
        return Buffer.from(text.replace(`dispatch ${count}`, `Dispatch ${count}`), 'latin1')
      },
      'InvalidUserSignature',
    ],
    [
      'whose delil tells another digest',
      () => dispatch({ about: Buffer.from('another') }),
      'InvalidMessageFormat',
    ],
  ])('%s: rejected with evidence, delivered to nobody', async (_, lie, reason) => {
    await fresh()
    const before = await dispatches('rejected')
    const earlier = sink.taken.length
    const octets = await lie()
    expect(await hand(octets, [RECIPIENT])).toMatch(/^250 /)
    const evidence = await evidenced(here, remmdId, 'relay-rejection')
    await atRest(here)
    expect(reasonsIn(evidence)).toEqual([reason])
    expect(await storyOf(here, remmdId)).toEqual(['relay-rejection own 1'])
    expect(await dispatches('rejected')).toBe(before + 1)
    const answers = answersSince(earlier)
    expect(answers.map(([to]) => to)).toEqual([`kep@${PEER}`])
    expect(answers[0]?.[1]).toContain(base64Lines(evidence.bytes))
    expect(await delivered()).toBe(0)
    expect((await holding(here, RECIPIENT, 'INBOX', `Dispatch ${count}`)).length).toBe(0)
  })

  test('of one peer, handed in by another first: its own sender’s is delivered all the same', async () => {
    await fresh()
    const octets = await dispatch()
    const earlier = sink.taken.length
    expect(await hand(octets, [RECIPIENT], otherClient)).toMatch(/^250 /)
    await evidenced(here, remmdId, 'relay-rejection')
    await atRest(here)
    expect(answersSince(earlier).map(([to]) => to)).toEqual([`kep@${OTHER}`])
    expect(await delivered()).toBe(0)
    expect(await hand(octets, [RECIPIENT])).toMatch(/^250 .* received$/)
    await evidenced(here, remmdId, 'delivery')
    await atRest(here)
    expect(await delivered()).toBe(1)
  })

  test('of somebody whom nobody registered: refused before it is heard', async () => {
    await fresh()
    const before = await here.metric('openkep_peer_identity_failures_total')
    expect(await hand(await dispatch(), [RECIPIENT], strangerClient)).toMatch(/^5\d\d .*NOT_A_PEER/)
    expect(await here.metric('openkep_peer_identity_failures_total')).toBe(before + 1)
    expect(await here.provider.store.intakesNamed(remmdId)).toEqual([])
    expect(await delivered()).toBe(0)
  })
})

interface Sent {
  readonly id: string
  readonly intake: string
  readonly message: Buffer
  readonly to: readonly string[]
}

const ALL = [`bir@${PEER}`, `iki@${OTHER}`, `uc@${PEER}`]

/** A message of ours that both peers took. */
async function send(to: readonly string[] = ALL): Promise<Sent> {
  const message = await signedMessage(pki().user.signer, undefined, { to })
  const id = idIn(await submit(message, { port: here.provider.ports.submissions, ca: here.ca, to }))
  await atRest(here)
  const [intake] = await here.provider.store.intakesNamed(id)
  return { id, intake: intake?.id ?? '', message, to }
}

let evidences = 0
/** As their evidence about it is; each with a name of its own. */
const about = ({ id, to }: Sent, options: PeerMailOptions = {}): PeerMailOptions => ({
  id: `ev-theirs-${++evidences}`,
  outcome: 'delivery',
  remmdId: id,
  recipients: to,
  sender: SENDER,
  ...options,
  changes: { refersTo: 1, ...options.changes },
})

const say = async (sent: Sent, options: PeerMailOptions = {}): Promise<string> => {
  const reply = await hand(await peerEvidenceMessage(sent.message, about(sent, options)), [`kep@${DOMAIN}`])
  await atRest(here)
  return reply
}

const decided = async ({ intake }: Sent, slot: string, recipient = 1) =>
  decidedIn(await here.provider.store.work.get(intake, recipient, slot))
const marked = async ({ intake }: Sent) =>
  (await here.provider.store.work.get(intake, 1, 'contradicted')) !== undefined
const contradictions = () => here.metric('openkep_contradictions_total')
const deliller = async () => (await rowsIn(here, SENDER, 'Deliller')).rows.length

describe('evidence', () => {
  let sent: Sent
  let second: Sent
  beforeAll(async () => {
    sent = await send()
    second = await send([`iki@${OTHER}`])
  })

  test.each<[what: string, lie: () => PeerMailOptions, reason: string]>([
    ['a message that nobody sent', () => ({ remmdId: `<rem.yok@${DOMAIN}>` }), 'UNKNOWN_MESSAGE'],
    [
      'another message of ours, with its digest',
      () => ({ remmdId: second.id, recipients: second.to, about: second.message }),
      'POSITIONS',
    ],
    ['another message of ours, with the digest of this', () => ({ remmdId: second.id }), 'DIGEST'],
    ['the right message with another digest', () => ({ about: second.message }), 'DIGEST'],
    ['the right message with the recipients of another', () => ({ recipients: second.to }), 'RECIPIENTS'],
    ['a recipient of another peer', () => ({ changes: { refersTo: 2 } }), 'POSITIONS'],
    ['what only we can say', () => ({ outcome: 'relay-failure', ...negative }), 'OUTCOME'],
  ])('about %s: refused, nothing changes', async (_, lie, reason) => {
    await refused(lie(), 'EVIDENCE_NOT_OURS', reason)
  })

  test.each<[what: string, by: () => Holder]>([
    ['a stranger', () => strangerSigning],
    ['ourselves', () => here.keys],
    ['another peer', () => otherSigning],
  ])('signed by %s: refused, as envelope and as delil', async (_, by) => {
    const { signer } = by()
    await refused({ signer, evidenceSigner: signing.signer }, 'EVIDENCE_NOT_TRUSTED', 'ENVELOPE_SIGNER')
    await refused({ evidenceSigner: signer }, 'EVIDENCE_NOT_TRUSTED', 'EVIDENCE_SIGNER')
  })

  async function refused(lie: PeerMailOptions, code: string, reason: string): Promise<void> {
    const refusals = () => here.metric('openkep_peer_evidence_refused_total', { peer: PEER, reason })
    const before = { refusals: await refusals(), archive: await archived(here), deliller: await deliller() }
    const reply = await say(sent, lie)
    expect(reply).toMatch(/^550 /)
    expect(reply).toContain(code)
    expect(reply).toContain(`(${reason})`)
    expect(await refusals()).toBe(before.refusals + 1)
    expect(await archived(here)).toHaveLength(before.archive.length)
    expect(await deliller()).toBe(before.deliller)
    for (const slot of ['relay', 'transport', 'reading', 'contradicted'])
      for (const position of [1, 2, 3])
        expect(await here.provider.store.work.get(sent.intake, position, slot)).toBeUndefined()
  }

  test('and mail of ours that comes back is neither', async () => {
    const dispatch = sink.taken.find(({ octets }) => octets.includes(sent.message))?.octets
    const [receipt] = (await rowsIn(here, SENDER, 'Deliller')).rows
    const before = (await archived(here)).length
    expect(await hand(dispatch!, [RECIPIENT])).toMatch(/^550 .*DISPATCH_UNNAMED/)
    expect(await hand(await bodyOf(here, receipt!), [`kep@${DOMAIN}`])).toMatch(/^550 .*EVIDENCE_NOT_TRUSTED/)
    await atRest(here)
    expect(await archived(here)).toHaveLength(before)
    expect(await holding(here, RECIPIENT, 'INBOX', sent.message)).toEqual([])
  })

  test('ten times at once, and in another envelope: one delil', async () => {
    const sent = await send()
    const options = about(sent)
    const octets = await peerEvidenceMessage(sent.message, options)
    const repeated = () => here.metric('openkep_peer_evidence_total', { repeated: 'true' })
    const before = { repeated: await repeated(), deliller: await deliller() }
    const replies = await Promise.all(Array.from({ length: 10 }, () => hand(octets, [`kep@${DOMAIN}`])))
    expect(replies.filter((reply) => reply.startsWith('250 '))).toHaveLength(10)
    const copy = octets
      .toString('latin1')
      .match(/filename=[^\r]+xml\r\n(?:[\w-]+:[^\r]+\r\n)*\r\n([^-]+)\r\n--/)
    const part = `Content-Type: application/xml\r\nContent-Transfer-Encoding: base64\r\n\r\n${copy?.[1]}`
    expect(await hand(await foreignEnvelope([part]), [`kep@${DOMAIN}`])).toMatch(/^250 /)
    await evidenced(here, sent.id, 'delivery')
    await atRest(here)
    expect(await storyOf(here, sent.id)).toEqual(['submission-acceptance own all', `delivery ${PEER} 1`])
    expect(await repeated()).toBe(before.repeated + 10)
    expect(await deliller()).toBe(before.deliller + 1)
    expect(await marked(sent)).toBe(false)
  })
})

describe('evidence that contradicts itself: kept and marked, and the first word stays', () => {
  const at = (refersTo: number) => ({ changes: { refersTo } })

  test.each<[first: OutcomeName, then: OutcomeName]>([
    ['delivery', 'non-delivery'],
    ['non-delivery', 'delivery'],
    ['delivery', 'relay-rejection'],
    ['relay-rejection', 'relay-acceptance'],
    ['relay-rejection', 'delivery'],
  ])('%s, then %s', async (first, then) => {
    const sent = await send()
    const before = { marks: await contradictions(), deliller: await deliller() }
    expect(await say(sent, { outcome: first, ...reasonsOf(first) })).toMatch(/^250 /)
    expect(await marked(sent)).toBe(false)
    expect(await say(sent, { outcome: then, ...reasonsOf(then) })).toMatch(/^250 /)
    expect(await storyOf(here, sent.id)).toEqual([
      'submission-acceptance own all',
      `${first} ${PEER} 1`,
      `${then} ${PEER} 1`,
    ])
    expect(await decided(sent, 'transport')).toMatchObject({ peer: { outcome: first } })
    expect(await marked(sent)).toBe(true)
    expect(await contradictions()).toBe(before.marks + 1)
    expect(await deliller()).toBe(before.deliller + 2)
  })

  test('two deliller of one name that say opposite things', async () => {
    const sent = await send()
    const marks = await contradictions()
    const name = `ev-theirs-${++evidences}`
    expect(await say(sent, { id: name })).toMatch(/^250 /)
    expect(await say(sent, { id: name, outcome: 'non-delivery', ...negative })).toMatch(/^250 /)
    expect(await storyOf(here, sent.id)).toEqual([
      'submission-acceptance own all',
      `delivery ${PEER} 1`,
      `non-delivery ${PEER} 1`,
    ])
    expect(await decided(sent, 'transport')).toMatchObject({ peer: { outcome: 'delivery' } })
    expect(await marked(sent)).toBe(true)
    expect(await contradictions()).toBe(marks + 1)
  })

  test('acceptance, then rejection: what comes of it is decided by the delivery evidence', async () => {
    const sent = await send()
    const marks = await contradictions()
    await say(sent, { outcome: 'relay-acceptance' })
    await say(sent, { outcome: 'relay-rejection', ...negative })
    expect(await decided(sent, 'transport')).toBeUndefined()
    expect(await marked(sent)).toBe(true)
    await say(sent)
    expect(await decided(sent, 'transport')).toMatchObject({ peer: { outcome: 'delivery' } })
    expect(await contradictions()).toBe(marks + 1)
    // The other recipient at that peer is not touched by any of it.
    for (const slot of ['relay', 'transport', 'contradicted'])
      expect(await here.provider.store.work.get(sent.intake, 3, slot)).toBeUndefined()
    expect(await say(sent, at(3))).toMatch(/^250 /)
    expect(await decided(sent, 'transport', 3)).toMatchObject({ peer: { outcome: 'delivery' } })
  })

  test('retrieval without delivery: kept; when nothing else comes it is the final word, and no failure of ours', async () => {
    const sent = await send([`bir@${PEER}`])
    const marks = await contradictions()
    expect(await say(sent, { outcome: 'retrieval', changes: { recipientAuthentication } })).toMatch(/^250 /)
    expect(await decided(sent, 'reading')).toMatchObject({ peer: { outcome: 'retrieval' } })
    expect(await decided(sent, 'transport')).toBeUndefined()
    clock.elapse(25 * HOUR)
    await here.provider.store.work.insert([])
    await eventually(async () => await decided(sent, 'transport'), 'the deadline')
    await atRest(here)
    expect(await decided(sent, 'transport')).toMatchObject({ peer: { outcome: 'retrieval' } })
    expect(await storyOf(here, sent.id)).toEqual(['submission-acceptance own all', `retrieval ${PEER} 1`])
    expect(await marked(sent)).toBe(false)
    expect(await contradictions()).toBe(marks)
  })
})

const recipientAuthentication = { time: afterEvent(-60_000), method: AUTHENTICATION_METHODS.Basic.uri }

const negative = {
  changes: {
    refersTo: 1,
    reasons: [{ code: 'http:uri.etsi.org/REM/EventReason#MailboxFull', details: 'x' }],
  },
} satisfies PeerMailOptions

const reasonsOf = (outcome: OutcomeName): PeerMailOptions => (outcomeNamed(outcome).positive ? {} : negative)
