/** A KEP account (KEP hesabı) and the persons (işlem yetkilisi) who may act for it. */
export interface KepAccount {
  readonly address: string
  /** gerçek kişi, tüzel kişi, kamu kurumu, diğer. */
  readonly kind: 'natural' | 'legal' | 'public' | 'other'
  /** Gönderici/alıcı or sadece alıcı. */
  readonly service: 'send-receive' | 'receive-only'
  /** Etkinleştirme bekleniyor, aktif, kapalı, kilitli. */
  readonly state: 'pending' | 'active' | 'closed' | 'locked'
  /** The holder's name as people read it. */
  readonly holder: string
  /** Octets; a box that is full still receives. */
  readonly quota: number
  readonly persons: readonly Person[]
  /** ISO 8601, UTC. */
  readonly created: string
}

export interface Person {
  /** Unique within the account; the login is `address/handle` where several persons may log in. */
  readonly handle: string
  readonly name: string
  /** T.C. Kimlik No, 11 digits: how a signer is found. Personal data: never logged. */
  readonly identityNumber: string
  readonly active: boolean
  readonly permissions: readonly Permission[]
  /** argon2id in PHC form; undefined where no password was set. */
  readonly passwordHash?: string
}

export const PERMISSIONS = ['read', 'send', 'delete'] as const
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
}

export type LoginMethod = 'password' | 'certificate'

export const may = (person: Person, permission: Permission): boolean =>
  person.active && person.permissions.includes(permission)
