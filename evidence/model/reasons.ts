/**
 * The event reasons. [TS 102 640-2 annex D] Evidence carries the URI in Code; a reader accepts the bare number
 * too, because one public implementation writes that.
 */
export const REASON_PREFIX = 'http:uri.etsi.org/REM/EventReason#'

export interface Reason {
  readonly number: number
  /** The fragment of the URI, spelt as in the implementations that quote the annex. */
  readonly name: string
  readonly tr: string
  readonly en: string
}

/** number, fragment, Turkish, English */
const rows = [
  [1, 'InvalidMessageFormat', 'Geçersiz ileti biçimi', 'Invalid message format'],
  [2, 'MalwareFound', 'Zararlı yazılım bulundu', 'Malware found'],
  [3, 'InvalidUserSignature', 'Kullanıcı imzası geçersiz', 'Invalid user signature'],
  [
    4,
    'UserCertExpiredOrRevoked',
    'Kullanıcı sertifikası süresi dolmuş veya iptal',
    'User certificate expired or revoked',
  ],
  [5, 'PolicyViolation', 'Politika ihlali', 'Policy violation'],
  [6, 'R_REMMD_Malfunction', "Alıcı KEPHS'de arıza", "Malfunction of the recipient's provider"],
  [7, 'R_REMMD_NotIdentified', 'Alıcı KEPHS tanınmıyor', "Recipient's provider not identified"],
  [8, 'R_REMMD_Unreachable', "Alıcı KEPHS'ye ulaşılamıyor", "Recipient's provider unreachable"],
  [
    9,
    'S_REMMD_ReceivedNoDeliveryInfoFromR_REMMD',
    "Alıcı KEPHS'den teslim bilgisi alınamadı",
    "No delivery information from the recipient's provider",
  ],
  [10, 'UnknownRecipient', 'Bilinmeyen alıcı', 'Unknown recipient'],
  [11, 'MailboxFull', 'Posta kutusu dolu', 'Mailbox full'],
  [12, 'TechnicalMalfunction', 'Teknik arıza', 'Technical malfunction'],
  [13, 'AttachementFormatNotAccepted', 'Ek biçimi kabul edilmiyor', 'Attachment format not accepted'],
  [14, 'RecipientRejection', 'Alıcı reddetti', 'Rejected by the recipient'],
  [15, 'RetentionPeriodExpired', 'Saklama süresi doldu', 'Retention period expired'],
  [16, 'RegularEmailUnreachable', 'Olağan e-posta sistemine ulaşılamıyor', 'Regular e-mail unreachable'],
  [17, 'RegularEmailNonOperational', 'Olağan e-posta sistemi çalışmıyor', 'Regular e-mail not operational'],
  [18, 'RegularEmailRejection', 'Olağan e-posta sistemi reddetti', 'Rejected by regular e-mail'],
  [19, 'PrintingSystemUnreachable', 'Basım sistemine ulaşılamıyor', 'Printing system unreachable'],
  [20, 'PrintingSystemNonOperational', 'Basım sistemi çalışmıyor', 'Printing system not operational'],
  [21, 'PrintingBufferFull', 'Basım kuyruğu dolu', 'Printing buffer full'],
  [22, 'Other', 'Diğer', 'Other'],
] as const

export type ReasonName = (typeof rows)[number][1]

export const REASONS: readonly Reason[] = rows.map(([number, name, tr, en]) => ({ number, name, tr, en }))

export const reasonUri = (name: ReasonName): string => REASON_PREFIX + name

/** Reads what any implementation writes into Code: our URI, the same with `//`, or the bare number. */
export function reasonOf(code: string): Reason | undefined {
  const uri = code.replace(/^http:\/\/uri\.etsi\.org\//, 'http:uri.etsi.org/')
  const name = uri.startsWith(REASON_PREFIX) ? uri.slice(REASON_PREFIX.length) : undefined
  return REASONS.find((reason) => reason.name === name || String(reason.number) === code)
}
