/**
 * The organisation in the subject of every certificate that is made here. Production refuses certificates by this
 * name, so nothing else may carry it.
 */
export const DEVELOPMENT_ORGANIZATION = 'OpenKEP development'

/** Of the two accounts, and of their .p12 files. */
export const DEVELOPMENT_PASSWORD = 'deneme'

export interface DevelopmentPerson {
  readonly local: string
  readonly handle: string
  readonly name: string
  /** Invented, with valid check digits: no person has a number that begins with 1000000. */
  readonly identityNumber: string
  /** `qualified` is shaped like a qualified certificate (NES): no address, and for nonRepudiation only. */
  readonly certificate: 'user' | 'qualified'
}

export const DEVELOPMENT_PERSONS: readonly DevelopmentPerson[] = [
  {
    local: 'deneme.gonderen',
    handle: 'ayse',
    name: 'Ayşe Gönderen',
    identityNumber: '10000000146',
    certificate: 'user',
  },
  {
    local: 'deneme.alici',
    handle: 'isik',
    name: 'Işık Alıcı',
    identityNumber: '10000000078',
    certificate: 'qualified',
  },
]
