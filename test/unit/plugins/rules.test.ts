import { describe, expect, test, vi } from 'vitest'
import { OID } from '../../../evidence/asn1/oid.ts'
import { oid, sequence } from '../../../evidence/asn1/writer.ts'
import { DEFAULT_PROFILE } from '../../../evidence/index.ts'
import { extension } from '../../../evidence/x509/extensions.ts'
import { readHeader } from '../../../mail/header-read.ts'
import { parseKepAddress } from '../../../mail/kep-address.ts'
import { MimeIndexer } from '../../../mail/mime-index.ts'
import type {
  HookArguments,
  HookName,
  Services,
  SessionFacts,
  Transaction,
  Verdict,
} from '../../../plugins/api.ts'
import { catalog } from '../../../plugins/catalog.ts'
import type { SubmittedMessage } from '../../../plugins/message.ts'
import { Pipeline } from '../../../plugins/pipeline.ts'
import { pki } from '../../fakes/pki.ts'

const ADDRESS = 'ayse.isik@hs98.kep.tr'
const person = (over: object = {}) => ({
  handle: 'ayse',
  name: 'Ayşe Işık',
  identityNumber: '10000000146',
  active: true,
  permissions: ['read', 'write'] as const,
  ...over,
})
const account = (over: object = {}): SessionFacts['account'] => ({
  address: ADDRESS,
  kind: 'natural',
  service: 'send-receive',
  state: 'active',
  changesAt: undefined,
  holder: 'Ayşe Işık',
  quota: 100,
  created: '',
  persons: [person()],
  ...over,
})
const session = (over: object = {}): SessionFacts => ({
  login: { account: ADDRESS, handle: 'ayse', at: 0, method: 'password', ip: '192.0.2.1', proof: '' },
  account: account(),
  person: person(),
  clientName: '',
  ...over,
})
const services = (settings: Partial<Services['settings']> = {}, over: Partial<Services> = {}): Services => ({
  domain: 'hs98.kep.tr',
  provider: { name: 'Deneme', serviceAddress: 'kep@hs98.kep.tr' },
  profile: DEFAULT_PROFILE,
  settings: {
    sizeLocal: 100,
    sizePeer: 25,
    recipients: 2,
    localUnavailable: 'nondelivery',
    requireBes: false,
    certificates: 'any',
    signerMustBeLogin: false,
    otherSigners: 'refuse',
    revocation: 'require',
    eypContainer: 'warn',
    ...settings,
  },
  accountOf: async () => undefined,
  usageOf: async () => 0,
  isPeer: (provider) => provider === 'hs99.kep.tr',
  scratch: {
    create: () => {
      throw new TypeError('no room')
    },
  },
  noticed: () => {},
  ...over,
})
const evidence = [...catalog.keys()].filter((name) => name.startsWith('evidence-'))

/** What one plugin says on one hook, as the code of its refusal. */
async function says<H extends HookName>(
  plugin: string,
  hook: H,
  context: HookArguments[H],
  given = services(),
): Promise<string> {
  const verdict: Verdict = await new Pipeline([plugin, ...evidence], given, vi.fn()).ask(hook, context)
  return verdict.kind === 'refuse' ? verdict.code : verdict.kind
}

const recipient = (address: string) => {
  const kep = parseKepAddress(address)!
  return { kep, local: kep.provider === 'hs98.kep.tr' }
}
const transaction = (addresses: readonly string[], over: object = {}): Transaction => ({
  session: session(),
  declaredSize: undefined,
  recipients: addresses.map(recipient),
  ...over,
})
const wire = {
  bareCr: false,
  bareLf: false,
  nul: false,
  eightBit: false,
  eightBitHeader: false,
  longestLine: 70,
}
const { certificate } = pki().user
const stranger = pki().issue(
  { kind: 'user', email: ADDRESS },
  { subject: { commonName: 'Noter', country: 'TR' } },
)
/** Of a person, with these statements. */
const stating = (...statements: string[]) =>
  pki().issue(
    { kind: 'user', email: ADDRESS },
    {
      extensions: [
        extension(OID.qcStatements, false, sequence(...statements.map((id) => sequence(oid(id))))),
      ],
    },
  )
function message(over: Partial<SubmittedMessage> = {}): SubmittedMessage {
  const signer = {
    ok: true as const,
    certificate,
    hash: 'sha256' as const,
    algorithm: 'ecdsa' as const,
    signingTime: undefined,
    bes: false,
    essBound: false,
    signatureValue: Buffer.alloc(0),
    timestampToken: undefined,
  }
  return {
    size: 10,
    sha256: '',
    wire,
    index: new MimeIndexer().end(),
    header: readHeader(Buffer.from('Subject: x\r\n')),
    signature: {
      form: 'detached',
      report: { signers: [signer], certificates: [], crls: [] },
      signedHeader: [],
    },
    trust: [
      {
        certificate,
        path: {
          ok: true,
          path: [certificate],
          revocation: 'checked',
          policies: [],
          usedCrls: [],
          usedOcsps: [],
        },
      },
    ],
    open: () => (async function* () {})(),
    ...over,
  }
}

describe('who may send', () => {
  test.each([
    ['proceed', session()],
    ['ACCOUNT_NOT_ACTIVE', session({ account: account({ state: 'closed' }) })],
    ['ACCOUNT_NOT_ACTIVE', session({ account: account({ state: 'pending' }) })],
    ['MAY_NOT_SEND', session({ account: account({ service: 'receive-only' }) })],
    ['MAY_NOT_SEND', session({ person: person({ permissions: ['read'] }) })],
    ['MAY_NOT_SEND', session({ person: person({ active: false }) })],
  ])('%s', async (code, given) => {
    expect(
      await says('account-may-send', 'mail', { session: given, from: ADDRESS, declaredSize: undefined }),
    ).toBe(code)
  })

  test.each([
    [99, 'proceed'],
    [100, 'QUOTA_EXCEEDED'],
    [101, 'QUOTA_EXCEEDED'],
  ])('%i of 100 octets used: %s', async (used, code) => {
    const given = services({}, { usageOf: async () => used })
    expect(
      await says('quota', 'mail', { session: session(), from: ADDRESS, declaredSize: undefined }, given),
    ).toBe(code)
  })
})

describe('recipients', () => {
  const ask = (to: string, have: readonly string[] = [], given = services()) =>
    says(
      'recipients-are-kep',
      'rcpt',
      { transaction: transaction(have), to, recipient: parseKepAddress(to) && recipient(to) },
      given,
    )
  test.each([
    ['a@hs98.kep.tr', 'proceed'],
    ['a@hs99.kep.tr', 'proceed'],
    ['a@hs77.kep.tr', 'UNKNOWN_PROVIDER'],
    ['a@example.com', 'NOT_A_KEP_ADDRESS'],
  ])('I10: %s %s', async (to, code) => expect(await ask(to)).toBe(code))
  test('as many as the setting says', async () =>
    expect(await ask('c@hs98.kep.tr', ['a@hs98.kep.tr', 'b@hs98.kep.tr'])).toBe('TOO_MANY_RECIPIENTS'))
  test('recipients.localUnavailable: refuse', async () =>
    expect(await ask('a@hs98.kep.tr', [], services({ localUnavailable: 'refuse' }))).toBe(
      'UNKNOWN_LOCAL_RECIPIENT',
    ))
})

describe('sizes: 100 where all are ours, 25 where any is not', () => {
  test.each([
    [100, ['a@hs98.kep.tr'], 'proceed'],
    [101, ['a@hs98.kep.tr'], 'MESSAGE_TOO_BIG'],
    [25, ['a@hs98.kep.tr', 'b@hs99.kep.tr'], 'proceed'],
    [26, ['a@hs98.kep.tr', 'b@hs99.kep.tr'], 'MESSAGE_TOO_BIG'],
  ])('%i octets to %j: %s', async (size, to, code) => {
    expect(await says('size-limit', 'data', { transaction: transaction(to, { declaredSize: size }) })).toBe(
      code,
    )
    expect(
      await says('size-limit', 'data_post', { transaction: transaction(to), message: message({ size }) }),
    ).toBe(code)
  })
})

describe('RFC 5321 §4.5.3.1.6: long lines stay with us', () => {
  test.each([
    [999, 'a@hs98.kep.tr', 'proceed'],
    [998, 'a@hs99.kep.tr', 'proceed'],
    [999, 'a@hs99.kep.tr', 'LINE_TOO_LONG'],
  ])('%i octets to %s: %s', async (longestLine, to, code) =>
    expect(
      await says('wire-format', 'data_post', {
        transaction: transaction([to]),
        message: message({ wire: { ...wire, longestLine } }),
      }),
    ).toBe(code),
  )
})

describe('signature settings', () => {
  const post = (over: object = {}) => ({
    transaction: transaction(['a@hs98.kep.tr'], over),
    message: message(),
  })
  test('submission.requireBes', async () => {
    expect(await says('user-signature', 'data_post', post())).toBe('proceed')
    expect(await says('user-signature', 'data_post', post(), services({ requireBes: true }))).toBe(
      'BES_REQUIRED',
    )
  })
  test.each([
    ['any', pki().user, 'proceed'],
    ['qualified', pki().user, 'CERTIFICATE_NOT_QUALIFIED'],
    ['qualified', stating(OID.qcCompliance), 'proceed'],
    ['national', stating(OID.qcCompliance), 'CERTIFICATE_NOT_QUALIFIED'],
    ['national', stating(OID.trPersonal), 'CERTIFICATE_NOT_QUALIFIED'],
    ['national', pki().qualifiedUser, 'proceed'],
    ['national', stating(OID.qcCompliance, OID.trSeal), 'proceed'],
  ] as const)('submission.certificates: %s', async (certificates, { certificate: signer }, code) => {
    const path = {
      ok: true as const,
      path: [signer],
      revocation: 'checked' as const,
      policies: [],
      usedCrls: [],
      usedOcsps: [],
    }
    const { transaction: sent } = post()
    const given = { transaction: sent, message: message({ trust: [{ certificate: signer, path }] }) }
    expect(await says('user-certificate', 'data_post', given, services({ certificates }))).toBe(code)
  })
  test.each([
    ['refuse', [pki().user], 'proceed'],
    ['refuse', [pki().user, stranger], 'SIGNER_NOT_OF_ACCOUNT'],
    ['allow', [pki().user, stranger], 'proceed'],
    ['allow', [stranger, pki().user], 'proceed'],
    ['allow', [stranger], 'SIGNER_NOT_OF_ACCOUNT'],
  ] as const)('submission.otherSigners: %s', async (otherSigners, signers, code) => {
    const path = { ok: false as const, failure: 'NO_PATH' as const, detail: '' }
    const trust = signers.map(({ certificate: signer }) => ({ certificate: signer, path }))
    const given = { transaction: post().transaction, message: message({ trust }) }
    expect(await says('signer-of-account', 'data_post', given, services({ otherSigners }))).toBe(code)
  })
  test('submission.signerMustBeLogin: another authorised person signs', async () => {
    const veli = person({ handle: 'veli', identityNumber: '10000000078' })
    const byVeli = { session: session({ account: account({ persons: [person(), veli] }), person: veli }) }
    expect(await says('signer-of-account', 'data_post', post(byVeli))).toBe('proceed')
    expect(
      await says('signer-of-account', 'data_post', post(byVeli), services({ signerMustBeLogin: true })),
    ).toBe('SIGNER_NOT_LOGIN')
  })
})
