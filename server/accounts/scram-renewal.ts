import type { Person } from '../../mail/account.ts'
import type { AccountDirectory } from './directory.ts'
import { withPassword } from './persons.ts'
import type { ScramKeyMaker } from './scram-key-maker.ts'

/**
 * Keys for persons whose password was set before there were any, or with other settings: a login by password brings what they
 * are made of. Where keys are not kept any more it takes them away.
 */
export class ScramRenewal {
  readonly #directory: Pick<AccountDirectory, 'change'>
  readonly #maker: ScramKeyMaker | undefined
  readonly #failed: (error: unknown) => void
  #running: Promise<void> | undefined

  constructor(
    directory: Pick<AccountDirectory, 'change'>,
    maker: ScramKeyMaker | undefined,
    failed: (error: unknown) => void,
  ) {
    this.#directory = directory
    this.#maker = maker
    this.#failed = failed
  }

  /** Resolves when nothing is being made. */
  get idle(): Promise<void> {
    return this.#running ?? Promise.resolve()
  }

  /**
   * Makes them behind the login, for one person at a time: a morning's logins do not fill the threads, and whoever is passed
   * over is there again tomorrow.
   */
  loggedIn(address: string, person: Person, password: string): void {
    if (this.#running !== undefined || this.#isAsWanted(address, person)) return
    this.#running = this.#renew(address, person, password)
      .catch(this.#failed)
      .finally(() => {
        this.#running = undefined
      })
  }

  #isAsWanted(address: string, { scram }: Person): boolean {
    if (this.#maker === undefined) return scram === undefined
    return scram !== undefined && this.#maker.isCurrent(address, scram)
  }

  async #renew(address: string, before: Person, password: string): Promise<void> {
    const { handle, passwordHash } = before
    const scram = await this.#maker?.make(address, password)
    if (scram === undefined && before.scram === undefined) return
    await this.#directory.change(address, (account) => {
      const now = account.persons.find((person) => person.handle === handle)
      // A password that was set meanwhile brought its own.
      if (passwordHash === undefined || now?.passwordHash !== passwordHash) return account
      return withPassword(account, handle, passwordHash, scram)
    })
  }
}
