/** Drafts, a time-stamper without a network, and whole dispatches, for the tests of evidence. */
import { hash } from 'node:crypto'
import { signDetached } from '../../evidence/cms/sign.ts'
import { composeDispatch, composeReceipt } from '../../evidence/envelope/messages.ts'
import { envelopeSettings } from '../../evidence/envelope/settings.ts'
import { AUTHENTICATION_METHODS } from '../../evidence/model/authentication.ts'
import type { EvidenceDraft } from '../../evidence/model/draft.ts'
import { DEFAULT_PROFILE } from '../../evidence/model/profile.ts'
import type { HashName, Signer, Timestamper } from '../../evidence/ports.ts'
import { evidenceRules } from '../../evidence/rules/evidence-rules.ts'
import { type Checked, checkAll } from '../../evidence/rules/rule.ts'
import { buildTimestampRequest } from '../../evidence/tsa/request.ts'
import { answerTimestampQuery } from '../../evidence/tsa/responder.ts'
import { tokenOfResponse } from '../../evidence/tsa/response.ts'
import { verifyToken } from '../../evidence/tsa/token.ts'
import type { VerifyOptions } from '../../evidence/verify/trust.ts'
import { signEvidence } from '../../evidence/xades/sign.ts'
import { systemClock } from '../../mail/clock.ts'
import { pki } from './pki.ts'

let serial = 1n

/** Stamps with the development TSA in this process. */
export const localTimestamper = (): Timestamper => ({
  async stamp(imprint: Uint8Array, name: HashName) {
    const query = buildTimestampRequest({
      imprint,
      hash: name,
      certificate: true,
      nonce: undefined,
      policy: undefined,
    })
    const authority = {
      signer: pki().tsa.signer,
      policy: '1.3.6.1.4.1.99999.1.1',
      serial: () => serial++,
      clock: systemClock,
    }
    const der = tokenOfResponse(await answerTimestampQuery(query, authority))
    return verifyToken(der, { imprint, hash: name, trust: pki().trust })
  },
})

export const trustOptions = (): VerifyOptions => ({ ...pki().trust, now: new Date() })

/** An hour ago: evidence is stamped soon after what it tells of, and the fake TSA stamps now. */
export const EVENT_TIME = new Date(Math.floor(Date.now() / 1000) * 1000 - 3_600_000)
/** ISO time so many ms after the event. */
export const afterEvent = (ms: number): string => new Date(EVENT_TIME.getTime() + ms).toISOString()
const eventTime = EVENT_TIME.toISOString()

export const draftFor = (octets: Uint8Array, changes: Partial<EvidenceDraft> = {}): EvidenceDraft => ({
  root: 'SubmissionAcceptanceRejection',
  version: DEFAULT_PROFILE.version,
  id: 'ev-0b6f0f0e-0000-4000-8000-000000000001',
  eventCode: DEFAULT_PROFILE.eventCodes['submission-acceptance'],
  reasons: [],
  policyIds: DEFAULT_PROFILE.policyIds,
  issuer: { names: ['Örnek KEPHS & Ortakları'], language: 'tr', addresses: ['kep@hs98.kep.tr'] },
  senderAuthentication: { time: afterEvent(-60_000), method: AUTHENTICATION_METHODS.Basic.uri },
  eventTime,
  submissionTime: afterEvent(-30_000),
  replyTo: 'deneme.gonderen@hs98.kep.tr',
  sender: { addresses: ['deneme.gonderen@hs98.kep.tr'], displayName: 'Ayşe "A" Işık' },
  recipients: [{ addresses: ['deneme.alici@hs98.kep.tr'] }, { addresses: ['ikinci@hs99.kep.tr'] }],
  delegates: [
    { delegate: { names: ['Ayşe Işık'], addresses: ['deneme.gonderen@hs98.kep.tr'] }, recipients: [1, 2] },
  ],
  message: {
    isNotification: false,
    subject: 'İhtar: <sözleşme> & ekleri',
    uaMessageId: '<1@istemci.example>',
    remmdMessageId: '<rem.1@hs98.kep.tr>',
    digestMethod: 'http://www.w3.org/2001/04/xmlenc#sha256',
    digestValue: hash('sha256', octets, 'base64'),
  },
  extensions: [
    {
      namespace: DEFAULT_PROFILE.extensionNamespace,
      name: 'ArchivedMaterial',
      critical: false,
      fields: [{ name: 'Digest', value: 'q1w2e3' }],
    },
  ],
  ...changes,
})

export const checkedDraft = (
  octets: Uint8Array,
  changes: Partial<EvidenceDraft> = {},
): Checked<EvidenceDraft> => checkAll(draftFor(octets, changes), evidenceRules(DEFAULT_PROFILE))

export const signedEvidence = (
  octets: Uint8Array,
  changes: Partial<EvidenceDraft> = {},
  signer: Signer = pki().provider.signer,
): Promise<Uint8Array> =>
  signEvidence(checkedDraft(octets, changes), signer, localTimestamper(), new Date(afterEvent(1_000)))

/** What a user hands in: multipart/signed by the user's own certificate, without a final line end where asked. */
export async function userMessage(body: string, signer: Signer = pki().user.signer): Promise<Buffer> {
  const part = `Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${body}`
  const digest = hash(signer.hash, part, 'buffer')
  const cms = await signDetached({ digest, signer, signingTime: new Date(afterEvent(-120_000)) })
  return Buffer.from(
    [
      'From: deneme.gonderen@hs98.kep.tr',
      'To: deneme.alici@hs98.kep.tr, ikinci@hs99.kep.tr',
      'Subject: =?UTF-8?Q?=C4=B0htar?=',
      'Date: Thu, 01 Jan 2026 09:58:00 +0000',
      'Message-ID: <1@istemci.example>',
      'X-TR-REM-iletiTip: standart',
      'MIME-Version: 1.0',
      'Content-Type: multipart/signed; protocol="application/x-pkcs7-signature"; micalg=sha256; boundary=u1',
      '',
      '--u1',
      part,
      '--u1',
      'Content-Type: application/x-pkcs7-signature; name=smime.p7s',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from(cms).toString('base64').replace(/.{76}/g, '$&\r\n'),
      '--u1--',
    ].join('\r\n'),
  )
}

export const settings = envelopeSettings('kep@hs98.kep.tr')

export async function gather(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}

/** A dispatch of this original, with its acceptance inside. */
export async function dispatchOf(
  original: Buffer,
  evidence?: Uint8Array,
  signer: Signer = pki().provider.signer,
): Promise<Buffer> {
  const draft = draftFor(original)
  return gather(
    composeDispatch({
      settings,
      signer,
      timestamper: localTimestamper(),
      date: new Date(eventTime),
      facts: draft,
      outcome: 'submission-acceptance',
      evidence: [{ root: draft.root, octets: evidence ?? (await signedEvidence(original)) }],
      sender: { name: 'Ayşe Işık', address: 'deneme.gonderen@hs98.kep.tr' },
      to: [{ address: 'deneme.alici@hs98.kep.tr' }],
      cc: [{ name: 'İkinci', address: 'ikinci@hs99.kep.tr' }],
      references: ['<0@istemci.example>', '<1@istemci.example>', 'no id'],
      copied: [{ name: 'X-TR-REM-iletiTip', value: 'standart' }],
      userSignature: {
        valid: true,
        signer: 'Ayşe Işık <script>',
        issuer: 'Deneme Alt Kök',
        checkedAt: new Date(eventTime),
      },
      original: {
        size: original.length,
        eightBit: original.some((octet) => octet > 127),
        digest: { hash: 'sha256', value: hash('sha256', original, 'buffer') },
        async *open() {
          for (let at = 0; at < original.length; at += 1000) yield original.subarray(at, at + 1000)
        },
      },
    }),
  )
}

export async function receiptFor(original: Buffer): Promise<Buffer> {
  const draft = draftFor(original)
  return gather(
    composeReceipt({
      settings,
      signer: pki().provider.signer,
      timestamper: localTimestamper(),
      date: new Date(eventTime),
      facts: draft,
      outcome: 'submission-acceptance',
      evidence: [{ root: draft.root, octets: await signedEvidence(original) }],
      messageId: '<receipt.1@hs98.kep.tr>',
      to: { address: 'deneme.gonderen@hs98.kep.tr' },
    }),
  )
}
