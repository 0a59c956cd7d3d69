export type AccountFault =
  | 'NOT_A_KEP_ADDRESS'
  | 'FOREIGN_DOMAIN'
  | 'RESERVED_ADDRESS'
  | 'ADDRESS_TAKEN'
  | 'ADDRESS_FORM'
  | 'NO_SUCH_ACCOUNT'
  | 'NO_SUCH_PERSON'
  | 'HANDLE_TAKEN'
  | 'BAD_HANDLE'
  | 'BAD_IDENTITY_NUMBER'
  /** The account is in a state in which this is not done. */
  | 'WRONG_STATE'
  /** A natural person uses the account alone. */
  | 'ONE_PERSON_ONLY'
  /** And nobody in their place. */
  | 'OTHER_PERSON'
  /** Somebody must always be able to act for an account. */
  | 'LAST_PERSON'
  | 'PERSON_EXISTS'
  /** Who gives a right must have it, and the right to give. */
  | 'MAY_NOT_GRANT'
  /** A closed address comes back to its own holder only. */
  | 'OTHER_HOLDER'
  | 'BAD_NETWORK'
  | 'CHANGED_MEANWHILE'

/** Why an account was not made or changed; the text is for people, in both languages where it can be foreseen. */
export class AccountError extends Error {
  readonly code: AccountFault
  constructor(code: AccountFault, message: string) {
    super(message)
    this.name = 'AccountError'
    this.code = code
  }
}
