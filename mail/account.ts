import type { HolderIdentity } from './holder-identity.ts'

/** A KEP account (KEP hesabı) and the persons (işlem yetkilisi) who may act for it, as the store keeps them. */
export interface StoredAccount {
  readonly address: string
  /** gerçek kişi, tüzel kişi, kamu kurumu, diğer. */
  readonly kind: 'natural' | 'legal' | 'public' | 'other'
  /** Gönderici/alıcı or sadece alıcı. */
  readonly service: 'send-receive' | 'receive-only'
  /** Etkinleştirme bekleniyor, aktif, kapalı. */
  readonly state: 'pending' | 'active' | 'closed'
  /** The holder's name as people read it. */
  readonly holder: string
  /** By which the holder is known again; absent where the account is nobody's. Personal data: never logged. */
  readonly identity?: HolderIdentity
  /** Octets that are free of charge; a box that is full still receives. */
  readonly quota: number
  /** Octets beside those, until their time is over. */
  readonly bought?: BoughtSpace
  readonly closing?: Closing
  /** The highest level of the quota, in %, that the holder was told is reached, and how many such notices there were. */
  readonly quotaTold?: { readonly level: number; readonly notices: number }
  /** A body that may serve by e-Tebligat. */
  readonly mayServe?: boolean
  /** The account chose that its messages have text filters, which make searching faster. */
  readonly searchIndex?: SearchIndex
  readonly persons: readonly Person[]
  /** ISO 8601, UTC. */
  readonly created: string
}

export interface SearchIndex {
  /** `removing`: until the last filter has gone. */
  readonly state: 'on' | 'removing'
  /** ISO 8601, UTC: of this choice. */
  readonly since: string
}

export interface BoughtSpace {
  readonly octets: number
  /** ISO 8601, UTC: from then on it is not there. */
  readonly until: string
}

/** Hesap kapatma. */
export interface Closing {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly reason: string
  /** What it was before, and becomes again. */
  readonly before: 'pending' | 'active'
  /** ISO 8601, UTC: until then the holder reads what is there; from then on nobody does. */
  readonly readableUntil: string
}

/** An account as it is at a certain time: what time alone changes is worked out, never stored. */
export interface KepAccount extends Omit<StoredAccount, 'state'> {
  /** Kilitli: closed, and the months of reading are over. */
  readonly state: StoredAccount['state'] | 'locked'
  /** Octets, with what was bought. */
  readonly quota: number
  /** When time alone changes it next, ms since 1970; undefined where it never does. */
  readonly changesAt: number | undefined
}

export interface Person {
  /** Unique within the account; the login is `address/handle` where several persons may log in. */
  readonly handle: string
  readonly name: string
  /** T.C. Kimlik No, 11 digits: how a signer is found. Personal data: never logged. */
  readonly identityNumber: string
  /** False: Pasif, which takes every right away. */
  readonly active: boolean
  readonly permissions: readonly Permission[]
  /** Who gave these rights, where it was another person of the account (alt yetkili). */
  readonly grantedBy?: string
  /** argon2id in PHC form; undefined where no password was set. */
  readonly passwordHash?: string
  /** Of the same password; absent where none were made. */
  readonly scram?: ScramKeys
  /** SHA-256 of certificates that log in, hex. Never those that sign. */
  readonly loginCertificates?: readonly string[]
  /** IP Kısıtlama: addresses and networks from which alone this person logs in. */
  readonly networks?: readonly string[]
  /** Where new mail is told of; each only where the person wants it. */
  readonly notices?: { readonly email?: string; readonly phone?: string }
}

/**
 * By which a person proves to know the password without telling it: SCRAM-SHA-256. Octets are in base64. Whoever has them can
 * try passwords, and pose as the server; logging in needs what only the password gives. [RFC 5802 §3] [RFC 7677 §3]
 */
export interface ScramKeys {
  readonly salt: string
  readonly iterations: number
  readonly storedKey: string
  readonly serverKey: string
}

/**
 * Yetkiler, by the names that the field uses for them. The thirteenth of them, Pasif, is {@link Person.active}: it takes
 * all others away.
 */
export const PERMISSIONS = [
  /** Mail Okuma. */
  'read',
  /** Mail Yazma: to send, to sign, to keep drafts. */
  'write',
  /** Mail Silme. */
  'delete',
  /** Mail Arşivle. */
  'archive',
  /** Genel Yetkili: to add persons and to change their rights, never beyond one's own. */
  'general',
  /** Yetkili Pasif: to take all rights from a person, and to give them back. */
  'deactivate',
  /** Hesap Kapatma. */
  'close',
  /** Sözleşme İmzalama. */
  'sign-contract',
  /** Tarife Alma: to buy packages and space. */
  'buy-tariff',
  /** Para Yatırma. */
  'deposit',
  /** SMS Bilgilendirme. */
  'sms-notices',
  /** Eposta Bilgilendirme. */
  'email-notices',
] as const
export type Permission = (typeof PERMISSIONS)[number]

/** Who is logged in, for whom and how; made once per session. */
export interface Login {
  readonly account: string
  readonly handle: string
  /** ms since 1970, UTC. */
  readonly at: number
  readonly method: LoginMethod
  /** Address of the client without port. */
  readonly ip: string
  /** By which it is seen whether what logged in was changed since; nothing can be made of it. */
  readonly proof: string
  /** ms since 1970: the session ends then; absent: not by itself. */
  readonly until?: number
}

export type LoginMethod = 'password' | 'certificate' | 'oauth'

export const may = (person: Person, permission: Permission): boolean =>
  person.active && person.permissions.includes(permission)
