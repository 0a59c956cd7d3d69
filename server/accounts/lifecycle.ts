import type { StoredAccount } from '../../mail/account.ts'
import { type ClosingTerm, readableUntil } from '../../mail/account-state.ts'
import { type HolderIdentity, sameHolder } from '../../mail/holder-identity.ts'
import { parseKepAddress } from '../../mail/kep-address.ts'
import { AccountError } from './account-error.ts'

/** Etkinleştirme: from then on it sends and receives. Somebody must be there to act for it. */
export function activated(account: StoredAccount): StoredAccount {
  if (account.state !== 'pending') throw wrongState(account, 'etkinleştirme beklemiyor', 'is not pending')
  requireSomebody(account)
  return { ...account, state: 'active' }
}

/** Hesap kapatma: neither sends nor receives, stays readable for the term, then locks by itself. */
export function closed(account: StoredAccount, reason: string, at: Date, term: ClosingTerm): StoredAccount {
  if (account.state === 'closed') throw wrongState(account, 'zaten kapalı', 'is closed already')
  if (parseKepAddress(account.address)?.local === 'postmaster')
    throw wrongState(account, 'sağlayıcının kendi kutusudur', 'is the provider’s own box')
  const closing = {
    at: at.toISOString(),
    reason,
    before: account.state,
    readableUntil: readableUntil(at, term).toISOString(),
  }
  return { ...account, state: 'closed', closing }
}

/** The holder comes back; what is there was kept. Nobody else ever gets the address. */
export function reopened(account: StoredAccount, holder: HolderIdentity): StoredAccount {
  if (account.state !== 'closed') throw wrongState(account, 'kapalı değil', 'is not closed')
  if (account.identity === undefined || !sameHolder(account.identity, holder))
    throw new AccountError(
      'OTHER_HOLDER',
      `${account.address}: kapatılan adres yalnız eski sahibine açılır / a closed address is opened for its own holder only`,
    )
  const { closing, ...rest } = account
  const state = closing?.before ?? 'active'
  if (state === 'active') requireSomebody(account)
  return { ...rest, state }
}

/** Alan artırımı: what is bought anew takes the place of what was bought before. */
export function withSpace(account: StoredAccount, octets: number, until: Date): StoredAccount {
  return { ...account, bought: { octets, until: until.toISOString() } }
}

function requireSomebody(account: StoredAccount): void {
  if (!account.persons.some((person) => person.active))
    throw new AccountError(
      'LAST_PERSON',
      `${account.address}: en az bir aktif işlem yetkilisi gerekir / at least one active person is needed`,
    )
}

const wrongState = (account: StoredAccount, tr: string, en: string): AccountError =>
  new AccountError('WRONG_STATE', `${account.address} ${tr} / ${en}`)
