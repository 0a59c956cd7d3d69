/** A Signer from PEM files: PKCS#8, PKCS#1 or SEC1 key, plain or encrypted; certificates leaf and issuers. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { Certificate, HashName, Signer } from '../ports.ts'
import { parsePemCertificates } from '../x509/certificate.ts'
import type { Issuer } from '../x509/issue.ts'
import { sameName } from '../x509/name.ts'
import { hasIssued } from '../x509/path.ts'
import { KeyError } from './error.ts'
import { isSameKey, keySigner } from './key-signer.ts'

export interface PemMaterial {
  /** PEM text of the private key. */
  readonly key: string
  /** PEM text: the certificate and its issuers in any order; an anchor among them is left out. */
  readonly certificates: string
  readonly hash: HashName
  readonly passphrase?: string | undefined
  readonly pss?: boolean | undefined
}

/** Throws KeyError, or X509Error for a certificate that cannot be read. */
export function signerFromPem(material: PemMaterial): Signer {
  const key = readKey(material.key, material.passphrase)
  return signerFrom(key, parsePemCertificates(material.certificates), material)
}

/** An authority from its files. Throws KeyError, or X509Error for a certificate that cannot be read. */
export function issuerFromPem(material: { readonly key: string; readonly certificate: string }): Issuer {
  const key = readKey(material.key, undefined)
  const [certificate] = parsePemCertificates(material.certificate)
  if (certificate === undefined) throw new KeyError('NO_CERTIFICATE', 'none in the file')
  if (!isSameKey(createPublicKey(key), certificate.publicKey))
    throw new KeyError('KEY_MISMATCH', 'the certificate has another key')
  return { certificate, key }
}

/**
 * Whether the first certificate is that of the key, as TLS wants it. [RFC 8446 §4.4.2] Throws KeyError, or X509Error for a
 * certificate that cannot be read.
 */
export function leadsWithKey({ key, certificates }: Pick<PemMaterial, 'key' | 'certificates'>): boolean {
  const [first] = parsePemCertificates(certificates)
  return first !== undefined && isSameKey(createPublicKey(readKey(key, undefined)), first.publicKey)
}

/** Finds the key's certificate in a bag and orders its issuers upward. Throws KeyError. */
export function signerFrom(
  key: KeyObject,
  bag: readonly Certificate[],
  { hash, pss }: { readonly hash: HashName; readonly pss?: boolean | undefined },
): Signer {
  const mine = createPublicKey(key)
  const certificate = bag.find((candidate) => isSameKey(candidate.publicKey, mine))
  if (certificate === undefined) throw new KeyError('NO_CERTIFICATE', 'none has the public half of this key')
  return keySigner({ key, certificate, chain: chainOf(certificate, bag), hash, pss })
}

/** Issuers upward by whose key signed, without the anchor; each certificate at most once, so a loop of issuers ends. */
export function chainOf(leaf: Certificate, bag: readonly Certificate[]): Certificate[] {
  const chain: Certificate[] = []
  for (let top = leaf; ; ) {
    const issuer = bag.find((one) => one !== leaf && !chain.includes(one) && hasIssued(one, top))
    if (issuer === undefined || sameName(issuer.subject, issuer.issuer)) return chain
    chain.push(issuer)
    top = issuer
  }
}

function readKey(pem: string, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase })
  } catch (error) {
    const wantsPassword = pem.includes('ENCRYPTED')
    throw new KeyError(wantsPassword ? 'WRONG_PASSWORD' : 'MALFORMED', 'private key', error)
  }
}
