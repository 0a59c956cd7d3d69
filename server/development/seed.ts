import type { AccountDirectory } from '../accounts/directory.ts'
import { activated } from '../accounts/lifecycle.ts'
import { withPerson } from '../accounts/persons.ts'
import { DEVELOPMENT_PASSWORD, DEVELOPMENT_PERSONS } from './identities.ts'

export interface SeedOptions {
  readonly domain: string
  /** Octets. */
  readonly quota: number
}

/**
 * The two accounts with the persons whom their certificates name. Each step is taken only where its result is missing,
 * so a start that was cut off in the middle is completed by the next, and a password changed since stays changed.
 */
export async function seedDevelopmentAccounts(
  directory: AccountDirectory,
  { domain, quota }: SeedOptions,
): Promise<void> {
  for (const { local, handle, name, identityNumber } of DEVELOPMENT_PERSONS) {
    const address = `${local}@${domain}`
    const account =
      (await directory.get(address)) ??
      (await directory.create({
        address,
        kind: 'natural',
        service: 'send-receive',
        holder: name,
        identity: { type: 'tckn', number: identityNumber },
        quota,
      }))
    const known = account.persons.find((person) => person.handle === handle)
    if (known === undefined)
      await directory.change(address, (one) => withPerson(one, { handle, name, identityNumber }))
    if (known?.passwordHash === undefined) await directory.setPassword(address, handle, DEVELOPMENT_PASSWORD)
    if (account.state === 'pending') await directory.change(address, activated)
  }
}
