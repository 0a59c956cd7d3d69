import { z } from 'zod'
import type { StoredAccount } from '../../../mail/account.ts'
import { addressFault } from '../../../mail/address-form.ts'
import { parseKepAddress } from '../../../mail/kep-address.ts'
import { AccountError } from '../../accounts/account-error.ts'
import { type AccountView, viewOf } from './account-view.ts'
import { change, OperationError } from './operation.ts'
import { addressSchema, identitySchema, nameSchema, octetsSchema } from './schemas.ts'

/** By what holders of each kind are known. */
const IDENTITIES = {
  natural: ['tckn', 'ykn', 'passport'],
  legal: ['mersis', 'registry'],
  public: ['detsis', 'mersis'],
  other: ['mersis', 'registry', 'detsis', 'tckn'],
} as const

/**
 * Makes an account without persons, which waits to be activated. Fails with the codes of AccountDirectory.create, and with
 * ADDRESS_FORM where the address does not fit its holder.
 */
export const accountCreate = change(
  'account create',
  z.strictObject({
    address: addressSchema,
    holder: nameSchema,
    kind: z.enum(['natural', 'legal', 'public', 'other']).default('natural'),
    identity: identitySchema.optional(),
    service: z.enum(['send-receive', 'receive-only']).default('send-receive'),
    quota: octetsSchema.optional(),
    /** A body that may serve by e-Tebligat. */
    mayServe: z.boolean().default(false),
  }),
  ({ address, kind, service, quota, mayServe }) => ({
    account: address.toLowerCase(),
    details: { kind, service, quota, mayServe },
  }),
  async (
    { directory, defaultQuota, addressForms },
    { quota = defaultQuota, mayServe, ...account },
  ): Promise<AccountView> => {
    const { identity, kind } = account
    if (addressForms === 'check') {
      const kep = parseKepAddress(account.address)
      const fault = kep && addressFault(kep, account)
      if (fault !== undefined) throw new AccountError('ADDRESS_FORM', `${fault.tr} / ${fault.en}`)
      if (identity === undefined)
        throw new OperationError(
          'BAD_ARGUMENTS',
          'hesap sahibinin kimlik numarası gerekli / the holder’s identity number is missing',
        )
    }
    if (mayServe) requireMayServe(kind)
    const fitting: readonly string[] = IDENTITIES[kind]
    if (identity !== undefined && !fitting.includes(identity.type))
      throw new OperationError(
        'BAD_ARGUMENTS',
        `${kind}: kimlik türü ${fitting.join(', ')} olmalı / the identity is one of these`,
      )
    return viewOf(await directory.create({ ...account, quota, ...(mayServe ? { mayServe } : {}) }))
  },
)

/** Persons never serve; which bodies do, the law says. [7201 sayılı Kanun m. 7/a] */
export function requireMayServe(kind: StoredAccount['kind']): void {
  if (kind === 'natural')
    throw new OperationError(
      'BAD_ARGUMENTS',
      'gerçek kişi e-Tebligat gönderemez / a natural person does not serve by e-Tebligat',
    )
}
