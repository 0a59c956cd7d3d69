/**
 * A PKCS#11 module with all its sessions, as one thread uses it: everything here waits for the token. A token is logged in
 * to once. Each signature is checked under the certificate's key before it is given out, because a faulty one would not only be
 * worthless: of RSA it may give the key away.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Signer } from '../../ports.ts'
import { HASH_LENGTH, verifySignature } from '../../x509/algorithm.ts'
import { KeyError } from '../error.ts'
import { type Attribute, CK, type Cryptoki, type Handle } from './cryptoki.ts'
import { isLost, isNamed, keyErrorOf } from './failure.ts'
import type { KeyName, Look, Looked, Match, Sign, TokenName } from './job.ts'
import { requestOf, signatureOf, type Wanted } from './mechanism.ts'

/** Keys of one name: two or three while one replaces another. */
const MAX_KEYS = 8
/** Certificates of one token: some per key, with issuers. */
const MAX_CERTIFICATES = 64
/** RSA-8192 gives this many octets. */
const MAX_SIGNATURE = 1024
const PROBE = Buffer.from('OpenKEP: does this key belong to its certificate?')

interface Opened {
  /** By which it was opened. */
  readonly pin: string
  readonly session: Handle
  readonly mechanisms: ReadonlySet<number>
  /** By name of the key and public half. */
  readonly keys: Map<string, Key>
}

interface Key {
  readonly handle: Handle
  readonly isRsa: boolean
  /** The PIN is asked for with each signature: keys of qualified certificates on cards. */
  readonly asksAlways: boolean
}

export class Module {
  readonly #load: () => Cryptoki
  #library: Cryptoki | undefined
  #isBegun = false
  readonly #opened = new Map<string, Opened>()
  /** Of PINs that were refused: those who stand in line with one must not use up the tries that a token has. */
  readonly #refused = new Set<string>()

  constructor(load: () => Cryptoki) {
    this.#load = load
  }

  /** Throws KeyError, like all that follow. */
  look({ token, key }: Look): Looked {
    return this.#twice(token, (opened) => {
      const ids = this.#keysNamed(opened, key).map((one) => this.#octetsOf(opened, one.handle, CK.ID))
      const isOurs = (certificate: { id: Buffer; label: Buffer }) =>
        certificate.id.length > 0
          ? ids.some((id) => id.equals(certificate.id))
          : key.label !== undefined && certificate.label.equals(Buffer.from(key.label))
      const all = this.#find(opened, MAX_CERTIFICATES, [
        { type: CK.CLASS, value: CK.OBJECT_CERTIFICATE },
        { type: CK.CERTIFICATE_TYPE, value: CK.CERTIFICATE_X509 },
      ]).map((handle) => ({
        id: this.#octetsOf(opened, handle, CK.ID),
        label: this.#octetsOf(opened, handle, CK.LABEL),
        der: this.#octetsOf(opened, handle, CK.VALUE),
      }))
      const [own, others] = [all.filter(isOurs), all.filter((one) => !isOurs(one))]
      return { certificates: [...own, ...others].map(({ der }) => der) }
    })
  }

  /** The first candidate that is the public half of a key of that name. Throws KEY_MISMATCH where none is. */
  match({ token, key, hash, candidates }: Match): number {
    return this.#twice(token, (opened) => {
      const named = this.#keysNamed(opened, key)
      for (const [index, { spki, algorithm }] of candidates.entries()) {
        const wanted = { algorithm, hash, publicKey: publicKeyOf(spki) }
        const found = named.find(
          (one) => one.isRsa === (algorithm !== 'ecdsa') && this.#signs(opened, one, wanted, token.pin),
        )
        if (found === undefined) continue
        opened.keys.set(cacheName(key, spki), found)
        return index
      }
      throw new KeyError(
        'KEY_MISMATCH',
        `${shown(key)} on the token belongs to no certificate that was given`,
      )
    })
  }

  sign({ token, key, hash, algorithm, spki, tbs }: Sign): Uint8Array {
    return this.#twice(token, (opened) => {
      const publicKey = publicKeyOf(spki)
      const wanted = { algorithm, hash, publicKey }
      let found = opened.keys.get(cacheName(key, spki))
      // After a new login: the token may be another one by now, with another key of that name.
      if (found === undefined) {
        const named = this.#keysNamed(opened, key)
        found = named.find(
          (one) => one.isRsa === (algorithm !== 'ecdsa') && this.#signs(opened, one, wanted, token.pin),
        )
        if (found === undefined)
          throw new KeyError('KEY_MISMATCH', `${shown(key)} on the token is no longer the certificate's`)
        opened.keys.set(cacheName(key, spki), found)
      }
      const signature = this.#signature(opened, found, wanted, token.pin, tbs)
      if (!holds(wanted, tbs, signature))
        throw new KeyError('SIGNING_FAILED', 'the signature that the token made does not hold')
      return signature
    })
  }

  /** Every session and login is given up; the next request begins anew. */
  end(): void {
    this.#opened.clear()
    if (!this.#isBegun) return
    this.#isBegun = false
    try {
      this.#library?.C_Finalize()
    } catch {
      // A module that is broken cannot be ended either; beginning anew says what is wrong.
    }
  }

  /** A session that was lost is replaced once: modules, too, forget tokens that were away, so all begins anew. */
  #twice<Result>(token: TokenName, act: (opened: Opened) => Result): Result {
    try {
      return act(this.#open(token))
    } catch (error) {
      if (!isLost(error)) throw keyErrorOf(error)
    }
    this.end()
    try {
      return act(this.#open(token))
    } catch (error) {
      throw keyErrorOf(error)
    }
  }

  #open(token: TokenName): Opened {
    const name = nameOf(token)
    const known = this.#opened.get(name)
    if (known?.pin === token.pin) return known
    // A token that is logged in to takes any PIN: whether another one is right shows only from the beginning.
    if (known !== undefined) this.end()
    const library = this.#begun()
    const slot = library.C_GetSlotList(true).find((one) => isSlot(library, one, token))
    if (slot === undefined) throw new KeyError('NO_TOKEN', `no token ${name} is there`)
    const session = library.C_OpenSession(slot, CK.SERIAL_SESSION)
    this.#logIn(library, slot, session, token)
    const opened = {
      pin: token.pin,
      session,
      mechanisms: new Set(library.C_GetMechanismList(slot)),
      keys: new Map(),
    }
    this.#opened.set(name, opened)
    return opened
  }

  /** A token locks itself after a few wrong PINs: its last try is left to a person. */
  #logIn(library: Cryptoki, slot: Handle, session: Handle, token: TokenName): void {
    const pin = `${nameOf(token)}\0${token.pin}`
    if (this.#refused.has(pin)) throw new KeyError('PIN_REFUSED', 'it is not tried again')
    const { flags } = library.C_GetTokenInfo(slot)
    if ((flags & CK.USER_PIN_LOCKED) !== 0) throw new KeyError('PIN_LOCKED', 'the token has locked its PIN')
    if ((flags & CK.USER_PIN_FINAL_TRY) !== 0)
      throw new KeyError('PIN_LOCKED', 'one try of the PIN is left: log in by hand first')
    try {
      library.C_Login(session, CK.USER, token.pin)
    } catch (error) {
      if (isNamed(error, 'CKR_USER_ALREADY_LOGGED_IN')) return
      if (keyErrorOf(error).code.startsWith('PIN_')) this.#refused.add(pin)
      throw error
    }
  }

  #begun(): Cryptoki {
    this.#library ??= this.#load()
    if (!this.#isBegun) {
      try {
        this.#library.C_Initialize({ flags: CK.OS_LOCKING_OK })
      } catch (error) {
        // A thread before this one ended without a word.
        if (!isNamed(error, 'CKR_CRYPTOKI_ALREADY_INITIALIZED')) throw error
      }
      this.#isBegun = true
    }
    return this.#library
  }

  #keysNamed(opened: Opened, name: KeyName): Key[] {
    const template: Attribute[] = [{ type: CK.CLASS, value: CK.OBJECT_PRIVATE_KEY }]
    if (name.label !== undefined) template.push({ type: CK.LABEL, value: name.label })
    if (name.id !== undefined) template.push({ type: CK.ID, value: Buffer.from(name.id) })
    const found = this.#find(opened, MAX_KEYS + 1, template)
    if (found.length === 0) throw new KeyError('NO_KEY', `no private key ${shown(name)} on the token`)
    if (found.length > MAX_KEYS) throw new KeyError('UNSUPPORTED', `over ${MAX_KEYS} keys ${shown(name)}`)
    return found.flatMap((handle) => {
      const type = this.#octetsOf(opened, handle, CK.KEY_TYPE)
      const kind = type.length === 0 ? undefined : type[0]
      if (kind !== CK.KEY_RSA && kind !== CK.KEY_EC) return []
      const asks = this.#octetsOf(opened, handle, CK.ALWAYS_AUTHENTICATE)
      return [{ handle, isRsa: kind === CK.KEY_RSA, asksAlways: asks[0] === 1 }]
    })
  }

  #find({ session }: Opened, most: number, template: Attribute[]): Handle[] {
    const library = this.#begun()
    library.C_FindObjectsInit(session, template)
    try {
      return library.C_FindObjects(session, most)
    } finally {
      library.C_FindObjectsFinal(session)
    }
  }

  /** Empty where the object has no such attribute. */
  #octetsOf({ session }: Opened, object: Handle, type: number): Buffer {
    try {
      const [attribute] = this.#begun().C_GetAttributeValue(session, object, [{ type }])
      return attribute?.value ?? Buffer.alloc(0)
    } catch (error) {
      if (isNamed(error, 'CKR_ATTRIBUTE_TYPE_INVALID') || isNamed(error, 'CKR_ATTRIBUTE_SENSITIVE'))
        return Buffer.alloc(0)
      throw error
    }
  }

  #signs(opened: Opened, key: Key, wanted: Wanted, pin: string): boolean {
    return holds(wanted, PROBE, this.#signature(opened, key, wanted, pin, PROBE))
  }

  #signature(opened: Opened, key: Key, wanted: Wanted, pin: string, tbs: Uint8Array): Uint8Array {
    const library = this.#begun()
    const { mechanism, data } = requestOf(wanted, opened.mechanisms, tbs)
    library.C_SignInit(opened.session, mechanism, key.handle)
    if (key.asksAlways) library.C_Login(opened.session, CK.CONTEXT_SPECIFIC, pin)
    return signatureOf(wanted, library.C_Sign(opened.session, data, Buffer.alloc(MAX_SIGNATURE)))
  }
}

/** Labels are padded with blanks. */
const isSlot = (library: Cryptoki, slot: Handle, { token, slot: number }: TokenName): boolean =>
  token === undefined
    ? numberOf(slot) === number
    : library.C_GetTokenInfo(slot).label.replaceAll('\0', '').trimEnd() === token

const numberOf = (handle: Handle): number =>
  handle.length === 8 ? Number(handle.readBigUInt64LE()) : handle.readUInt32LE()

export const nameOf = ({ token, slot }: TokenName): string => token ?? `in slot ${slot}`

const shown = ({ label, id }: KeyName): string =>
  [label, id && `id ${Buffer.from(id).toString('hex')}`].filter((part) => part !== undefined).join(', ')

const cacheName = (key: KeyName, spki: Uint8Array): string =>
  `${key.label} ${key.id && Buffer.from(key.id).toString('hex')} ${Buffer.from(spki).toString('base64')}`

const publicKeyOf = (spki: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })

const holds = ({ algorithm, hash, publicKey }: Wanted, tbs: Uint8Array, signature: Uint8Array): boolean =>
  verifySignature(
    { kind: algorithm satisfies Signer['algorithm'], hash, saltLength: HASH_LENGTH[hash] },
    hash,
    publicKey,
    tbs,
    signature,
  )
