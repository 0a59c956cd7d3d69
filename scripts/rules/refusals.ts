/** What is known of every refusal beside its row in `mail/errors.ts`: where it is decided, why it is a rule, what shows it. */
import type { FailureCode } from '../../mail/errors.ts'

export interface Refusal {
  readonly files: readonly string[]
  /** A standard, a law, a setting, or `unverified` where the legal source could not be read. */
  readonly source: string
  /** A test file in which the code stands. */
  readonly test: string
}

const REFUSALS_TEST = 'test/journeys/refusals.test.ts'
const HOUSE = 'test/journeys/refusals-of-the-house.test.ts'
const PLUGINS = 'test/unit/plugins/rules.test.ts'
const PEERS = 'test/journeys/peer-session.test.ts'

const row = (files: string | readonly string[], source: string, test: string): Refusal => ({
  files: typeof files === 'string' ? [files] : files,
  source,
  test,
})

/** What an account's mail client can be told. */
const OF_SUBMISSION = {
  AUTH_REQUIRED: row('server/smtp/submission-server.ts', 'RFC 4954 §6', HOUSE),
  AUTH_FAILED: row('server/accounts/login.ts', 'RFC 4954 §6', REFUSALS_TEST),
  AUTH_DELAYED: row('server/accounts/login.ts', 'design', 'test/hostile/password-flood.test.ts'),
  TOO_MANY_CONNECTIONS: row('server/connection-census.ts', 'RFC 5321 §3.8', HOUSE),
  SHUTTING_DOWN: row('server/ops/gate.ts', 'RFC 5321 §3.8', HOUSE),
  TEMPORARY: row('plugins/pipeline.ts', 'invariant I6', 'test/journeys/peer-dispatch.test.ts'),
  CLOCK_UNCERTAIN: row('server/ops/gate.ts', 'invariant I11', 'test/journeys/evidence-waits.test.ts'),
  BACKLOG: row('server/ops/gate.ts', 'invariant I11', 'test/journeys/peer-dispatch.test.ts'),
  DISK_FULL: row('server/ops/gate.ts', 'invariant I11', HOUSE),
  TOO_FAST: row(
    'server/smtp/message-rate.ts',
    'setting, off by default',
    'test/journeys/account-rules.test.ts',
  ),
  MAIL_PARAMETER: row('server/smtp/submission-server.ts', 'RFC 5321 §4.1.1.11', REFUSALS_TEST),
  ADDRESS_NOT_ASCII: row('server/smtp/submission-server.ts', 'RFC 6531 §3.5', HOUSE),
  NULL_SENDER: row('plugins/sender-is-account.ts', 'RFC 6409 §6.1', REFUSALS_TEST),
  SENDER_NOT_ACCOUNT: row('plugins/sender-is-account.ts', 'RFC 6409 §6.1', REFUSALS_TEST),
  ACCOUNT_NOT_ACTIVE: row('plugins/account-may-send.ts', 'unverified', 'test/journeys/account-rules.test.ts'),
  MAY_NOT_SEND: row('plugins/account-may-send.ts', 'unverified', 'test/journeys/account-rules.test.ts'),
  NOT_A_KEP_ADDRESS: row(
    'plugins/recipients-are-kep.ts',
    'KEP rehberi tebliği (address forms)',
    REFUSALS_TEST,
  ),
  UNKNOWN_PROVIDER: row('plugins/recipients-are-kep.ts', 'invariant I10', REFUSALS_TEST),
  UNKNOWN_LOCAL_RECIPIENT: row('plugins/recipients-are-kep.ts', 'setting, off by default', HOUSE),
  TOO_MANY_RECIPIENTS: row('plugins/recipients-are-kep.ts', 'setting', REFUSALS_TEST),
  MESSAGE_TOO_BIG: row('plugins/size-limit.ts', 'unverified; setting', 'test/journeys/peer-dispatch.test.ts'),
  QUOTA_EXCEEDED: row('plugins/quota.ts', 'unverified; setting', 'test/journeys/peer-dispatch.test.ts'),
  NOT_AFFORDABLE: row(
    'server/purse/purses.ts',
    'setting, off by default; price list of the provider',
    'test/journeys/purse.test.ts',
  ),
  BARE_LINE_END: row('plugins/wire-format.ts', 'RFC 5321 §2.3.8', REFUSALS_TEST),
  NUL_OCTET: row('plugins/wire-format.ts', 'RFC 5321 §2.3.8', REFUSALS_TEST),
  LINE_TOO_LONG: row('plugins/wire-format.ts', 'RFC 5321 §4.5.3.1.6', HOUSE),
  HEADER_NOT_ASCII: row('plugins/wire-format.ts', 'RFC 6532 not offered', REFUSALS_TEST),
  HEADER_MISSING: row('plugins/header-form.ts', 'RFC 5322 §3.6', REFUSALS_TEST),
  HEADER_DUPLICATE: row('plugins/header-form.ts', 'RFC 5322 §3.6', REFUSALS_TEST),
  HEADER_FORBIDDEN: row('plugins/header-form.ts', "TS 102 640 headers are the provider's", REFUSALS_TEST),
  HEADER_TOO_LARGE: row(
    'plugins/header-form.ts',
    'limit: dispatch and evidence repeat these fields',
    REFUSALS_TEST,
  ),
  HEADER_UNREADABLE: row(
    ['plugins/header-form.ts', 'plugins/parties-match.ts'],
    'RFC 5322 §3.6',
    REFUSALS_TEST,
  ),
  MIME_TOO_COMPLEX: row('plugins/wire-format.ts', 'limit', REFUSALS_TEST),
  AUTOMATIC_MESSAGE: row('plugins/no-automatic-mail.ts', 'RFC 3834 §2', REFUSALS_TEST),
  BCC_RECIPIENT: row('plugins/parties-match.ts', 'no secret party to a notice', REFUSALS_TEST),
  RECIPIENTS_DIFFER: row('plugins/parties-match.ts', 'as PEC, RFC 6109 §3.1.1', REFUSALS_TEST),
  FROM_NOT_ACCOUNT: row('plugins/parties-match.ts', 'as PEC, RFC 6109 §3.1.1', REFUSALS_TEST),
  PROTECTED_HEADER_DIFFERS: row('plugins/protected-headers.ts', 'RFC 9788 §4.1', REFUSALS_TEST),
  MESSAGE_TYPE_UNKNOWN: row(
    'plugins/message-type.ts',
    'unverified; setting `further`',
    'test/journeys/exchange/message-types.test.ts',
  ),
  EYP_ATTACHMENT: row(
    'plugins/e-yazisma-package.ts',
    'e-Yazışma Teknik Rehberi (file names)',
    'test/journeys/exchange/message-types.test.ts',
  ),
  EYP_CONTAINER: row(
    'plugins/e-yazisma-package.ts',
    'setting `eyp.container`, warns by default',
    'test/unit/plugins/message-types.test.ts',
  ),
  MAY_NOT_SERVE: row(
    'plugins/e-tebligat-sender.ts',
    '7201 sayılı Kanun m. 7/a (authorised bodies)',
    'test/journeys/exchange/message-types.test.ts',
  ),
  MALWARE_FOUND: row(
    ['plugins/malware-clamd.ts', 'plugins/malware-rspamd.ts'],
    'TS 102 640-2 annex D; plugins, off',
    'test/journeys/exchange/malware.test.ts',
  ),
  ENCLOSED_UNREADABLE: row(
    'plugins/scan.ts',
    'invariant I6; plugins, off',
    'test/hostile/hidden-malware.test.ts',
  ),
  SCANNER_AWAY: row(
    'plugins/scan.ts',
    'invariant I6; plugins, off',
    'test/journeys/exchange/malware.test.ts',
  ),
  NOT_SIGNED: row('plugins/user-signature.ts', 'BTK working model, step 1', REFUSALS_TEST),
  ENCRYPTED_ONLY: row('plugins/user-signature.ts', 'BTK working model, step 1', REFUSALS_TEST),
  SIGNATURE_MALFORMED: row('plugins/user-signature.ts', 'RFC 5652 §5', REFUSALS_TEST),
  SIGNATURE_INVALID: row('plugins/user-signature.ts', 'RFC 5652 §5.6', REFUSALS_TEST),
  WEAK_ALGORITHM: row(
    'plugins/user-signature.ts',
    'unverified: RSA 2048 and SHA-256 at least',
    'test/interop/foreign-walk.test.ts',
  ),
  NO_SIGNED_ATTRIBUTES: row(
    'plugins/user-signature.ts',
    'RFC 5652 §5.3',
    'test/interop/foreign-walk.test.ts',
  ),
  BES_REQUIRED: row('plugins/user-signature.ts', 'EN 319 122-1; setting, off', PLUGINS),
  CERTIFICATE_UNTRUSTED: row('plugins/user-certificate.ts', 'RFC 5280 §6.1', REFUSALS_TEST),
  CERTIFICATE_EXPIRED: row('plugins/user-certificate.ts', 'RFC 5280 §6.1.3', REFUSALS_TEST),
  CERTIFICATE_REVOKED: row('plugins/user-certificate.ts', 'RFC 5280 §6.3', REFUSALS_TEST),
  CERTIFICATE_USAGE: row('plugins/user-certificate.ts', 'RFC 8550 §4.4.2', REFUSALS_TEST),
  CERTIFICATE_NOT_QUALIFIED: row('plugins/user-certificate.ts', 'EN 319 412-5 §4.2; setting, off', PLUGINS),
  REVOCATION_UNKNOWN: row('plugins/user-certificate.ts', 'fail closed; setting', REFUSALS_TEST),
  SIGNER_NOT_OF_ACCOUNT: row('plugins/signer-of-account.ts', 'EN 319 412-1 §5.1.3', REFUSALS_TEST),
  SIGNER_NOT_LOGIN: row('plugins/signer-of-account.ts', 'setting, off', PLUGINS),
} satisfies Partial<Record<FailureCode, Refusal>>

/** What a peer, or whoever claims to be one, can be told. */
const BETWEEN_PROVIDERS = {
  TLS_REQUIRED: row('server/relay/inbound/peer-server.ts', 'RFC 3207 §4', PEERS),
  NOT_A_PEER: row('server/relay/inbound/identity.ts', 'invariant I10', PEERS),
  NO_RELAYING: row('server/relay/inbound/recipients.ts', 'invariant I10', PEERS),
  RECIPIENTS_AT_ONCE: row('server/relay/inbound/peer-server.ts', 'RFC 5321 §4.5.3.1.10', PEERS),
  TOO_MANY_HOPS: row('server/relay/inbound/decide.ts', 'RFC 5321 §6.3', PEERS),
  DISPATCH_UNNAMED: row(
    'server/relay/inbound/dispatch.ts',
    'evidence needs a name',
    'test/journeys/peer-dispatch.test.ts',
  ),
  EVIDENCE_NOT_TRUSTED: row(
    'server/relay/inbound/evidence-message.ts',
    'design',
    'test/journeys/peer-evidence.test.ts',
  ),
  EVIDENCE_NOT_OURS: row(
    'server/relay/inbound/match-evidence.ts',
    'design',
    'test/journeys/peer-evidence.test.ts',
  ),
  NOT_A_KEP_MESSAGE: row('server/relay/inbound/decide.ts', 'invariant I10', PEERS),
} satisfies Partial<Record<FailureCode, Refusal>>

/** A code without a row does not compile. */
export const REFUSALS = { ...OF_SUBMISSION, ...BETWEEN_PROVIDERS } satisfies Record<FailureCode, Refusal>

export const isBetweenProviders = (code: FailureCode): boolean => Object.hasOwn(BETWEEN_PROVIDERS, code)
