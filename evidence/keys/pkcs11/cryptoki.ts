/**
 * What we ask of a PKCS#11 module, as the package pkcs11js spells it. The package is optional, because it is compiled
 * where it is installed; it is loaded when the first token is named, and its absence is told then.
 */
import { createRequire } from 'node:module'
import { KeyError } from '../error.ts'

/** An object, a session or a slot: a CK_ULONG in the octets of this machine. */
export type Handle = Buffer

export interface Attribute {
  readonly type: number
  readonly value?: Buffer | number | boolean | string
}

export interface Mechanism {
  readonly mechanism: number
  readonly parameter?: {
    readonly type: number
    readonly hashAlg: number
    readonly mgf: number
    readonly saltLen: number
  }
}

/** Texts are padded with blanks. */
export interface TokenInfo {
  readonly label: string
  readonly manufacturerID: string
  readonly model: string
  readonly serialNumber: string
  readonly flags: number
}

/** The calls of [PKCS11 v3.1 §5] that are used; each throws an Error whose message is the name of the CKR. */
export interface Cryptoki {
  load(path: string): void
  C_Initialize(options: { flags: number }): void
  C_Finalize(): void
  C_GetSlotList(tokenPresent: boolean): Handle[]
  C_GetTokenInfo(slot: Handle): TokenInfo
  C_GetMechanismList(slot: Handle): number[]
  C_OpenSession(slot: Handle, flags: number): Handle
  C_Login(session: Handle, userType: number, pin: string): void
  C_FindObjectsInit(session: Handle, template: Attribute[]): void
  C_FindObjects(session: Handle, most: number): Handle[]
  C_FindObjectsFinal(session: Handle): void
  C_GetAttributeValue(session: Handle, object: Handle, template: Attribute[]): { readonly value: Buffer }[]
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void
  C_Sign(session: Handle, data: Uint8Array, room: Buffer): Buffer
}

/** Throws KeyError NO_MODULE where the package or the module cannot be loaded. */
export function loadModule(path: string): Cryptoki {
  const library = newCryptoki()
  try {
    library.load(path)
  } catch (error) {
    throw new KeyError('NO_MODULE', `${path} cannot be loaded as a PKCS#11 module`, error)
  }
  return library
}

function newCryptoki(): Cryptoki {
  try {
    const { PKCS11 } = createRequire(import.meta.url)('pkcs11js') as { PKCS11: new () => Cryptoki }
    return new PKCS11()
  } catch (error) {
    throw new KeyError(
      'NO_MODULE',
      'the package pkcs11js is not installed or was not compiled: install python3, make and a C++ compiler, then run "npm install pkcs11js"',
      error,
    )
  }
}

/** [PKCS11 v3.1 §A] */
export const CK = {
  OS_LOCKING_OK: 2,
  SERIAL_SESSION: 4,
  USER: 1,
  CONTEXT_SPECIFIC: 2,
  USER_PIN_COUNT_LOW: 0x0001_0000,
  USER_PIN_FINAL_TRY: 0x0002_0000,
  USER_PIN_LOCKED: 0x0004_0000,
  CLASS: 0x0000,
  LABEL: 0x0003,
  VALUE: 0x0011,
  CERTIFICATE_TYPE: 0x0080,
  KEY_TYPE: 0x0100,
  ID: 0x0102,
  ALWAYS_AUTHENTICATE: 0x0202,
  OBJECT_CERTIFICATE: 1,
  OBJECT_PRIVATE_KEY: 3,
  CERTIFICATE_X509: 0,
  KEY_RSA: 0,
  KEY_EC: 3,
} as const
