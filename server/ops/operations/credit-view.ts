import type { Package } from '../../purse/document.ts'
import { OperationError, type OperationParts } from './operation.ts'

/** A purse as operators see it. Money in kuruş. */
export interface CreditView {
  readonly address: string
  readonly balance: number
  /** Set aside for messages whose outcome is not known yet; of packages it stands with each. */
  readonly reserved: number
  readonly packages: readonly Package[]
}

export async function viewOfPurse({ purses }: OperationParts, address: string): Promise<CreditView> {
  const { balance, reserved, packages } = await purses.view(address)
  return { address, balance, reserved, packages }
}

/** As the store keeps it. Rejects with NOT_FOUND. */
export async function accountNamed({ directory }: OperationParts, address: string): Promise<string> {
  const account = await directory.get(address.toLowerCase())
  if (account === undefined) throw new OperationError('NOT_FOUND', `there is no account ${address}`)
  return account.address
}
