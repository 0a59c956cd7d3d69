import { hash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_PROFILE } from '../../evidence/model/profile.ts'
import { base64Lines } from '../../mail/base64-lines.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import type { PeerEvidencePayload } from '../../server/relay/payloads.ts'
import { stageBytes } from '../../server/stage-bytes.ts'
import type { WorkRow } from '../../storage/port.ts'
import { EVENT_TIME } from '../fakes/evidence.ts'
import { openPeerSession } from '../fakes/peer-client.ts'
import {
  peerOf,
  pinned,
  sentMessage,
  signedBy,
  startPeerListener,
  type TestPeerListener,
} from '../fakes/peer-listener.ts'
import {
  foreignEnvelope,
  OURS,
  PEER,
  type PeerMailOptions,
  peerEvidence,
  peerEvidenceMessage,
  peerKeys,
} from '../fakes/peer-mail.ts'
import { validator } from '../fakes/peer-trust.ts'
import { type Holder, pki } from '../fakes/pki.ts'

const original = Buffer.from('From: a\r\n\r\nözgün\r\n')
const OTHER = 'hs97.kep.tr'
const otherSigning = pki().issue({ kind: 'provider', email: `kep@${OTHER}` })
const otherClient = pki().issue({ kind: 'tls', dns: [OTHER], ip: [] })

let kep: TestPeerListener
let sent: SubmissionRecord
let count = 0
beforeAll(async () => {
  kep = await startPeerListener()
  kep.peers.push(peerOf(OTHER, { inbound: pinned(otherClient), signing: signedBy(otherSigning) }))
})
afterAll(() => kep[Symbol.asyncDispose]())
beforeEach(async () => {
  sent = await sentMessage(kep.store, original, { id: (++count).toString(16).padStart(32, 'a') })
})
afterEach(async () => expect(await kep.metric('internal_errors_total')).toBe(0))

/** As their evidence about our message is. */
const about = (options: PeerMailOptions = {}): PeerMailOptions => ({
  outcome: 'delivery',
  remmdId: sent.messageId,
  recipients: sent.recipients.map(({ address }) => address),
  sender: sent.sender.address,
  ...options,
  changes: { refersTo: 1, ...options.changes },
})

async function send(
  octets: Buffer,
  client: Holder = peerKeys().client,
  at = kep,
  to = `kep@${OURS}`,
): Promise<string> {
  await using session = await openPeerSession(at, client)
  return await session.send(octets, { from: '', to: [to] })
}

const sendEvidence = async (options?: PeerMailOptions) =>
  send(await peerEvidenceMessage(original, about(options)))

const taken = async (at = kep): Promise<WorkRow[]> =>
  (await at.rows(sent.id)).filter(({ kind }) => kind === 'evidence')

describe('evidence about a message of ours', () => {
  test('is a row of work with the octets of delil and mail; again it is nothing new', async () => {
    const octets = await peerEvidenceMessage(original, about())
    expect(await send(octets)).toBe('250 2.6.0 1 delil alindi / received')
    const [row, ...others] = (await taken()) as [WorkRow]
    expect(others).toEqual([])
    const payload: PeerEvidencePayload = JSON.parse(row.payload)
    expect(payload).toMatchObject({
      provider: PEER,
      eventId: `${PEER}/ev-0b6f0f0e-0000-4000-8000-000000000099`,
      outcome: 'delivery',
      at: EVENT_TIME.toISOString(),
      positions: '1',
    })
    expect(row).toMatchObject({ recipient: 1, slot: `in/${payload.evidence.hash.slice(0, 32)}` })
    const evidence = Buffer.from(await kep.store.blobs.read(payload.evidence))
    expect(evidence.toString()).toContain('<DeliveryNonDeliveryToRecipient ')
    const mail = Buffer.from(await kep.store.blobs.read(payload.mail))
    expect(mail.subarray(mail.length - octets.length).equals(octets)).toBe(true)
    const repeated = await kep.metric('peer_evidence_total', { repeated: 'true' })
    expect(await send(octets)).toMatch(/^250 /)
    expect(await taken()).toHaveLength(1)
    expect(await kep.metric('peer_evidence_total', { repeated: 'true' })).toBe(repeated + 1)
  })

  test.each(['bounce+' + '0'.repeat(32) + '-hs99', 'kep', 'gonderen', 'kimse'])(
    'sent to %s@: what it is about decides, not to whom it is addressed',
    async (local) => {
      const octets = await peerEvidenceMessage(original, about())
      expect(await send(octets, undefined, undefined, `${local}@${OURS}`)).toBe(
        '250 2.6.0 1 delil alindi / received',
      )
      expect(await taken()).toHaveLength(1)
    },
  )

  test('refused: nothing is kept', async () => {
    expect(await sendEvidence({ about: Buffer.from('x') })).toMatch(/^550 /)
    expect(await taken()).toEqual([])
  })

  const relay = (positions: string) => ({
    refersTo: undefined as never,
    extensions: [
      {
        namespace: DEFAULT_PROFILE.extensionNamespace,
        name: 'Relay',
        critical: false,
        fields: [{ name: 'Positions', value: positions }],
      },
    ],
  })

  test.each<[what: string, changes: NonNullable<PeerMailOptions['changes']>, positions: string]>([
    ['one recipient', { refersTo: 3 }, '3'],
    ['those of our extension', relay('1,3'), '1,3'],
    ['all at that provider, where it says nothing', { refersTo: undefined as never }, '1,3'],
  ])('positions: %s', async (_, changes, positions) => {
    expect(await sendEvidence({ outcome: 'relay-acceptance', changes })).toMatch(/^250 /)
    expect((await taken()).map(({ payload }) => JSON.parse(payload).positions)).toEqual([positions])
  })

  test.each(['2', '1-2', '1,1', '4', '1-4000000000', '0', '', 'x', '3-1'])(
    'positions %j are not all of this peer',
    async (positions) => {
      expect(await sendEvidence({ outcome: 'relay-acceptance', changes: relay(positions) })).toMatch(
        /^550 5\.1\.0 EVIDENCE_NOT_OURS .*POSITIONS/,
      )
      expect(await taken()).toEqual([])
    },
  )

  test('a peer that repeats itself under new identifiers is stopped, recipient by recipient', async () => {
    const say = (n: number, refersTo: number) =>
      sendEvidence({ changes: { id: `ev-0b6f0f0e-0000-4000-8000-${String(n).padStart(12, '0')}`, refersTo } })
    for (let n = 1; n <= 16; n++) expect(await say(n, 1)).toMatch(/^250 /)
    expect(await say(17, 1)).toMatch(/^550 5\.1\.0 EVIDENCE_NOT_OURS .*TOO_MANY/)
    expect(await say(18, 3)).toMatch(/^250 /)
    expect(await taken()).toHaveLength(17)
  })

  test('a hundred messages whose users chose our identifier as their Message-ID do not hide the one that has it', async () => {
    for (let n = 0; n < 101; n++) {
      const blob = await stageBytes(kep.store, Buffer.from(`decoy ${count} ${n}`))
      const id = `${count}${String(n).padStart(30, 'd')}`.slice(0, 32)
      await kep.store.accept({
        id,
        at: Date.now() + 1000,
        body: blob.ref,
        envelope: blob.ref,
        names: [sent.messageId],
        staged: [blob],
        first: { intake: id, recipient: 0, slot: 'x', kind: 'accepted', due: Date.now(), payload: '{}' },
      })
    }
    expect(await sendEvidence()).toMatch(/^250 /)
  })

  test('several deliller of one message: all or none', async () => {
    const xml = async (options: PeerMailOptions) =>
      `Content-Type: application/xml\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64Lines(await peerEvidence(original, about(options)))}`
    const good = await xml({ changes: { refersTo: 1 } })
    const bad = await xml({ changes: { refersTo: 2 } })
    expect(await send(await foreignEnvelope([good, bad]))).toMatch(/^550 /)
    expect(await taken()).toEqual([])
    const second = await xml({ id: 'ev-2', changes: { refersTo: 3 } })
    expect(await send(await foreignEnvelope([good, second, good]))).toBe(
      '250 2.6.0 3 delil alindi / received',
    )
    expect(await taken()).toHaveLength(2)
  })
})

describe('what a peer that lies gets', () => {
  const stranger = pki().issue({ kind: 'provider', email: `kep@${PEER}` })
  test.each<[what: string, options: PeerMailOptions, code: string, reason: string]>([
    ['another digest', { about: Buffer.from('another') }, 'EVIDENCE_NOT_OURS', 'DIGEST'],
    ['a message that we never sent', { remmdId: `<rem.x@${OURS}>` }, 'EVIDENCE_NOT_OURS', 'UNKNOWN_MESSAGE'],
    ['no message id at all', { remmdId: 'x' }, 'EVIDENCE_NOT_OURS', 'UNKNOWN_MESSAGE'],
    ['other recipients', { recipients: [`bir@${PEER}`] }, 'EVIDENCE_NOT_OURS', 'RECIPIENTS'],
    [
      'another order',
      { recipients: [`uc@${PEER}`, `iki@${OTHER}`, `bir@${PEER}`] },
      'EVIDENCE_NOT_OURS',
      'RECIPIENTS',
    ],
    ['a recipient of another provider', { changes: { refersTo: 2 } }, 'EVIDENCE_NOT_OURS', 'POSITIONS'],
    ['our own kind of evidence', { outcome: 'submission-acceptance' }, 'EVIDENCE_NOT_OURS', 'OUTCOME'],
    ['signed by a stranger', { signer: stranger.signer }, 'EVIDENCE_NOT_TRUSTED', 'ENVELOPE_SIGNER'],
    [
      'evidence by a stranger',
      { evidenceSigner: stranger.signer },
      'EVIDENCE_NOT_TRUSTED',
      'EVIDENCE_SIGNER',
    ],
    [
      'evidence by another peer',
      { evidenceSigner: otherSigning.signer },
      'EVIDENCE_NOT_TRUSTED',
      'EVIDENCE_SIGNER',
    ],
  ])('%s', async (_, options, code, reason) => {
    const before = await kep.metric('peer_evidence_refused_total', { peer: PEER, reason })
    expect(await sendEvidence(options)).toMatch(
      new RegExp(`^550 5\\.(1\\.0|7\\.7) ${code} .*\\(${reason}\\)$`),
    )
    expect(await kep.metric('peer_evidence_refused_total', { peer: PEER, reason })).toBe(before + 1)
    expect(await taken()).toEqual([])
  })

  test('another peer’s good evidence, handed in as one’s own', async () => {
    const octets = await peerEvidenceMessage(original, about())
    expect(await send(octets, otherClient)).toMatch(/^550 5\.7\.7 EVIDENCE_NOT_TRUSTED .*ENVELOPE_SIGNER/)
    expect(await taken()).toEqual([])
  })

  test('a peer’s good evidence about a recipient of another peer', async () => {
    const options = { signer: otherSigning.signer, changes: { refersTo: 1 } }
    const octets = await peerEvidenceMessage(original, about(options))
    expect(await send(octets, otherClient)).toMatch(/^550 5\.1\.0 EVIDENCE_NOT_OURS .*POSITIONS/)
  })

  test('a digest by another algorithm than the one of our evidence', async () => {
    const message = {
      isNotification: false,
      subject: 'x',
      remmdMessageId: sent.messageId,
      digestMethod: 'http://www.w3.org/2001/04/xmlenc#sha512',
      digestValue: hash('sha512', original, 'base64'),
    }
    expect(await sendEvidence({ changes: { message } })).toMatch(/^550 5\.1\.0 EVIDENCE_NOT_OURS .*DIGEST/)
  })
})

test('revocation lists that cannot be had: 451, and nothing is kept', async () => {
  await using blind = await startPeerListener({ providersTrust: validator([]) })
  await sentMessage(blind.store, original, { id: sent.id })
  const octets = await peerEvidenceMessage(original, about())
  expect(await send(octets, undefined, blind)).toMatch(/^451 4\.7\.5 REVOCATION_UNKNOWN /)
  expect(await taken(blind)).toEqual([])
})
