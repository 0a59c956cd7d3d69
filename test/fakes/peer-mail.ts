/** What a peer sends: dispatches and evidence messages of hs99, composed and signed by its own certificate. */
import { hash } from 'node:crypto'
import { signDetached } from '../../evidence/cms/sign.ts'
import { composeDispatch, composeReceipt } from '../../evidence/envelope/messages.ts'
import { envelopeSettings } from '../../evidence/envelope/settings.ts'
import type { EvidenceDraft } from '../../evidence/model/draft.ts'
import { eventCodeOf, type OutcomeName, outcomeNamed } from '../../evidence/model/outcome.ts'
import { DEFAULT_PROFILE } from '../../evidence/model/profile.ts'
import type { Signer } from '../../evidence/ports.ts'
import { checkAll } from '../../evidence/rules/rule.ts'
import { signEvidence } from '../../evidence/xades/sign.ts'
import { base64Lines } from '../../mail/base64-lines.ts'
import { multipartSigned } from '../../scripts/client/signed-message.ts'
import { afterEvent, draftFor, gather, localTimestamper } from './evidence.ts'
import { type Holder, pki } from './pki.ts'

export const PEER = 'hs99.kep.tr'
export const OURS = 'hs98.kep.tr'
export const RECIPIENTS = [`bir@${OURS}`, `iki@${OURS}`, `uc@hs97.kep.tr`]

let made: { signing: Holder; client: Holder } | undefined

/** İşlem sertifikası and TLS client certificate of the peer. */
export const peerKeys = (): { signing: Holder; client: Holder } => {
  made ??= {
    signing: pki().issue(
      { kind: 'provider', email: `kep@${PEER}` },
      { subject: { commonName: 'Deneme hs99', country: 'TR' } },
    ),
    client: pki().issue({ kind: 'tls', dns: [`posta.${PEER}`], ip: [] }),
  }
  return made
}

export interface PeerMailOptions {
  readonly signer?: Signer
  /** Signs the evidence, where it is another. */
  readonly evidenceSigner?: Signer
  /** What the evidence is about, where it is not the original beside it. */
  readonly about?: Buffer
  readonly id?: string
  readonly remmdId?: string
  readonly recipients?: readonly string[]
  readonly sender?: string
  readonly outcome?: OutcomeName
  readonly changes?: Partial<EvidenceDraft>
}

const SENDER = `gonderen@${PEER}`

/** The delil of a dispatch, or one of {@link PeerMailOptions.outcome}, about these octets. */
export async function peerEvidence(original: Buffer, options: PeerMailOptions = {}): Promise<Buffer> {
  const draft = draftOf(original, options)
  const signer = options.evidenceSigner ?? options.signer ?? peerKeys().signing.signer
  // Others have other rules: what ours forbid is signed all the same.
  const unchecked = checkAll(draftFor(original, draft), [])
  const at = new Date(afterEvent(1_000))
  return Buffer.from(await signEvidence(unchecked, signer, localTimestamper(), at))
}

function draftOf(original: Buffer, options: PeerMailOptions): EvidenceDraft {
  const outcome = options.outcome ?? 'submission-acceptance'
  const about = options.about ?? original
  const sender = options.sender ?? SENDER
  return draftFor(about, {
    root: outcomeNamed(outcome).root,
    id: options.id ?? 'ev-0b6f0f0e-0000-4000-8000-000000000099',
    eventCode: eventCodeOf(DEFAULT_PROFILE, outcome),
    issuer: { names: ['Karşı KEPHS'], language: 'tr', addresses: [`kep@${PEER}`] },
    replyTo: sender,
    sender: { addresses: [sender], displayName: 'Gönderen' },
    recipients: (options.recipients ?? RECIPIENTS).map((address) => ({ addresses: [address] })),
    delegates: [],
    message: {
      ...draftFor(about).message,
      remmdMessageId: options.remmdId ?? `<rem.1@${PEER}>`,
      digestValue: hash('sha256', about, 'base64'),
    },
    ...options.changes,
  })
}

export async function peerDispatch(original: Buffer, options: PeerMailOptions = {}): Promise<Buffer> {
  const facts = draftOf(original, options)
  const signer = options.signer ?? peerKeys().signing.signer
  return gather(
    composeDispatch({
      settings: envelopeSettings(`kep@${PEER}`),
      signer,
      timestamper: localTimestamper(),
      date: new Date(),
      facts,
      outcome: 'submission-acceptance',
      evidence: [{ root: facts.root, octets: await peerEvidence(original, options) }],
      sender: { name: 'Gönderen', address: options.sender ?? SENDER },
      to: (options.recipients ?? RECIPIENTS).map((address) => ({ address })),
      cc: [],
      references: [],
      copied: [],
      userSignature: { valid: true, signer: 'Gönderen', issuer: 'Deneme', checkedAt: new Date() },
      original: {
        size: original.length,
        eightBit: original.some((octet) => octet > 127),
        digest: { hash: 'sha256', value: hash('sha256', original, 'buffer') },
        async *open() {
          yield original
        },
      },
    }),
  )
}

export async function peerEvidenceMessage(original: Buffer, options: PeerMailOptions): Promise<Buffer> {
  const facts = draftOf(original, options)
  return gather(
    composeReceipt({
      settings: envelopeSettings(`kep@${PEER}`),
      signer: options.signer ?? peerKeys().signing.signer,
      timestamper: localTimestamper(),
      date: new Date(),
      facts,
      outcome: options.outcome ?? 'delivery',
      evidence: [{ root: facts.root, octets: await peerEvidence(original, options) }],
      messageId: `<delil.1@${PEER}>`,
      to: { address: `kep@${OURS}` },
    }),
  )
}

/** An envelope of any parts (each with its header), signed; for layouts that are not ours. */
export async function foreignEnvelope(
  parts: readonly (string | Buffer)[],
  signer: Signer = peerKeys().signing.signer,
  header = `From: kep@${PEER}\r\nMessage-ID: <zarf.1@${PEER}>\r\n`,
  subtype = 'mixed',
): Promise<Buffer> {
  const signed = multipart(subtype, parts, 'karisik')
  const digest = hash(signer.hash, signed, 'buffer')
  const cms = await signDetached({ digest, signer, signingTime: new Date() })
  return multipartSigned(header, signed, base64Lines(cms))
}

export const multipart = (subtype: string, parts: readonly (string | Buffer)[], boundary: string): Buffer =>
  Buffer.concat([
    Buffer.from(`Content-Type: multipart/${subtype}; boundary=${boundary}\r\n`),
    ...parts.map((part) => Buffer.concat([Buffer.from(`\r\n--${boundary}\r\n`), Buffer.from(part)])),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ])
