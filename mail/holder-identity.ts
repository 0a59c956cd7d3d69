/**
 * What a holder of accounts is known by again, so that an address comes back to nobody else. Natural persons by T.C. or
 * foreigner's number or passport; legal persons by MERSİS or trade registry number; public bodies by DETSİS.
 */
export interface HolderIdentity {
  readonly type: IdentityType
  readonly number: string
}

export const IDENTITY_TYPES = ['tckn', 'ykn', 'passport', 'mersis', 'registry', 'detsis'] as const
export type IdentityType = (typeof IDENTITY_TYPES)[number]

export const sameHolder = (a: HolderIdentity, b: HolderIdentity): boolean =>
  a.type === b.type && a.number === b.number

/** Whether the number is one of its type: what has check digits is checked by them. */
export function isIdentityNumber({ type, number }: HolderIdentity): boolean {
  switch (type) {
    case 'tckn':
      return isCitizenNumber(number) && !number.startsWith('99')
    case 'ykn':
      return isCitizenNumber(number) && number.startsWith('99')
    case 'mersis':
      return isMersis(number)
    case 'detsis':
      return /^[0-9]{5,10}$/.test(number)
    case 'passport':
      return /^[A-Z0-9]{5,15}$/.test(number)
    case 'registry':
      return /^[0-9A-Z][0-9A-Z/-]{0,29}$/.test(number)
  }
}

/**
 * T.C. Kimlik No and Yabancı Kimlik No: the tenth digit follows from the first nine, the eleventh from the first ten.
 */
export function isCitizenNumber(number: string): boolean {
  if (!/^[1-9][0-9]{10}$/.test(number)) return false
  const digits = [...number].map(Number)
  const sum = (all: readonly number[]): number => all.reduce((total, digit) => total + digit, 0)
  const odd = sum(digits.filter((_, index) => index % 2 === 0 && index < 9))
  const even = sum(digits.filter((_, index) => index % 2 === 1 && index < 8))
  // Seven times the one may be less than the other; 10 keeps the remainder positive.
  const tenth = (((odd * 7 - even) % 10) + 10) % 10
  return digits[9] === tenth && digits[10] === sum(digits.slice(0, 10)) % 10
}

/** Vergi Kimlik No, ten digits of which the last is the check digit. */
export function isTaxNumber(number: string): boolean {
  if (!/^[0-9]{10}$/.test(number)) return false
  let sum = 0
  for (let index = 0; index < 9; index++) {
    const digit = (Number(number[index]) + 9 - index) % 10
    const weighed = (digit * 2 ** (9 - index)) % 9
    sum += digit !== 0 && weighed === 0 ? 9 : weighed
  }
  return (10 - (sum % 10)) % 10 === Number(number[9])
}

/**
 * MERSİS numarası, 16 digits: a zero and the tax number of a company, or the T.C. number of a merchant, and five digits
 * that count its records. That the five carry check digits of their own is unverified, so they are not looked at.
 */
export const isMersis = (number: string): boolean =>
  /^[0-9]{16}$/.test(number) &&
  (number.startsWith('0') ? isTaxNumber(number.slice(1, 11)) : isCitizenNumber(number.slice(0, 11)))
