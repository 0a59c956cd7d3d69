import { z } from 'zod'
import { type Certificate, isForSigning, type TrustFailure } from '../evidence/index.ts'
import type { FailureCode } from '../mail/errors.ts'
import { definePlugin, proceed, refuse, type ServiceSettings } from './api.ts'

const codes = new Map<TrustFailure, FailureCode>([
  ['EXPIRED', 'CERTIFICATE_EXPIRED'],
  ['NOT_YET_VALID', 'CERTIFICATE_EXPIRED'],
  ['REVOKED', 'CERTIFICATE_REVOKED'],
  ['REVOCATION_UNKNOWN', 'REVOCATION_UNKNOWN'],
  ['KEY_USAGE', 'CERTIFICATE_USAGE'],
  ['WEAK_ALGORITHM', 'WEAK_ALGORITHM'],
])

/** `national`: stated as BTK's profile has it, of a person (NES) or an e-seal. */
function isEnough(asked: ServiceSettings['certificates'], { qualification }: Certificate): boolean {
  if (asked === 'any') return true
  if (qualification?.isQualified !== true) return false
  return asked === 'qualified' || qualification.national !== undefined
}

/**
 * Each signer's certificate chains to an anchor for users and is good as of our acceptance, never as of the time
 * that the signer claims. Unknown revocation is told as "try again", never as good. [RFC 5280 §6.1]
 */
export const userCertificate = definePlugin({
  name: 'user-certificate',
  config: z.strictObject({}),
  register(hooks, _settings, { settings }) {
    hooks.on('data_post', ({ message: { trust } }) => {
      for (const { certificate, path } of trust) {
        if (!path.ok) return refuse(codes.get(path.failure) ?? 'CERTIFICATE_UNTRUSTED', path.failure)
        // A certificate for signing, not for a server or a stamp that somebody happens to hold. [RFC 8550 §4.4.2]
        if (!isForSigning(certificate)) return refuse('CERTIFICATE_USAGE')
        if (!isEnough(settings.certificates, certificate)) return refuse('CERTIFICATE_NOT_QUALIFIED')
      }
      return proceed
    })
  },
})
