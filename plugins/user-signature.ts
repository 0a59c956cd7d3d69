import { z } from 'zod'
import type { CmsFailure } from '../evidence/index.ts'
import type { FailureCode } from '../mail/errors.ts'
import { definePlugin, proceed, refuse } from './api.ts'

const codes = new Map<CmsFailure, FailureCode>([
  ['WEAK_DIGEST', 'WEAK_ALGORITHM'],
  ['WEAK_SIGNATURE_ALGORITHM', 'WEAK_ALGORITHM'],
  ['KEY_TOO_SMALL', 'WEAK_ALGORITHM'],
  ['NO_SIGNED_ATTRIBUTES', 'NO_SIGNED_ATTRIBUTES'],
  ['DIGEST_MISMATCH', 'SIGNATURE_INVALID'],
  ['BAD_SIGNATURE', 'SIGNATURE_INVALID'],
  ['SIGNING_CERTIFICATE_MISMATCH', 'SIGNATURE_INVALID'],
  ['CONTENT_TYPE_MISMATCH', 'SIGNATURE_INVALID'],
])

/** An S/MIME signature stands outermost, and all its signers verify. [RFC 8551 §3.5] [RFC 5652 §5.6] */
export const userSignature = definePlugin({
  name: 'user-signature',
  config: z.strictObject({}),
  register(hooks, _settings, { settings }) {
    hooks.on('data_post', ({ message: { signature } }) => {
      if (signature.form === 'none') return refuse('NOT_SIGNED')
      if (signature.form === 'encrypted') return refuse('ENCRYPTED_ONLY')
      for (const signer of signature.report.signers) {
        if (!signer.ok) return refuse(codes.get(signer.failure) ?? 'SIGNATURE_MALFORMED', signer.failure)
        if (settings.requireBes && !signer.bes) return refuse('BES_REQUIRED')
      }
      return proceed
    })
  },
})
