/**
 * Which certificates may sign for a provider (işlem sertifikası). Told when a key is put in: what it signed under another would
 * be found wanting by whoever verifies it, and that may be a court in twenty years.
 */
import { type Certificate, isForSigning, isOfAccount, isOfPerson } from '../evidence/index.ts'

/** Why verification would pass nothing that a provider signs by it; undefined: it would. */
export function unfitness(certificate: Certificate): string | undefined {
  const name = certificate.subject.text
  if (!isForSigning(certificate))
    return `${name} is not for signing, by its keyUsage or extendedKeyUsage: nothing that it signs passes verification`
  if (isOfPerson(certificate))
    return `${name} is a person's (NES): what it signs for a provider passes no verification`
  return undefined
}

/** Who we are to those who verify. */
export interface OwnAddresses {
  readonly domain: string
  readonly serviceAddress: string
}

/**
 * As `unfitness`, of what signs lists and seals of the archive. An address below our domain that evidence does not name looks like
 * an account's, whose holder may have a certificate of the same organization.
 *
 * @param evidence certificates of the keys of evidence
 */
export function sealUnfitness(
  certificate: Certificate,
  evidence: readonly Certificate[],
  { domain, serviceAddress }: OwnAddresses,
): string | undefined {
  const known = [serviceAddress, ...evidence.flatMap(({ emailAddresses }) => emailAddresses)]
  if (!isOfAccount(certificate, domain, known)) return undefined
  const mail = certificate.emailAddresses.join(', ')
  return `${certificate.subject.text} is of ${mail}, which evidence does not name: audit packs that it signs do not pass. It needs ${serviceAddress}, or no address`
}
