import { turkishToAscii } from './turkish-fold.ts'

/**
 * Every refusal that a mail client can be told: one row a failure, nowhere else. [RFC 5321 §4.2.3] reply code,
 * [RFC 3463 §3] enhanced status, the reason that a rejection evidence gives for it, and what people read.
 * `docs/rules.md` is written from it and from `scripts/rules/`.
 */
interface Failure {
  readonly reply: number
  readonly status: string
  /** Name of the event reason where the failure makes a rejection evidence (after complete DATA). */
  readonly reason?: EvidenceReason
  readonly tr: string
  readonly en: string
}

export type EvidenceReason =
  | 'InvalidMessageFormat'
  | 'InvalidUserSignature'
  | 'UserCertExpiredOrRevoked'
  | 'PolicyViolation'
  | 'UnknownRecipient'
  | 'MailboxFull'
  | 'RetentionPeriodExpired'
  | 'MalwareFound'
  | 'R_REMMD_Malfunction'
  | 'R_REMMD_NotIdentified'
  | 'R_REMMD_Unreachable'
  | 'S_REMMD_ReceivedNoDeliveryInfoFromR_REMMD'
  | 'TechnicalMalfunction'

const row = (reply: number, status: string, tr: string, en: string, reason?: EvidenceReason): Failure =>
  reason === undefined ? { reply, status, tr, en } : { reply, status, tr, en, reason }

export const FAILURES = {
  // session
  AUTH_REQUIRED: row(530, '5.7.0', 'Önce oturum açın', 'Authenticate first'),
  AUTH_FAILED: row(535, '5.7.8', 'Kullanıcı adı veya parola yanlış', 'User name or password is wrong'),
  AUTH_DELAYED: row(
    454,
    '4.7.0',
    'Çok sayıda hatalı giriş, daha sonra deneyin',
    'Too many failed logins, try again later',
  ),
  TOO_MANY_CONNECTIONS: row(421, '4.7.0', 'Çok sayıda bağlantı', 'Too many connections'),
  SHUTTING_DOWN: row(
    421,
    '4.3.2',
    'Hizmet duruyor, daha sonra deneyin',
    'The service is stopping, try again later',
  ),
  TEMPORARY: row(
    451,
    '4.3.0',
    'Geçici bir sorun var, daha sonra deneyin',
    'A temporary problem on our side, try again later',
  ),
  CLOCK_UNCERTAIN: row(
    451,
    '4.3.5',
    'Saat doğrulanamıyor, daha sonra deneyin',
    'Our clock cannot be confirmed, try again later',
  ),
  BACKLOG: row(
    451,
    '4.3.2',
    'Zaman damgası beklenen delil var, daha sonra deneyin',
    'Evidence waits for its time-stamp, try again later',
  ),
  DISK_FULL: row(452, '4.3.1', 'Depolama alanı az, daha sonra deneyin', 'Storage is short, try again later'),
  TOO_FAST: row(
    450,
    '4.7.1',
    'Kısa sürede çok ileti, birazdan yeniden deneyin',
    'Too many messages in a short time, try again in a while',
  ),
  // envelope
  MAIL_PARAMETER: row(
    555,
    '5.5.4',
    'MAIL/RCPT parametresi desteklenmiyor',
    'This MAIL/RCPT parameter is not supported',
  ),
  ADDRESS_NOT_ASCII: row(553, '5.6.7', 'Adres ASCII değil', 'The address is not ASCII'),
  NULL_SENDER: row(550, '5.7.1', 'Boş gönderen kabul edilmez', 'A null sender is not accepted here'),
  SENDER_NOT_ACCOUNT: row(
    550,
    '5.7.1',
    'MAIL FROM oturum açılan KEP hesabı değil',
    'MAIL FROM is not the KEP account that logged in',
  ),
  ACCOUNT_NOT_ACTIVE: row(550, '5.7.1', 'KEP hesabı etkin değil', 'The KEP account is not active'),
  MAY_NOT_SEND: row(
    550,
    '5.7.1',
    'Bu hesabın veya kişinin gönderme yetkisi yok',
    'This account or person has no right to send',
  ),
  NOT_A_KEP_ADDRESS: row(550, '5.1.3', 'Alıcı bir KEP adresi değil', 'The recipient is not a KEP address'),
  UNKNOWN_PROVIDER: row(550, '5.1.2', 'Alıcının KEPHS bilinmiyor', 'No provider is known for the recipient'),
  UNKNOWN_LOCAL_RECIPIENT: row(550, '5.1.1', 'Böyle bir KEP hesabı yok', 'There is no such KEP account'),
  TOO_MANY_RECIPIENTS: row(550, '5.5.3', 'Alıcı sayısı sınırı aşıldı', 'Too many recipients'),
  MESSAGE_TOO_BIG: row(
    552,
    '5.3.4',
    'İleti boyutu sınırı aşıldı',
    'The message is larger than allowed',
    'PolicyViolation',
  ),
  QUOTA_EXCEEDED: row(
    552,
    '5.2.2',
    'Kota dolu: gönderim için yer açın',
    'The quota is used up: make room before sending',
  ),
  NOT_AFFORDABLE: row(
    552,
    '5.2.2',
    'Bakiyeniz ilgili işlem için yeterli değildir',
    'The balance does not cover this message',
  ),
  // form
  BARE_LINE_END: row(
    550,
    '5.6.11',
    'İletide CRLF olmayan satır sonu var',
    'The message has a bare CR or LF',
    'InvalidMessageFormat',
  ),
  NUL_OCTET: row(
    550,
    '5.6.11',
    'İletide NUL karakteri var',
    'The message has a NUL octet',
    'InvalidMessageFormat',
  ),
  LINE_TOO_LONG: row(
    550,
    '5.6.1',
    '998 oktetten uzun satır yalnız kendi hesaplarımıza gönderilebilir',
    'A line over 998 octets can only go to our own accounts',
    'InvalidMessageFormat',
  ),
  HEADER_NOT_ASCII: row(
    550,
    '5.6.7',
    'Başlıkta kodlanmamış karakter var',
    'A header field has raw 8-bit octets',
    'InvalidMessageFormat',
  ),
  HEADER_MISSING: row(
    550,
    '5.6.0',
    'Zorunlu başlık eksik',
    'A required header field is missing',
    'InvalidMessageFormat',
  ),
  HEADER_DUPLICATE: row(
    550,
    '5.6.0',
    'Başlık birden çok kez yazılmış',
    'A header field occurs more than once',
    'InvalidMessageFormat',
  ),
  HEADER_FORBIDDEN: row(
    550,
    '5.6.0',
    'Bu başlığı yalnız KEPHS yazabilir',
    'Only the provider may write this header field',
    'InvalidMessageFormat',
  ),
  HEADER_TOO_LARGE: row(
    550,
    '5.6.0',
    'Başlık çok uzun',
    'A header field is too long',
    'InvalidMessageFormat',
  ),
  HEADER_UNREADABLE: row(
    550,
    '5.6.0',
    'Başlık okunamıyor',
    'A header field cannot be read',
    'InvalidMessageFormat',
  ),
  MIME_TOO_COMPLEX: row(
    550,
    '5.6.0',
    'İletinin MIME yapısı çok karmaşık',
    'The MIME structure is too complex',
    'InvalidMessageFormat',
  ),
  AUTOMATIC_MESSAGE: row(550, '5.7.1', 'Otomatik ileti kabul edilmez', 'Automatic messages are not accepted'),
  BCC_RECIPIENT: row(
    550,
    '5.6.0',
    'Gizli alıcı (Bcc) KEP iletisinde olamaz; istemcideki "kendine Bcc" ayarını kapatın',
    'A KEP message has no Bcc recipients; turn off the "Bcc myself" option of your client',
    'PolicyViolation',
  ),
  RECIPIENTS_DIFFER: row(
    550,
    '5.6.0',
    'To/Cc alıcıları zarf alıcılarından farklı',
    'To and Cc differ from the envelope recipients',
    'PolicyViolation',
  ),
  FROM_NOT_ACCOUNT: row(
    550,
    '5.7.1',
    'From başlığı KEP hesabı değil',
    'The From field is not the KEP account',
    'PolicyViolation',
  ),
  PROTECTED_HEADER_DIFFERS: row(
    550,
    '5.6.0',
    'İmzalı başlık dıştaki başlıktan farklı',
    'A signed header field differs from the outer one',
    'InvalidMessageFormat',
  ),
  MESSAGE_TYPE_UNKNOWN: row(
    550,
    '5.6.0',
    'İleti tipi bilinmiyor (standart, eYazisma veya eTebligat)',
    'The message type is not known (standart, eYazisma or eTebligat)',
    'InvalidMessageFormat',
  ),
  EYP_ATTACHMENT: row(
    550,
    '5.6.0',
    'e-Yazışma iletisinde tam bir .eyp, .eyps veya .eypg eki olmalı',
    'An e-Yazışma message has exactly one attachment named .eyp, .eyps or .eypg',
    'InvalidMessageFormat',
  ),
  EYP_CONTAINER: row(
    550,
    '5.6.0',
    'e-Yazışma paketi açılamıyor veya eksik',
    'The e-Yazışma package cannot be opened or is not whole',
    'InvalidMessageFormat',
  ),
  MAY_NOT_SERVE: row(
    550,
    '5.7.1',
    'Bu hesabın e-Tebligat gönderme yetkisi yok',
    'This account is not authorised to send e-Tebligat',
    'PolicyViolation',
  ),
  MALWARE_FOUND: row(
    550,
    '5.7.1',
    'İletide zararlı yazılım bulundu',
    'The message holds malware',
    'MalwareFound',
  ),
  ENCLOSED_UNREADABLE: row(
    550,
    '5.6.0',
    'İletideki imzalı bir parça (.p7m) açılıp taranamıyor',
    'A signed part (.p7m) of the message cannot be opened to be scanned',
    'InvalidMessageFormat',
  ),
  SCANNER_AWAY: row(
    451,
    '4.3.0',
    'Zararlı yazılım taraması yapılamadı, daha sonra deneyin',
    'The message could not be scanned for malware, try again later',
  ),
  // signature
  NOT_SIGNED: row(
    550,
    '5.7.1',
    'İleti elektronik imzalı değil (S/MIME)',
    'The message is not signed (S/MIME)',
    'InvalidUserSignature',
  ),
  ENCRYPTED_ONLY: row(
    550,
    '5.7.1',
    'Şifreli ileti dıştan imzalanmalı',
    'An encrypted message must be signed on the outside',
    'InvalidUserSignature',
  ),
  SIGNATURE_MALFORMED: row(
    550,
    '5.7.7',
    'İmza okunamıyor',
    'The signature cannot be read',
    'InvalidUserSignature',
  ),
  SIGNATURE_INVALID: row(
    550,
    '5.7.7',
    'İmza doğrulanamadı: ileti imzadan sonra değişmiş',
    'The signature does not verify: the message was changed after signing',
    'InvalidUserSignature',
  ),
  WEAK_ALGORITHM: row(
    550,
    '5.7.4',
    'İmza algoritması zayıf (en az SHA-256 ve RSA 2048)',
    'The signature algorithm is too weak (SHA-256 and RSA 2048 at least)',
    'InvalidUserSignature',
  ),
  NO_SIGNED_ATTRIBUTES: row(
    550,
    '5.7.4',
    'İmzada imzalı öznitelik yok',
    'The signature has no signed attributes',
    'InvalidUserSignature',
  ),
  BES_REQUIRED: row(
    550,
    '5.7.4',
    'İmza CAdES-BES olmalı',
    'The signature must be CAdES-BES',
    'InvalidUserSignature',
  ),
  CERTIFICATE_UNTRUSTED: row(
    550,
    '5.7.5',
    'Sertifika güvenilen bir kökten gelmiyor',
    'The certificate does not come from a trusted root',
    'InvalidUserSignature',
  ),
  CERTIFICATE_EXPIRED: row(
    550,
    '5.7.5',
    'Sertifikanın süresi geçerli değil',
    'The certificate is outside its validity period',
    'UserCertExpiredOrRevoked',
  ),
  CERTIFICATE_REVOKED: row(
    550,
    '5.7.5',
    'Sertifika iptal edilmiş',
    'The certificate is revoked',
    'UserCertExpiredOrRevoked',
  ),
  CERTIFICATE_USAGE: row(
    550,
    '5.7.5',
    'Sertifika imza için verilmemiş',
    'The certificate is not for signing',
    'InvalidUserSignature',
  ),
  CERTIFICATE_NOT_QUALIFIED: row(
    550,
    '5.7.5',
    'Sertifika nitelikli değil (NES veya e-mühür gerekir)',
    'The certificate is not qualified (a NES or an e-seal is needed)',
    'PolicyViolation',
  ),
  REVOCATION_UNKNOWN: row(
    451,
    '4.7.5',
    'Sertifikanın iptal durumu öğrenilemedi, daha sonra deneyin',
    'The revocation status of the certificate could not be learned, try again later',
  ),
  SIGNER_NOT_OF_ACCOUNT: row(
    550,
    '5.7.1',
    'İmzalayan bu hesabın işlem yetkilisi değil',
    'The signer is no authorised person of this account',
    'InvalidUserSignature',
  ),
  SIGNER_NOT_LOGIN: row(
    550,
    '5.7.1',
    'İmzalayan, oturum açan kişi değil',
    'The signer is not the person who logged in',
    'InvalidUserSignature',
  ),
  // peers
  TLS_REQUIRED: row(530, '5.7.0', 'Önce STARTTLS gerekli', 'Must issue STARTTLS first'),
  NOT_A_PEER: row(
    550,
    '5.7.1',
    'Bu bağlantı tanınan bir KEPHS değil',
    'This connection is not of a provider that is known here',
  ),
  NO_RELAYING: row(
    550,
    '5.7.1',
    'Yalnızca kendi KEP hesaplarımız için ileti alınır',
    'Mail is taken for KEP accounts of this provider only',
  ),
  RECIPIENTS_AT_ONCE: row(
    452,
    '4.5.3',
    'Bu gönderimde alıcı sınırı doldu, kalanları ayrıca gönderin',
    'Enough recipients for one transaction, send to the others in another',
  ),
  TOO_MANY_HOPS: row(554, '5.4.6', 'İleti döngüde: çok sayıda Received alanı', 'Too many Received fields'),
  DISPATCH_UNNAMED: row(
    550,
    '5.6.0',
    'Gönderi reddedildi ve hangi ileti olduğu anlaşılamadı',
    'The dispatch is rejected, and which message it is cannot be told',
  ),
  EVIDENCE_NOT_TRUSTED: row(
    550,
    '5.7.7',
    'Delil veya zarf doğrulanamadı',
    'Evidence or envelope could not be verified',
  ),
  EVIDENCE_NOT_OURS: row(
    550,
    '5.1.0',
    'Delil, bu KEPHS üzerinden size gönderilmiş bir iletiye ait değil',
    'The evidence is about no message that was sent from here to you',
  ),
  NOT_A_KEP_MESSAGE: row(
    550,
    '5.7.1',
    'KEP iletisi veya delili değil',
    'Neither a KEP dispatch nor evidence',
  ),
} as const satisfies Record<string, Failure>

export type FailureCode = keyof typeof FAILURES

/** `told` goes to the peer behind the row's text; `cause` goes to the log and never on the wire. */
export class MailError extends Error {
  readonly code: FailureCode
  readonly told: string
  constructor(code: FailureCode, told = '', options?: ErrorOptions) {
    super(told === '' ? code : `${code}: ${told}`, options)
    this.name = 'MailError'
    this.code = code
    this.told = told
  }
}

/** Longest text behind a reply code, so that the whole line stays in 512 octets. [RFC 5321 §4.5.3.1.5] */
const MAX_REPLY_TEXT = 480

/**
 * The text behind the reply code: `5.7.7 SIGNATURE_INVALID Imza … / The signature …`. Replies are ASCII, since
 * SMTPUTF8 is not offered, so Turkish letters lose their marks here and only here. [RFC 5321 §4.2]
 */
export function replyText(code: FailureCode, told = ''): string {
  const { status, tr, en } = FAILURES[code]
  const detail = told === '' ? '' : ` (${told})`
  return turkishToAscii(`${status} ${code} ${tr} / ${en}${detail}`)
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, MAX_REPLY_TEXT)
}
