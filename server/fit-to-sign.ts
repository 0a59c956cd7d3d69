/**
 * Which certificates may sign for a provider (işlem sertifikası). Told when a key is put in: what it signed under another would
 * be found wanting by whoever verifies it, and that may be a court in twenty years.
 */
import { type Certificate, holderOf, isForSigning, isOfAccount, isOfPerson } from '../evidence/index.ts'

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
 * As `unfitness`, of what signs beside evidence: envelopes, and lists and seals of the archive. One holder issues evidence and signs
 * these. An address below our domain that evidence does not name looks like an account's, whose holder may have a certificate of the
 * same organization.
 *
 * @param evidence certificates of the keys of evidence
 */
export function unlikeIssuer(
  certificate: Certificate,
  evidence: readonly Certificate[],
  { domain, serviceAddress }: OwnAddresses,
): string | undefined {
  const name = certificate.subject.text
  const [issuer] = evidence
  if (issuer !== undefined && !evidence.some((one) => holderOf(one) === holderOf(certificate)))
    return `${name} is of another holder than ${issuer.subject.text}, which issues the evidence: nothing that it signs passes beside it. It needs the same organization (O)`
  const known = [serviceAddress, ...evidence.flatMap(({ emailAddresses }) => emailAddresses)]
  if (!isOfAccount(certificate, domain, known)) return undefined
  return `${name} is of ${certificate.emailAddresses.join(', ')}, which evidence does not name: nothing that it signs passes beside it. It needs ${serviceAddress}, or no address`
}
