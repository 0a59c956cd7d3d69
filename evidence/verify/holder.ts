/** Whose certificates are one provider's, and no account's of the same organization. */
import { isBelow } from '../../mail/kep-address.ts'
import type { Certificate } from '../ports.ts'

/** The organization counts, since roles have certificates of their own. */
export const holderOf = ({ subject }: Certificate): string =>
  subject.organization === undefined ? subject.text : `O=${subject.organization}`

/**
 * An address below the provider's domain that is not its own is an account's, and its holder may be of the same organization.
 *
 * @param own addresses that evidence and its certificates name
 */
export function isOfAccount(
  { emailAddresses }: Pick<Certificate, 'emailAddresses'>,
  provider: string,
  own: readonly string[],
): boolean {
  const known = new Set(own.map((one) => one.toLowerCase()))
  const mail = emailAddresses.map((one) => one.toLowerCase())
  return mail.some((one) => isBelow(one, provider)) && !mail.some((one) => known.has(one))
}
