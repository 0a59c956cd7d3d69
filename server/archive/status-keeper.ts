import type { CertificateValidator, PathResult, RestsOn } from '../../evidence/index.ts'
import type { JudgedPath } from './material.ts'

export interface KeeperParts {
  readonly providersTrust: Pick<CertificateValidator, 'validate' | 'desk'>
  readonly tsasTrust: Pick<CertificateValidator, 'validate'>
}

export interface JudgedRest extends JudgedPath {
  readonly role: RestsOn['role']
}

/**
 * How the certificates stand that provider's signatures and time-stamps rest on, each judged once.
 *
 * @param at as of when
 * @param freshSince what was told of a certificate before does not count; absent: whatever is current does
 */
export async function judgeAll(
  rests: readonly RestsOn[],
  { at, freshSince }: { readonly at: Date; readonly freshSince?: Date | undefined },
  { providersTrust, tsasTrust }: KeeperParts,
): Promise<JudgedRest[]> {
  const once = new Map(rests.map((rest) => [`${rest.role}/${rest.certificate.fingerprint}`, rest]))
  return Promise.all(
    [...once.values()].map(async ({ role, certificate, beside }) => {
      const trust = role === 'tsa' ? tsasTrust : providersTrust
      const options = { intermediates: beside, at, freshSince, revocation: 'if-present' } as const
      const path: PathResult = await trust.validate(certificate, options)
      return { role, certificate, path }
    }),
  )
}
