export type ListingFault =
  /** Sorgu kriterlerini artırınız. */
  | 'TOO_BROAD'
  /** More queries within a minute than an account may make. */
  | 'TOO_FAST'
  /** Our own entries come from our accounts. */
  | 'OWN_DOMAIN'
  /** The provider's directory is a source of the configuration. */
  | 'CONFIGURED'
  /** Another import of this provider has begun. */
  | 'CHANGED_MEANWHILE'

/** Why the directory refused; the text is for people. */
export class ListingError extends Error {
  readonly code: ListingFault
  constructor(code: ListingFault, message: string) {
    super(message)
    this.name = 'ListingError'
    this.code = code
  }
}
