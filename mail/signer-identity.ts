import type { Person } from './account.ts'

/**
 * The 11-digit T.C. Kimlik No of a certificate's serialNumber attribute: bare, or behind `TINTR-` or `PNOTR-`. Numbers of other
 * countries and kinds have eleven digits too, and name somebody else. [EN 319 412-1 §5.1.3]
 */
export function identityNumberOf(serialNumber: string | undefined): string | undefined {
  return /^(?:(?:PNO|TIN)TR-)?([0-9]{11})$/.exec(serialNumber ?? '')?.[1]
}

/** The active person whom a certificate names; undefined where there is none. */
export function signerAmong(
  persons: readonly Person[],
  serialNumber: string | undefined,
): Person | undefined {
  const number = identityNumberOf(serialNumber)
  return number === undefined
    ? undefined
    : persons.find((person) => person.active && person.identityNumber === number)
}
