import { z } from 'zod'
import { may } from '../mail/account.ts'
import { signerAmong } from '../mail/signer-identity.ts'
import { definePlugin, proceed, refuse, refuseQuietly } from './api.ts'

/**
 * The signer is a person of this account with the right to send, found by the identity number in the certificate
 * and never by an address that the certificate claims. Signer and login may be two persons of the account, unless
 * the operator wants them to be one; evidence names both.
 */
export const signerOfAccount = definePlugin({
  name: 'signer-of-account',
  config: z.strictObject({}),
  register(hooks, _settings, { settings }) {
    hooks.on('data_post', ({ transaction: { session }, message: { trust } }) => {
      for (const { certificate } of trust) {
        const person = signerAmong(session.account.persons, certificate.subject.serialNumber)
        if (person === undefined) return refuse('SIGNER_NOT_OF_ACCOUNT')
        if (!may(person, 'write')) return refuseQuietly('MAY_NOT_SEND')
        if (settings.signerMustBeLogin && person.handle !== session.person.handle)
          return refuse('SIGNER_NOT_LOGIN')
      }
      return proceed
    })
  },
})
