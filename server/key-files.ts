import { readFile } from 'node:fs/promises'
import type { SigningKey, TokenKey } from '../config/signing.ts'
import {
  type Certificate,
  type KamuSmAccount,
  parsePemCertificates,
  type Signer,
  signerFromPem,
  signerFromPkcs12,
  signerFromToken,
  type TokenSigner,
} from '../evidence/index.ts'
import { tlsFault } from './tls-fault.ts'

/** Reads files that the configuration names. Errors say which file and why, and never what was in it. */
export class KeyFileError extends Error {
  readonly file: string
  constructor(file: string, cause: unknown) {
    super(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = 'KeyFileError'
    this.file = file
  }
}

export interface KeyPairFiles {
  readonly key: string
  readonly certificate: string
}

/**
 * One of our keys, from PEM, PKCS#12 or a token. Rejects with KeyFileError. Let go of it where it holds something.
 *
 * @param onWeak told of a PKCS#12 file that protects its key badly
 */
export async function readSigner(
  key: SigningKey,
  onWeak: (file: string) => void = () => {},
): Promise<Signer | TokenSigner> {
  const { pss } = key
  if ('pkcs11' in key) return await readTokenSigner(key)
  const password = key.passwordFile === undefined ? undefined : await readSecret(key.passwordFile)
  if ('p12' in key) {
    const { p12 } = key
    const octets = await readOctets(p12)
    return because(p12, () =>
      signerFromPkcs12(octets, password ?? '', { hash: 'sha256', pss, onWeak: () => onWeak(p12) }),
    )
  }
  const material = { key: await readText(key.key), certificates: await readText(key.certificate) }
  return because(key.certificate, () =>
    signerFromPem({ ...material, hash: 'sha256', passphrase: password, pss }),
  )
}

/** The one to name where something about a key is wrong. */
export const fileOf = (key: SigningKey): string =>
  'p12' in key ? key.p12 : (key.certificate ?? ('pkcs11' in key ? key.pkcs11.module : key.key))

async function readTokenSigner({ pkcs11, certificate, pss }: TokenKey): Promise<TokenSigner> {
  const { module, token, slot, pinFile, signaturePinFile, key: label, id } = pkcs11
  const pin = await readSecret(pinFile)
  const signaturePin = signaturePinFile === undefined ? undefined : await readSecret(signaturePinFile)
  const certificates = certificate === undefined ? undefined : await readText(certificate)
  try {
    const named = { module, token, slot, pin, signaturePin, label, id }
    return await signerFromToken({ ...named, certificates, hash: 'sha256', pss })
  } catch (cause) {
    throw new KeyFileError(module, cause)
  }
}

/** The first line of a file. */
export const readSecret = async (file: string): Promise<string> =>
  /^[^\r\n]*/.exec(await readText(file))?.[0] ?? ''

function because<Result>(file: string, act: () => Result): Result {
  try {
    return act()
  } catch (cause) {
    throw new KeyFileError(file, cause)
  }
}

export async function readAnchors(files: readonly string[]): Promise<Certificate[]> {
  const anchors: Certificate[] = []
  for (const file of files) {
    const text = await readText(file)
    try {
      anchors.push(...parsePemCertificates(text))
    } catch (cause) {
      throw new KeyFileError(file, cause)
    }
  }
  return anchors
}

/** By address: how the TSAs that keep an account of ours know us. */
export async function readStampAccounts({
  accounts,
}: {
  readonly accounts: readonly {
    readonly url: string
    readonly customer: number
    readonly passwordFile: string
  }[]
}): Promise<ReadonlyMap<string, KamuSmAccount>> {
  const read = new Map<string, KamuSmAccount>()
  for (const { url, customer, passwordFile } of accounts)
    read.set(url, { customer, password: (await readText(passwordFile)).trim() })
  return read
}

/** What TLS will take: it is asked here, since who takes it over cannot go back. Rejects with KeyFileError. */
export async function readTls({ key, certificate }: KeyPairFiles): Promise<{ key: string; cert: string }> {
  const pair = { key: await readText(key), cert: await readText(certificate) }
  const fault = tlsFault(pair)
  if (fault !== undefined) throw new KeyFileError(certificate, new Error(fault))
  return pair
}

/** A text of certificates, or of a key; what is in it is the caller's to judge. */
export const readPem = (file: string): Promise<string> => readText(file)

const readText = async (file: string): Promise<string> => (await readOctets(file)).toString('utf8')

export async function readOctets(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new KeyFileError(file, cause)
  }
}
