import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deskHere } from '../../../../evidence/desk/desk.ts'
import { DEFAULT_PROFILE } from '../../../../evidence/model/profile.ts'
import { type PeerMail, readPeerMail } from '../../../../evidence/peer/read-peer-mail.ts'
import type { PeerTrust } from '../../../../evidence/peer/trust.ts'
import { CertificateValidator } from '../../../../evidence/status/certificate-validator.ts'
import { base64Lines } from '../../../../mail/base64-lines.ts'
import { MimeIndexer } from '../../../../mail/mime-index.ts'
import { defaultMimeLimits, type MimeLimits } from '../../../../mail/mime-part.ts'
import { type CrlServer, startCrlServer } from '../../../fakes/crl-server.ts'
import { receiptFor, userMessage } from '../../../fakes/evidence.ts'
import {
  foreignEnvelope,
  multipart,
  peerDispatch,
  peerEvidence,
  peerEvidenceMessage,
  peerKeys,
  RECIPIENTS,
} from '../../../fakes/peer-mail.ts'
import { validator } from '../../../fakes/peer-trust.ts'
import { daysFromNow, makeRoot, pki } from '../../../fakes/pki.ts'
import { statusSource } from '../../../fakes/status-source.ts'

let lists: CrlServer
let original: Buffer
beforeAll(async () => {
  lists = await startCrlServer(pki())
  original = await userMessage('Şöyle böyle')
})
afterAll(() => lists[Symbol.asyncDispose]())

interface Changes extends Partial<PeerTrust> {
  readonly limits?: MimeLimits
}

async function read(octets: Buffer, { limits, ...changes }: Changes = {}): Promise<PeerMail> {
  const indexer = new MimeIndexer(limits ?? defaultMimeLimits)
  indexer.push(octets)
  const trust = {
    providers: validator(lists.urls),
    tsas: validator(lists.urls),
    users: validator(lists.urls),
    revocation: 'require' as const,
    at: new Date(),
    registered: new Set([peerKeys().signing.certificate.fingerprint]),
    ownDomain: 'hs98.kep.tr',
    profile: DEFAULT_PROFILE,
    ...changes,
  }
  return readPeerMail(
    indexer.end(),
    undefined,
    async function* ({ start, end }) {
      // In pieces, as a store gives them.
      for (let at = start; at < end; at += 5000) yield octets.subarray(at, Math.min(end, at + 5000))
    },
    trust,
  )
}

const codesOf = (mail: PeerMail): string[] =>
  mail.kind === 'other' ? ['other'] : mail.failures.map(({ code }) => code)

describe('what holds', () => {
  test('a dispatch: facts, digest, where the content lies, the user’s signature in a line', async () => {
    const octets = await peerDispatch(original)
    const mail = await read(octets)
    if (mail.kind !== 'dispatch') throw new Error(mail.kind)
    expect(mail).toMatchObject({ failures: [], temporary: undefined })
    const [evidence] = mail.evidence
    expect(evidence?.outcome).toBe('submission-acceptance')
    expect(evidence?.fields.recipients.map(({ addresses }) => addresses[0])).toEqual(RECIPIENTS)
    const { contentStart, contentEnd, digests } = mail.original!
    expect(digests.get('sha256')).toBe(evidence?.fields.message?.digestValue)
    const body = original.subarray(original.indexOf('\r\n\r\n') + 4)
    expect(octets.subarray(contentStart, contentEnd).equals(body)).toBe(true)
    expect(mail.userSignature).toMatch(/^valid; Ayşe Işık; CN=Deneme Alt Kök/)
  })

  test('an evidence message, its octets as they were signed', async () => {
    const options = { outcome: 'delivery', changes: { refersTo: 1 } } as const
    const mail = await read(await peerEvidenceMessage(original, options))
    if (mail.kind !== 'evidence') throw new Error(mail.kind)
    expect(mail).toMatchObject({ failures: [], temporary: undefined, original: undefined })
    expect(mail.evidence.map(({ outcome }) => outcome)).toEqual(['delivery'])
    expect(mail.evidence[0]?.octets.length).toBeGreaterThan(1000)
  })

  test.each(['sha384', 'sha512'] as const)('a digest by %s', async (name) => {
    const { hash } = await import('node:crypto')
    const uri =
      name === 'sha512'
        ? 'http://www.w3.org/2001/04/xmlenc#sha512'
        : 'http://www.w3.org/2001/04/xmldsig-more#sha384'
    const octets = await peerEvidence(original, {
      changes: {
        message: {
          isNotification: false,
          subject: 'x',
          remmdMessageId: '<rem.1@hs99.kep.tr>',
          digestMethod: uri,
          digestValue: hash(name, original, 'base64'),
        },
      },
    })
    expect(codesOf(await read(await foreignEnvelope([rfc822(original), xml(octets)])))).toEqual([])
  })
})

const rfc822 = (octets: Buffer, type = 'message/rfc822'): Buffer =>
  Buffer.concat([
    Buffer.from(
      `Content-Type: ${type}; name=AttachedMimeMessage\r\nContent-Transfer-Encoding: binary\r\n` +
        'Content-Disposition: attachment; filename=AttachedMimeMessage\r\nREM-Section-Type: rem_message/original\r\n\r\n',
    ),
    octets,
  ])
const xml = (octets: Buffer, header = 'Content-Type: application/xml; charset=UTF-8\r\n'): string =>
  `${header}Content-Transfer-Encoding: base64\r\n\r\n${base64Lines(octets)}`
const introduction = 'Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\nMerhaba\r\n--a--\r\n'
const extensions =
  'Content-Type: application/xml; name=REMExtensions.xml\r\n\r\n<REMExtensions xmlns="http://uri.etsi.org/02640/v2#"/>'

describe('told apart by structure and headers, never by position', () => {
  test.each<[name: string, order: (evidence: Buffer) => (string | Buffer)[]]>([
    ['as EN 319 532-3 orders them', (e) => [introduction, rfc822(original), extensions, xml(e)]],
    ['as the prototype does', (e) => [introduction, xml(e), extensions, rfc822(original)]],
    ['original first', (e) => [rfc822(original), extensions, xml(e), introduction]],
    [
      'evidence as octets',
      (e) => [xml(e, 'Content-Type: application/octet-stream; name=a\r\n'), rfc822(original)],
    ],
    [
      'evidence as text',
      (e) => [
        xml(e, 'Content-Type: text/xml\r\nX-REM-Section-Type: rem_message/xml_evidence\r\n'),
        rfc822(original),
      ],
    ],
    [
      'quoted-printable',
      (e) => [
        `Content-Type: application/xml\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${quoted(e)}`,
        rfc822(original),
      ],
    ],
  ])('%s', async (_, order) => {
    const mail = await read(await foreignEnvelope(order(await peerEvidence(original))))
    expect(mail.kind).toBe('dispatch')
    expect(codesOf(mail)).toEqual([])
  })

  test('the mixed part may lie deeper, the signature may be spelt with x-', async () => {
    const parts = [introduction, rfc822(original), xml(await peerEvidence(original))]
    const inner = multipart('mixed', parts, 'ic')
    const octets = await foreignEnvelope([inner, introduction], undefined, undefined, 'related')
    const related = octets.toString('latin1').replaceAll('/pkcs7-signature', '/x-pkcs7-signature')
    expect(codesOf(await read(Buffer.from(related, 'latin1')))).toEqual([])
  })

  test.each<[name: string, octets: () => Promise<Buffer>]>([
    ['a user’s own signed message', () => userMessage('x')],
    ['an envelope of nothing but extensions', () => foreignEnvelope([introduction, extensions])],
    ['an original alone', () => foreignEnvelope([rfc822(original)])],
    [
      'evidence that says to be an extension',
      async () =>
        foreignEnvelope([
          xml(
            await peerEvidence(original),
            'Content-Type: application/xml\r\nX-REM-Section-Type: rem_message/extension\r\n',
          ),
        ]),
    ],
    [
      'the parts without a signature',
      async () =>
        Buffer.from(
          `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n${xml(await peerEvidence(original))}\r\n--b--\r\n`,
        ),
    ],
    ['nothing', async () => Buffer.alloc(0)],
  ])('%s is something else', async (_, octets) => {
    expect(await read(await octets())).toEqual({ kind: 'other' })
  })
})

const quoted = (octets: Buffer): string =>
  octets
    .toString('latin1')
    .replace(
      /[^\x20-\x3c\x3e-\x7e]/g,
      (c) => `=${c.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
    )

describe('what is wrong for good, each with its code', () => {
  const stranger = pki().issue({ kind: 'provider', email: 'kep@hs97.kep.tr' })
  const expired = pki().issue(
    { kind: 'provider', email: 'kep@hs99.kep.tr' },
    { notBefore: daysFromNow(-9), notAfter: daysFromNow(-1) },
  )
  const unknownRoot = pki().issue(
    { kind: 'provider', email: 'kep@hs99.kep.tr' },
    { issuer: makeRoot('Yabancı') },
  )
  const registered = new Set(
    [peerKeys().signing, expired, unknownRoot].map(({ certificate }) => certificate.fingerprint),
  )
  const flip = (octets: Buffer, text: string): Buffer => {
    const at = octets.indexOf(text)
    expect(at).toBeGreaterThan(0)
    const changed = Buffer.from(octets)
    changed[at] = changed[at]! ^ 1
    return changed
  }
  test.each<[code: string, octets: () => Promise<Buffer>, changes?: Changes]>([
    ['MIME_TOO_COMPLEX', () => peerDispatch(original), { limits: { ...defaultMimeLimits, depth: 4 } }],
    ['ENVELOPE_SIGNATURE', async () => flip(await peerDispatch(original), 'Remmd ID')],
    [
      'ENVELOPE_SIGNER',
      () => peerDispatch(original, { signer: stranger.signer, evidenceSigner: peerKeys().signing.signer }),
    ],
    [
      'ENVELOPE_CERTIFICATE',
      () => peerDispatch(original, { signer: unknownRoot.signer, evidenceSigner: peerKeys().signing.signer }),
    ],
    [
      'ENVELOPE_CERTIFICATE_EXPIRED',
      () => peerDispatch(original, { signer: expired.signer, evidenceSigner: peerKeys().signing.signer }),
    ],
    ['EVIDENCE_SIGNER', () => peerDispatch(original, { evidenceSigner: stranger.signer })],
    [
      'EVIDENCE_SIGNER',
      () =>
        peerDispatch(original, {
          changes: { issuer: { names: ['Biz'], language: 'tr', addresses: ['kep@HS98.kep.tr'] } },
        }),
    ],
    ['EVIDENCE_CERTIFICATE', () => peerDispatch(original, { evidenceSigner: unknownRoot.signer })],
    [
      'EVIDENCE_SIGNATURE',
      async () => foreignEnvelope([rfc822(original), xml(flip(await peerEvidence(original), 'gonderen@'))]),
    ],
    [
      'EVIDENCE_FORM',
      async () =>
        foreignEnvelope([
          rfc822(original),
          xml(Buffer.concat([await peerEvidence(original), Buffer.from('<')])),
        ]),
    ],
    [
      'EVIDENCE_TOO_LARGE',
      async () =>
        foreignEnvelope([
          rfc822(original),
          xml(Buffer.concat([await peerEvidence(original), Buffer.alloc(8_388_608, ' ')])),
        ]),
    ],
    [
      'EVIDENCE_TOO_MANY',
      async () =>
        foreignEnvelope([
          rfc822(original),
          ...Array(65).fill(
            xml(
              Buffer.from('<a/>'),
              'Content-Type: application/xml\r\nX-REM-Section-Type: rem_message/xml_evidence\r\n',
            ),
          ),
        ]),
    ],
    [
      'EVIDENCE_DIFFERS',
      async () =>
        foreignEnvelope([
          rfc822(original),
          xml(await peerEvidence(original)),
          xml(await peerEvidence(original, { remmdId: '<rem.2@hs99.kep.tr>' })),
        ]),
    ],
    [
      'NO_ACCEPTANCE',
      async () =>
        foreignEnvelope([
          rfc822(original),
          xml(await peerEvidence(original, { outcome: 'delivery', changes: { refersTo: 1 } })),
        ]),
    ],
    [
      'ORIGINAL_FORM',
      async () => foreignEnvelope([rfc822(original), rfc822(original), xml(await peerEvidence(original))]),
    ],
    ['DIGEST_MISMATCH', () => peerDispatch(original, { about: Buffer.from('another') })],
  ])('%s', async (code, octets, changes) => {
    const mail = await read(await octets(), { registered, ...changes })
    expect(codesOf(mail)[0]).toBe(code)
    expect(mail).toMatchObject({ kind: 'dispatch', temporary: undefined })
  })

  test('ENVELOPE_FORM: something beside the signature', async () => {
    const octets = (await peerDispatch(original)).toString('latin1')
    const boundary = /boundary="?(=_kep_[0-9a-f]+)/.exec(octets)![1]!
    const more = octets.replace(`--${boundary}--`, `--${boundary}\r\n\r\nekleme\r\n--${boundary}--`)
    expect(codesOf(await read(Buffer.from(more, 'latin1')))).toEqual(['ENVELOPE_FORM'])
  })

  test('revoked: the envelope’s signer, the evidence’s, and the time-stamping authority', async () => {
    await using own = await startCrlServer(pki())
    own.revoke(peerKeys().signing.certificate.serialBytes)
    const octets = await peerDispatch(original)
    expect(codesOf(await read(octets, { providers: validator(own.urls) }))).toEqual([
      'ENVELOPE_CERTIFICATE_REVOKED',
      'EVIDENCE_CERTIFICATE_REVOKED',
      'NO_ACCEPTANCE',
    ])
    await using authority = await startCrlServer(pki())
    authority.revoke(pki().tsa.certificate.serialBytes)
    expect(codesOf(await read(octets, { tsas: validator(authority.urls) }))).toEqual([
      'ENVELOPE_TIMESTAMP',
      'EVIDENCE_TIMESTAMP',
      'NO_ACCEPTANCE',
    ])
  })

  test('what is claimed can be read of evidence that does not hold', async () => {
    const mail = await read(await peerDispatch(original, { evidenceSigner: stranger.signer }))
    if (mail.kind !== 'dispatch') throw new Error(mail.kind)
    expect(mail.evidence).toEqual([])
    expect(mail.claimed?.message?.remmdMessageId).toBe('<rem.1@hs99.kep.tr>')
  })
})

describe('what cannot be learned now rejects nothing', () => {
  test.each(['providers', 'tsas'] as const)('lists for %s cannot be had', async (role) => {
    const octets = await peerDispatch(original)
    const mail = await read(octets, { [role]: validator([]) })
    expect(mail).toMatchObject({ failures: [], temporary: expect.stringMatching(/REVOCATION_UNKNOWN/) })
    expect(await read(octets, { [role]: validator([]), revocation: 'if-present' })).toMatchObject({
      failures: [],
      temporary: undefined,
    })
  })

  test('what is wrong for good stays wrong beside it', async () => {
    const mail = await read(await peerDispatch(original, { about: Buffer.from('x') }), {
      providers: validator([]),
    })
    expect(codesOf(mail)).toEqual(['DIGEST_MISMATCH'])
    expect(mail).toMatchObject({ temporary: expect.any(String) })
  })
})

describe('the user’s own signature is reported, never a reason', () => {
  test.each<[name: string, octets: () => Promise<Buffer>, line: RegExp]>([
    ['none', async () => Buffer.from('Subject: x\r\n\r\nx\r\n'), /^none$/],
    [
      'broken',
      async () => Buffer.from((await userMessage('abc')).toString().replace('abc', 'abd')),
      /^invalid \(DIGEST_MISMATCH\)/,
    ],
    [
      'of an unknown CA',
      () =>
        userMessage(
          'x',
          pki().issue({ kind: 'user', email: 'a@b.c' }, { issuer: makeRoot('Yabancı') }).signer,
        ),
      /^invalid \(NO_PATH\); Deneme user; /,
    ],
  ])('%s', async (_, octets, line) => {
    const mail = await read(await peerDispatch(await octets()))
    expect(codesOf(mail)).toEqual([])
    expect(mail).toMatchObject({ userSignature: expect.stringMatching(line) })
  })
})

test('a receipt of another provider does not pass for this peer’s', async () => {
  expect(codesOf(await read(await receiptFor(original)))).toEqual(['ENVELOPE_SIGNER', 'EVIDENCE_SIGNER'])
})

test('what is not judged within bounds is neither believed nor refused', async () => {
  const dispatch = await peerDispatch(original)
  const hard = new Error('too hard')
  const desk = { ...deskHere, evidence: () => Promise.reject(hard) }
  const [root] = validator([]).anchorsAt(new Date())
  const status = statusSource({ desk })
  const providers = new CertificateValidator({ anchors: [root!], status, furtherLists: lists.urls })
  await expect(read(dispatch, { providers })).rejects.toBe(hard)
})
