/** One login to one token: what lies on it, and signatures by its keys. Errors are the module's, or KeyError. */
import type { KeyObject } from 'node:crypto'
import { HASH_LENGTH, verifySignature } from '../../x509/algorithm.ts'
import { KeyError } from '../error.ts'
import { type Attribute, CK, type Cryptoki, type Handle } from './cryptoki.ts'
import { isNamed } from './failure.ts'
import type { KeyName } from './job.ts'
import { requestOf, signatureOf, type Wanted } from './mechanism.ts'
import type { Pins } from './pins.ts'

/** Keys of one name: two or three while one replaces another. */
const MAX_KEYS = 8
/** Certificates of one token: some per key, with issuers. */
const MAX_CERTIFICATES = 64
/** RSA-8192 gives this many octets. */
const MAX_SIGNATURE = 1024
const PROBE = Buffer.from('OpenKEP: does this key belong to its certificate?')

export interface TokenKey {
  readonly handle: Handle
  readonly isRsa: boolean
  /** The PIN is asked for with each signature: keys of qualified certificates on cards. */
  readonly asksAlways: boolean
}

/** A key with the public half that it was proved to have. */
export interface ProvenKey extends TokenKey {
  readonly publicKey: KeyObject
}

export class TokenSession {
  readonly pin: string
  /** Of the token. */
  readonly identity: string
  /** By name of the key and public half. */
  readonly proven = new Map<string, ProvenKey>()
  readonly #library: Cryptoki
  readonly #session: Handle
  readonly #mechanisms: ReadonlySet<number>
  readonly #pins: Pins

  /** Opens a session and logs in. */
  constructor(library: Cryptoki, pins: Pins, pin: string) {
    const { place } = pins
    pins.check('user', pin)
    this.#session = library.C_OpenSession(place.slot, CK.SERIAL_SESSION)
    pins.logIn(this.#session, 'user', pin)
    this.#pins = pins
    this.#mechanisms = new Set(library.C_GetMechanismList(place.slot))
    this.#library = library
    this.identity = place.identity
    this.pin = pin
  }

  /** RSA and EC alone. Throws KeyError NO_KEY where none has that name. */
  keysNamed(name: KeyName): TokenKey[] {
    const template: Attribute[] = [{ type: CK.CLASS, value: CK.OBJECT_PRIVATE_KEY }]
    if (name.label !== undefined) template.push({ type: CK.LABEL, value: name.label })
    if (name.id !== undefined) template.push({ type: CK.ID, value: Buffer.from(name.id) })
    const found = this.#find(MAX_KEYS + 1, template)
    if (found.length === 0) throw new KeyError('NO_KEY', `no private key ${shown(name)} on the token`)
    if (found.length > MAX_KEYS) throw new KeyError('UNSUPPORTED', `over ${MAX_KEYS} keys ${shown(name)}`)
    return found.flatMap((handle) => {
      const [kind] = this.#octetsOf(handle, CK.KEY_TYPE)
      if (kind !== CK.KEY_RSA && kind !== CK.KEY_EC) return []
      const [asks] = this.#octetsOf(handle, CK.ALWAYS_AUTHENTICATE)
      return [{ handle, isRsa: kind === CK.KEY_RSA, asksAlways: asks === 1 }]
    })
  }

  /** DER: those of the keys of that name first, by their id, or their label where they have none. */
  certificates(name: KeyName): Buffer[] {
    const ids = this.keysNamed(name).map(({ handle }) => this.#octetsOf(handle, CK.ID))
    const label = name.label === undefined ? undefined : Buffer.from(name.label)
    const all = this.#find(MAX_CERTIFICATES, [
      { type: CK.CLASS, value: CK.OBJECT_CERTIFICATE },
      { type: CK.CERTIFICATE_TYPE, value: CK.CERTIFICATE_X509 },
    ]).map((handle) => {
      const id = this.#octetsOf(handle, CK.ID)
      const isOurs =
        id.length > 0
          ? ids.some((one) => one.equals(id))
          : label !== undefined && this.#octetsOf(handle, CK.LABEL).equals(label)
      return { isOurs, der: this.#octetsOf(handle, CK.VALUE) }
    })
    return [...all.filter(({ isOurs }) => isOurs), ...all.filter(({ isOurs }) => !isOurs)].map(
      ({ der }) => der,
    )
  }

  /**
   * That of the keys whose signature holds under the public key.
   *
   * @param pin for keys that ask with each signature
   */
  proved(keys: readonly TokenKey[], wanted: Wanted, pin = this.pin): ProvenKey | undefined {
    const key = keys.find(
      (one) => one.isRsa === (wanted.algorithm !== 'ecdsa') && this.#isOf(one, wanted, pin),
    )
    return key && { ...key, publicKey: wanted.publicKey }
  }

  sign(key: TokenKey, wanted: Wanted, tbs: Uint8Array, pin = this.pin): Uint8Array {
    const { mechanism, data } = requestOf(wanted, this.#mechanisms, tbs)
    // Before the operation begins: one that was begun and left would be in the way of the next.
    if (key.asksAlways) this.#pins.check('signature', pin)
    this.#library.C_SignInit(this.#session, mechanism, key.handle)
    if (key.asksAlways) this.#pins.logIn(this.#session, 'signature', pin)
    const answer = this.#signature(key, data, pin)
    const signature = signatureOf(wanted, answer)
    if (!holds(wanted, tbs, signature))
      throw new KeyError('SIGNING_FAILED', 'the signature that the token made does not hold')
    return signature
  }

  #signature(key: TokenKey, data: Uint8Array, pin: string): Buffer {
    try {
      const answer = this.#library.C_Sign(this.#session, data, Buffer.alloc(MAX_SIGNATURE))
      if (key.asksAlways) this.#pins.tookForSignature(pin)
      return answer
    } catch (error) {
      throw key.asksAlways ? this.#pins.failedForSignature(pin, error) : error
    }
  }

  #isOf(key: TokenKey, wanted: Wanted, pin: string): boolean {
    try {
      this.sign(key, wanted, PROBE, pin)
      return true
    } catch (error) {
      if (error instanceof KeyError && error.code === 'SIGNING_FAILED') return false
      throw error
    }
  }

  #find(most: number, template: Attribute[]): Handle[] {
    this.#library.C_FindObjectsInit(this.#session, template)
    try {
      return this.#library.C_FindObjects(this.#session, most)
    } finally {
      this.#library.C_FindObjectsFinal(this.#session)
    }
  }

  /** Empty where the object has no such attribute. */
  #octetsOf(object: Handle, type: number): Buffer {
    try {
      const [attribute] = this.#library.C_GetAttributeValue(this.#session, object, [{ type }])
      return attribute?.value ?? Buffer.alloc(0)
    } catch (error) {
      if (isNamed(error, 'CKR_ATTRIBUTE_TYPE_INVALID') || isNamed(error, 'CKR_ATTRIBUTE_SENSITIVE'))
        return Buffer.alloc(0)
      throw error
    }
  }
}

export const shown = ({ label, id }: KeyName): string =>
  [label, id && `id ${Buffer.from(id).toString('hex')}`].filter((part) => part !== undefined).join(', ')

const holds = ({ algorithm, hash, publicKey }: Wanted, tbs: Uint8Array, signature: Uint8Array): boolean =>
  verifySignature({ kind: algorithm, hash, saltLength: HASH_LENGTH[hash] }, hash, publicKey, tbs, signature)
