import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import saslprep from '@mongodb-js/saslprep'
import type { LoginSettings } from '../../config/login.ts'
import type { ScramKeys } from '../../mail/account.ts'
import type { DocumentStore, Store } from '../../storage/port.ts'
import { changeDocument } from '../change-document.ts'
import { MAX_PASSWORD } from './password-hash.ts'

const SECRET_OCTETS = 32
const SALT_OCTETS = 16
const KEY_OCTETS = 32
/** Under which the store keeps the secret. */
const SECRET = 'scram-salts'
const derive = promisify(pbkdf2)

/**
 * Makes the keys of SCRAM-SHA-256. Salts are made of the address and a secret of the store, alike whether there is such an
 * account or not and whoever of its persons is named, so that asking for a salt tells nothing of either. [RFC 5802 §5.1]
 */
export class ScramKeyMaker {
  readonly #secret: Buffer
  readonly #iterations: number

  constructor(secret: Buffer, iterations: number) {
    this.#secret = secret
    this.#iterations = iterations
  }

  /** With the store's secret, which the first who asks makes up. */
  static async open(secrets: DocumentStore, iterations: number): Promise<ScramKeyMaker> {
    let secret = ''
    await changeDocument(secrets, SECRET, (row) => {
      secret = row?.document ?? randomBytes(SECRET_OCTETS).toString('base64')
      return row === undefined ? secret : undefined
    })
    return new ScramKeyMaker(Buffer.from(secret, 'base64'), iterations)
  }

  /** undefined for a password that SCRAM has no way to prove. */
  async make(address: string, password: string): Promise<ScramKeys | undefined> {
    const text = prepared(password)
    if (text === undefined) return undefined
    const salt = this.#saltOf(address)
    const salted = await derive(text, salt, this.#iterations, KEY_OCTETS, 'sha256')
    return this.#keys(salt, {
      storedKey: createHash('sha256').update(hmac(salted, 'Client Key')).digest(),
      serverKey: hmac(salted, 'Server Key'),
    })
  }

  /** Keys that no password has, as a stranger is shown them: without them nobody could tell who has none. */
  madeUp(address: string): ScramKeys {
    const [storedKey, serverKey] = [this.#of('stored', address), this.#of('server', address)]
    return this.#keys(this.#saltOf(address), { storedKey, serverKey })
  }

  /** Whether they are as they would be made now. */
  isCurrent(address: string, { salt, iterations }: ScramKeys): boolean {
    return iterations === this.#iterations && salt === this.#saltOf(address).toString('base64')
  }

  #keys(salt: Buffer, { storedKey, serverKey }: { storedKey: Buffer; serverKey: Buffer }): ScramKeys {
    return {
      salt: salt.toString('base64'),
      iterations: this.#iterations,
      storedKey: storedKey.toString('base64'),
      serverKey: serverKey.toString('base64'),
    }
  }

  #saltOf(address: string): Buffer {
    return this.#of('salt', address).subarray(0, SALT_OCTETS)
  }

  #of(what: string, address: string): Buffer {
    return hmac(this.#secret, `${what} ${address.toLowerCase()}`)
  }
}

/** undefined where keys are not kept. */
export const scramKeyMakerOf = async (
  { scram, scramIterations }: Pick<LoginSettings, 'scram' | 'scramIterations'>,
  { secrets }: Pick<Store, 'secrets'>,
): Promise<ScramKeyMaker | undefined> =>
  scram === 'off' ? undefined : ScramKeyMaker.open(secrets, scramIterations)

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/**
 * As clients prepare it. Letters that Unicode 3.2 did not know are let through, since clients do so too: who has such a password
 * could not log in otherwise. undefined where there is no prepared form, or where the hash of PLAIN counts a part of it only.
 * [RFC 4013 §2] [RFC 5802 §2.2]
 */
function prepared(password: string): string | undefined {
  if (password.length > MAX_PASSWORD) return undefined
  try {
    return saslprep(password, { allowUnassigned: true }) || undefined
  } catch {
    return undefined
  }
}
