import { hash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { verifyFile } from '../../evidence/verify/verify-file.ts'
import { decodeIndex } from '../../mail/mime-codec.ts'
import type { RelayedRecord } from '../../mail/relayed-record.ts'
import { proceed, refuse } from '../../plugins/api.ts'
import type { RelayInPayload } from '../../server/relay/payloads.ts'
import type { BlobRef, IntakeRow } from '../../storage/port.ts'
import { afterEvent, trustOptions, userMessage } from '../fakes/evidence.ts'
import { openPeerSession } from '../fakes/peer-client.ts'
import { startPeerListener, type TestPeerListener } from '../fakes/peer-listener.ts'
import {
  foreignEnvelope,
  PEER,
  type PeerMailOptions,
  peerDispatch,
  peerKeys,
  RECIPIENTS,
} from '../fakes/peer-mail.ts'
import { validator } from '../fakes/peer-trust.ts'

let kep: TestPeerListener
let original: Buffer
let count = 0
let remmdId: string
beforeAll(async () => {
  kep = await startPeerListener()
  original = await userMessage('Şöyle böyle')
})
afterAll(() => kep[Symbol.asyncDispose]())
beforeEach(() => {
  remmdId = `<rem.${++count}@${PEER}>`
  kep.verdict = proceed
  kep.closed = undefined
})
afterEach(async () => expect(await kep.metric('internal_errors_total')).toBe(0))

const [FIRST, SECOND] = RECIPIENTS as [string, string, string]

async function send(octets: Buffer, to: readonly string[] = [FIRST], at = kep): Promise<string> {
  await using session = await openPeerSession(at, peerKeys().client)
  return await session.send(octets, { from: `bounce+${'0'.repeat(32)}-hs98@${PEER}`, to })
}

const dispatch = (options: PeerMailOptions = {}) => peerDispatch(original, { remmdId, ...options })

interface Stored {
  readonly row: IntakeRow
  readonly record: RelayedRecord
  readonly payload: RelayInPayload
}

/** What is stored under this test's message id, the first first. */
async function stored(at = kep): Promise<Stored[]> {
  const rows = (await at.store.intakesNamed(remmdId)).reverse()
  return Promise.all(
    rows.map(async (row) => {
      const relayIn = await at.store.work.get(row.id, 0, 'relay-in')
      return {
        row,
        record: JSON.parse(Buffer.from(await at.store.blobs.read(row.envelope)).toString()),
        payload: JSON.parse(relayIn?.payload ?? ''),
      }
    }),
  )
}

async function keepersOf({ hash }: BlobRef): Promise<readonly string[]> {
  for await (const record of kep.store.copy.records())
    if (record.kind === 'blob' && record.ref.hash === hash) return record.keepers
  return []
}

describe('a dispatch of a known peer', () => {
  test('is stored octet for octet behind its trace fields; 250 comes when all of it is durable', async () => {
    const octets = await dispatch()
    const answer = await send(octets, [FIRST, SECOND])
    expect(answer).toBe(`250 2.6.0 ${remmdId} alindi / received`)
    const [{ row, record, payload }, ...others] = (await stored()) as [Stored]
    expect(others).toEqual([])
    const body = Buffer.from(await kep.store.blobs.read(row.body!))
    expect(body.subarray(body.length - octets.length).equals(octets)).toBe(true)
    expect(body.subarray(0, body.length - octets.length).toString()).toMatch(
      /^Return-Path: <bounce\+0{32}-hs98@hs99\.kep\.tr>\r\nReceived: from posta\.hs99\.kep\.tr \(\[127\.0\.0\.1\]\)\r\n \(using TLSv1\.3 [^\r]+\)\r\n by hs98\.kep\.tr with ESMTPS id [0-9a-f]{32};\r\n [^\r]+\r\n$/,
    )
    expect(record).toMatchObject({
      origin: 'relay',
      id: row.id,
      messageId: remmdId,
      userMessageId: '<1@istemci.example>',
      submittedAt: afterEvent(-30_000),
      sender: { address: `gonderen@${PEER}`, name: 'Gönderen' },
      recipients: RECIPIENTS.map((address, index) => ({ address, local: index < 2 })),
      digest: {
        algorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
        value: hash('sha256', original, 'base64'),
      },
      peer: PEER,
      transport: { ip: '127.0.0.1', identity: 'certificate', clientName: 'posta.hs99.kep.tr' },
      userSignature: expect.stringMatching(/^valid/),
    })
    expect(record.rejected).toBeUndefined()
    expect(record.transport.authentication).toMatch(/^hs98\.kep\.tr; .*dkim=none.*spf=/)
    expect(payload).toMatchObject({ positions: '1-2', dispatch: row.body })
    const content = body.subarray(payload.contentStart, payload.contentEnd)
    expect(content.equals(original.subarray(original.indexOf('\r\n\r\n') + 4))).toBe(true)
    expect(decodeIndex(await kep.store.blobs.read(payload.index)).size).toBe(body.length)
    // What stands in front is trace, so the whole still verifies.
    const report = await verifyFile({ name: 'x.eml', octets: body }, trustOptions())
    expect(report.verdict).toBe('TOTAL-PASSED')
  })

  test('again: the same answer, nothing new, and what was sent about its recipients is sent again', async () => {
    await send(await dispatch(), [FIRST, SECOND])
    const [{ row }] = (await stored()) as [Stored]
    const sent = (recipient: number, slot: string, queue: string) => ({
      intake: row.id,
      recipient,
      slot,
      kind: 'send' as const,
      due: 0,
      payload: '{}',
      queue,
    })
    await kep.store.work.insert([
      sent(1, 'relay-send', PEER),
      sent(2, 'relay-send', PEER),
      sent(0, 'relay-send', PEER),
    ])
    for (const leased of await kep.store.work.claim(['send'], {
      now: Date.now(),
      limit: 9,
      leaseMs: 1000,
      queue: PEER,
    }))
      await kep.store.work.settle(leased, { done: true })
    const before = await kep.metric('peer_dispatches_total', { outcome: 'repeated' })
    expect(await send(await dispatch())).toMatch(/^250 2\.6\.0 .* \(tekrar \/ repeated\)$/)
    expect(await kep.metric('peer_dispatches_total', { outcome: 'repeated' })).toBe(before + 1)
    expect(await stored()).toHaveLength(1)
    const states = (await kep.rows(row.id)).map(
      ({ recipient, slot, state }) => `${recipient} ${slot} ${state}`,
    )
    expect(states).toEqual([
      '0 relay-in pending',
      '0 relay-send pending',
      '1 relay-send pending',
      '2 relay-send done',
    ])
  })

  test('for further recipients: they join the first, each position once', async () => {
    await send(await dispatch())
    expect(await send(await dispatch(), [FIRST, SECOND])).toMatch(/^250 2\.6\.0 .* received$/)
    await send(await dispatch(), [SECOND])
    const all = (await stored()) as [Stored]
    expect(all).toHaveLength(1)
    const rows = (await kep.rows(all[0].row.id)).filter(({ slot }) => slot.startsWith('relay-in'))
    expect(rows.map(({ payload }) => (JSON.parse(payload) as RelayInPayload).positions)).toEqual(['1', '2'])
    expect(rows.map(({ slot }) => slot)).toEqual([
      'relay-in',
      expect.stringMatching(/^relay-in\/[0-9a-f]{16}$/),
    ])
  })

  test('ten at once: stored once', async () => {
    const octets = await dispatch()
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(octets)))
    expect(answers.filter((answer) => answer.startsWith('250 '))).toHaveLength(10)
    expect(answers.filter((answer) => answer.includes('repeated'))).toHaveLength(9)
    const [first, ...more] = await stored()
    expect(more).toEqual([])
    // The nine that came second keep nothing.
    expect(await keepersOf(first!.payload.dispatch)).toEqual([`intake/${first?.row.id}`])
    expect(await keepersOf(first!.payload.index)).toEqual([`intake/${first?.row.id}`])
  })

  test('another message under a known id: rejected, the first stays', async () => {
    await send(await dispatch())
    const other = await userMessage('başka')
    const twice = async () => await send(await peerDispatch(other, { remmdId }))
    expect(await twice()).toMatch(/^250 /)
    expect(await twice()).toMatch(/repeated/)
    const all = await stored()
    expect(all.map(({ record }) => record.rejected?.reason)).toEqual([undefined, 'PolicyViolation'])
    expect(all.map(({ record }) => record.digest.value)).toEqual(
      [original, other].map((octets) => hash('sha256', octets, 'base64')),
    )
  })

  test('a copy that is broken on the way changes nothing for those that were taken', async () => {
    await send(await dispatch())
    const broken = await peerDispatch(Buffer.from('x'), { remmdId, about: original })
    expect(await send(broken)).toMatch(/repeated/)
    expect(await send(broken, [SECOND])).toMatch(/^250 .* received$/)
    const all = await stored()
    expect(all.map(({ record, payload }) => [record.rejected?.reason, payload.positions])).toEqual([
      [undefined, '1'],
      ['InvalidMessageFormat', '2'],
    ])
  })

  test('is not for an address for reports', async () => {
    const reply = await send(await dispatch(), [FIRST, `bounce+${'1'.repeat(32)}-hs99@hs98.kep.tr`])
    expect(reply).toMatch(/^550 5\.7\.1 NOT_A_KEP_MESSAGE /)
    expect(await stored()).toEqual([])
  })

  test('for the operator is one like any other: its address has a position', async () => {
    const to = ['Postmaster@hs98.kep.tr', FIRST]
    expect(await send(await dispatch({ recipients: [...to, 'abuse@hs98.kep.tr'] }), to)).toMatch(/^250 /)
    expect((await stored()).map(({ payload }) => payload.positions)).toEqual(['1-2'])
  })

  test('that lists somebody twice has one position for both', async () => {
    expect(await send(await dispatch({ recipients: [FIRST, FIRST] }), [FIRST])).toMatch(/^250 /)
    expect((await stored()).map(({ payload }) => payload.positions)).toEqual(['1'])
  })

  test('about which our own rules allow no evidence is refused, and not answered with 250', async () => {
    const recipients = [{ addresses: [FIRST] }, { addresses: ['kimse'] }]
    expect(await send(await dispatch({ changes: { recipients } }), [FIRST])).toMatch(
      /^550 5\.6\.0 DISPATCH_UNNAMED /,
    )
    expect(await stored()).toEqual([])
  })

  test('to more recipients than evidence can list is refused', async () => {
    const many = Array.from({ length: 1001 }, (_, n) => `r${n}@hs97.kep.tr`)
    const reply = await send(await dispatch({ recipients: [FIRST, ...many] }), [FIRST])
    expect(reply).toMatch(/^550 5\.5\.3 TOO_MANY_RECIPIENTS /)
    expect(await stored()).toEqual([])
  })
})

describe('is rejected as a whole, with 250 and a record', () => {
  test('whose delil names a digest that counts for nothing: our own evidence about it names ours', async () => {
    const message = {
      isNotification: false,
      subject: 'x',
      remmdMessageId: remmdId,
      digestMethod: 'http://www.w3.org/2000/09/xmldsig#sha1',
      digestValue: hash('sha1', original, 'base64'),
    }
    expect(await send(await dispatch({ changes: { message } }))).toMatch(/^250 /)
    const [{ record }] = (await stored()) as [Stored]
    expect(record.rejected).toMatchObject({ reason: 'InvalidMessageFormat' })
    expect(record.digest).toEqual({
      algorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
      value: hash('sha256', original, 'base64'),
    })
  })

  test.each<[what: string, octets: () => Promise<Buffer>, to: readonly string[], rejected: object]>([
    [
      'a recipient who is not in the evidence',
      () => dispatch(),
      ['baska@hs98.kep.tr'],
      { reason: 'InvalidMessageFormat', details: 'RECIPIENTS_DIFFER: 1 not in the evidence' },
    ],
    [
      'a broken envelope',
      async () =>
        Buffer.from((await dispatch()).toString('latin1').replace('Remmd ID', 'Remmd Id'), 'latin1'),
      [FIRST],
      { reason: 'InvalidUserSignature', details: 'ENVELOPE_SIGNATURE: DIGEST_MISMATCH' },
    ],
    [
      'a changed original',
      () => peerDispatch(Buffer.from('x'), { remmdId, about: original }),
      [FIRST],
      { reason: 'InvalidMessageFormat', details: 'DIGEST_MISMATCH' },
    ],
    [
      'a sender of another provider',
      () => dispatch({ sender: 'gonderen@hs97.kep.tr' }),
      [FIRST],
      { reason: 'PolicyViolation', details: 'SENDER_NOT_OF_PEER' },
    ],
    [
      'a sender of ours',
      () => dispatch({ sender: 'gonderen@hs98.kep.tr' }),
      [FIRST],
      { reason: 'PolicyViolation', details: 'SENDER_NOT_OF_PEER' },
    ],
    [
      'evidence that cannot be read: named by the header',
      () =>
        foreignEnvelope(
          [
            `Content-Type: message/rfc822\r\n\r\n${original}`,
            'Content-Type: application/xml\r\nX-REM-Section-Type: rem_message/xml_evidence\r\n\r\n<x',
          ],
          undefined,
          `From: kep@${PEER}\r\nReply-To: "G" <gonderen@${PEER}>\r\nTo: ${FIRST}\r\nSubject: s\r\nMessage-ID: ${remmdId}\r\n`,
        ),
      [FIRST],
      { reason: 'InvalidMessageFormat', details: expect.stringMatching(/^EVIDENCE_FORM/) },
    ],
  ])('%s', async (_, octets, to, rejected) => {
    const before = await kep.metric('peer_dispatches_total', { outcome: 'rejected' })
    expect(await send(await octets(), to)).toMatch(/^250 2\.6\.0 /)
    const all = await stored()
    expect(all.map(({ record }) => record.rejected)).toEqual([rejected])
    expect(all[0]?.payload.positions).toMatch(/^1(-2)?$/)
    expect(await kep.metric('peer_dispatches_total', { outcome: 'rejected' })).toBe(before + 1)
  })

  test('by a plugin, for good or for now', async () => {
    kep.verdict = refuse('QUOTA_EXCEEDED', 'x')
    await send(await dispatch())
    expect((await stored())[0]?.record.rejected).toEqual({
      reason: 'PolicyViolation',
      details: 'QUOTA_EXCEEDED: x',
    })
    remmdId = `<rem.${++count}@${PEER}>`
    kep.verdict = refuse('TEMPORARY')
    expect(await send(await dispatch())).toMatch(/^451 4\.3\.0 TEMPORARY /)
    expect(await stored()).toEqual([])
  })

  test('what nobody can name is refused on the wire', async () => {
    const nameless = await foreignEnvelope(
      [
        `Content-Type: message/rfc822\r\n\r\n${original}`,
        'Content-Type: application/xml\r\nX-REM-Section-Type: rem_message/xml_evidence\r\n\r\n<x',
      ],
      undefined,
      `From: kep@${PEER}\r\n`,
    )
    expect(await send(nameless)).toMatch(/^550 5\.6\.0 DISPATCH_UNNAMED .*EVIDENCE_FORM/)
  })
})

describe('our own trouble', () => {
  test('revocation lists that cannot be had: 451, nothing is stored, and later it is taken', async () => {
    await using blind = await startPeerListener({ tsasTrust: validator([]) })
    const octets = await dispatch()
    expect(await send(octets, [FIRST], blind)).toMatch(/^451 4\.7\.5 REVOCATION_UNKNOWN /)
    expect(await stored(blind)).toEqual([])
    expect(await send(octets)).toMatch(/^250 /)
  })

  test('the gate is closed: 451 at MAIL', async () => {
    kep.closed = 'BACKLOG'
    expect(await send(await dispatch())).toMatch(/^451 4\.3\.2 BACKLOG /)
  })

  test('larger than we take: 552, at MAIL or after it', async () => {
    await using session = await openPeerSession(kep, peerKeys().client)
    const large = Buffer.alloc(1_100_000, 'x\r\n')
    expect(await session.send(large, { from: '', to: [FIRST] })).toMatch(/^552 /)
    await session.command('RSET')
    await session.command('MAIL FROM:<>')
    await session.command(`RCPT TO:<${FIRST}>`)
    await session.command('DATA')
    await session.write(large)
    await session.write('\r\n.\r\n')
    expect(await session.reply()).toMatch(/^552 5\.3\.4 MESSAGE_TOO_BIG /)
  })
})
