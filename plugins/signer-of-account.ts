import { z } from 'zod'
import { may } from '../mail/account.ts'
import { signerAmong } from '../mail/signer-identity.ts'
import { definePlugin, proceed, refuse, refuseQuietly } from './api.ts'

/**
 * The signer is a person of this account with the right to send, found by the identity number in the certificate
 * and never by an address that the certificate claims. Who signs beside such a person must be one too, unless the operator
 * allows others, whose signatures then hold as well but name nobody. Signer and login may be two persons of the account, unless
 * the operator wants them to be one; evidence names both.
 */
export const signerOfAccount = definePlugin({
  name: 'signer-of-account',
  config: z.strictObject({}),
  register(hooks, _settings, { settings }) {
    hooks.on('data_post', ({ transaction: { session }, message: { trust } }) => {
      const signers = trust.map(({ certificate }) =>
        signerAmong(session.account.persons, certificate.subject.serialNumber),
      )
      const persons = signers.filter((person) => person !== undefined)
      const others = signers.length - persons.length
      if (persons.length === 0 || (others > 0 && settings.otherSigners === 'refuse'))
        return refuse('SIGNER_NOT_OF_ACCOUNT')
      for (const person of persons) {
        if (!may(person, 'write')) return refuseQuietly('MAY_NOT_SEND')
        if (settings.signerMustBeLogin && person.handle !== session.person.handle)
          return refuse('SIGNER_NOT_LOGIN')
      }
      return proceed
    })
  },
})
