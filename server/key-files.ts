import { readFile } from 'node:fs/promises'
import {
  anchorsAt,
  type Certificate,
  type KamuSmAccount,
  parsePemCertificates,
  readTrustList,
  type Signer,
  signerFromPem,
  type TrustRole,
} from '../evidence/index.ts'

/** Reads files that the configuration names. Errors say which file and why, and never what was in it. */
export class KeyFileError extends Error {
  readonly file: string
  constructor(file: string, cause: unknown) {
    super(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = 'KeyFileError'
    this.file = file
  }
}

export type TrustFiles = Readonly<Record<TrustRole, readonly string[]>> & {
  readonly lists: readonly {
    readonly file: string
    readonly signers: readonly string[]
    readonly roles: readonly TrustRole[]
  }[]
}

export interface KeyPairFiles {
  readonly key: string
  readonly certificate: string
}

export async function readSigner({ key, certificate }: KeyPairFiles): Promise<Signer> {
  const [keyPem, certificates] = [await readText(key), await readText(certificate)]
  try {
    return signerFromPem({ key: keyPem, certificates, hash: 'sha256' })
  } catch (cause) {
    throw new KeyFileError(certificate, cause)
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

/**
 * Everybody who is believed in a role at that time: the anchors that files name, and whom trusted lists approve. Rejects with
 * KeyFileError where a list is not to be believed, or outdated.
 */
export async function readTrust(trust: TrustFiles, role: TrustRole, at: Date): Promise<Certificate[]> {
  const anchors = await readAnchors(trust[role])
  for (const { file, signers } of trust.lists.filter((one) => one.roles.includes(role))) {
    const trusted = { signers: await readAnchors(signers), at }
    try {
      anchors.push(...anchorsAt(readTrustList(await readFile(file), trusted).services, role, at))
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

export async function readTls({ key, certificate }: KeyPairFiles): Promise<{ key: string; cert: string }> {
  return { key: await readText(key), cert: await readText(certificate) }
}

/** A text of certificates, or of a key; what is in it is the caller's to judge. */
export const readPem = (file: string): Promise<string> => readText(file)

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new KeyFileError(file, cause)
  }
}
