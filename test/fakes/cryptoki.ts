/** A token with one RSA key and its PIN, that really signs, and fails where a test says so. */
import { constants, createHash, type KeyObject, privateEncrypt } from 'node:crypto'
import { CK, type Cryptoki, type Handle, type TokenInfo } from '../../evidence/keys/pkcs11/cryptoki.ts'

const handle = (number: number): Handle => {
  const octets = Buffer.alloc(8)
  octets.writeBigUInt64LE(BigInt(number))
  return octets
}

export class FakeCryptoki implements Cryptoki {
  readonly calls: string[] = []
  /** Thrown by the next calls of that name, in order; undefined lets one pass. */
  readonly failures = new Map<keyof Cryptoki, (string | undefined)[]>()
  tokens = ['fake']
  flags = 0
  pin = '1234'
  /** Of keys that ask each time; absent: the same. */
  signaturePin: string | undefined
  /** What a wrong PIN is answered with. */
  wrong = 'CKR_PIN_INCORRECT'
  /** Whether its flags show what it counts: not all do. */
  shows = false
  /** Keeps the PIN of a signature, and looks at it no sooner than there. */
  judgesLate = false
  /** Wrong PINs since the last right one. */
  lost = 0
  serialNumber = 'A1'
  mechanisms = [0x0001, 0x0040]
  /** Attributes of the private key beside its kind. */
  asksAlways = false
  spoils = false
  readonly #key: KeyObject
  #mechanism = 0
  #kept: string | undefined

  constructor(key: KeyObject) {
    this.#key = key
  }

  load(): void {
    this.#called('load')
  }
  C_Initialize(): void {
    this.#called('C_Initialize')
  }
  C_Finalize(): void {
    this.#called('C_Finalize')
  }
  C_GetSlotList(): Handle[] {
    this.#called('C_GetSlotList')
    return this.tokens.map((_, index) => handle(index))
  }
  C_GetTokenInfo(slot: Handle): TokenInfo {
    this.#called('C_GetTokenInfo')
    return {
      label: (this.tokens[slot[0]!] ?? '').padEnd(32),
      manufacturerID: 'fakes'.padEnd(32),
      model: 'one key'.padEnd(16),
      serialNumber: this.serialNumber === '' ? '' : `${this.serialNumber}${slot[0]}`.padEnd(16),
      flags: this.flags,
    }
  }
  C_GetMechanismList(): number[] {
    return this.mechanisms
  }
  C_OpenSession(): Handle {
    this.#called('C_OpenSession')
    return handle(7)
  }
  C_Login(_session: Handle, userType: number, pin: string): void {
    this.#called('C_Login')
    const isForSignature = userType === CK.CONTEXT_SPECIFIC
    if (isForSignature && this.judgesLate) this.#kept = pin
    else this.#judge(pin, isForSignature)
    if (isForSignature) this.calls.push('for this signature')
  }
  #judge(pin: string, isForSignature: boolean): void {
    if (pin === (isForSignature ? (this.signaturePin ?? this.pin) : this.pin)) {
      this.lost = 0
      return
    }
    this.lost++
    if (this.shows) this.flags |= CK.USER_PIN_COUNT_LOW
    throw new Error(this.wrong)
  }
  C_FindObjectsInit(): void {
    this.#called('C_FindObjectsInit')
  }
  C_FindObjects(): Handle[] {
    return [handle(11)]
  }
  C_FindObjectsFinal(): void {}
  C_GetAttributeValue(
    _session: Handle,
    _object: Handle,
    [{ type }]: [{ type: number }],
  ): { value: Buffer }[] {
    if (type === CK.KEY_TYPE) return [{ value: handle(CK.KEY_RSA) }]
    if (type === CK.ALWAYS_AUTHENTICATE) return [{ value: Buffer.of(this.asksAlways ? 1 : 0) }]
    throw new Error('CKR_ATTRIBUTE_TYPE_INVALID')
  }
  C_SignInit(_session: Handle, { mechanism }: { mechanism: number }): void {
    this.#called('C_SignInit')
    this.#mechanism = mechanism
  }
  C_Sign(_session: Handle, data: Uint8Array): Buffer {
    this.#called('C_Sign')
    const kept = this.#kept
    this.#kept = undefined
    if (kept !== undefined) this.#judge(kept, true)
    const prefix = Buffer.from('3031300d060960864801650304020105000420', 'hex')
    const info =
      this.#mechanism === 0x0001 ? data : Buffer.concat([prefix, createHash('sha256').update(data).digest()])
    const signature = privateEncrypt({ key: this.#key, padding: constants.RSA_PKCS1_PADDING }, info)
    if (this.spoils) signature[9]! ^= 1
    return signature
  }

  count(name: string): number {
    return this.calls.filter((one) => one === name).length
  }

  #called(name: keyof Cryptoki): void {
    this.calls.push(name)
    const failure = this.failures.get(name)?.shift()
    if (failure !== undefined) throw new Error(failure)
  }
}
