/** A Signer whose private key never leaves a token: HSM, card, SoftHSM. [PKCS11 v3.1] */
import type { Certificate, HashName, Signer } from '../../ports.ts'
import { keyWeakness } from '../../x509/algorithm.ts'
import { parseCertificate, parsePemCertificates } from '../../x509/certificate.ts'
import { KeyError } from '../error.ts'
import { algorithmOf } from '../key-signer.ts'
import { chainOf } from '../pem.ts'
import type { KeyName, Looked, TokenName } from './job.ts'
import { holdModule } from './token-thread.ts'

export interface TokenMaterial {
  /** Path of the module's library. */
  readonly module: string
  /** Label of the token, or number of its slot. */
  readonly token?: string | undefined
  readonly slot?: number | undefined
  readonly pin: string
  /** For keys that ask for a PIN with each signature, where it is another one. */
  readonly signaturePin?: string | undefined
  /** CKA_LABEL and CKA_ID (hex) of the private key; at least one of both. */
  readonly label?: string | undefined
  readonly id?: string | undefined
  /** PEM text: the certificate and its issuers in any order. Those on the token where it is absent. */
  readonly certificates?: string | undefined
  readonly hash: HashName
  readonly pss?: boolean | undefined
}

export type TokenSigner = Signer & AsyncDisposable

/**
 * Logs in, finds the key and proves by a signature that it belongs to a certificate. Let go of it to end the session. Rejects
 * with KeyError, or X509Error for a certificate that cannot be read; its `sign` with KeyError.
 */
export async function signerFromToken(material: TokenMaterial): Promise<TokenSigner> {
  const { hash, pss = false } = material
  const { token: label, slot, pin, signaturePin } = material
  const token: TokenName = { token: label, slot, pin, signaturePin }
  const key: KeyName = {
    label: material.label,
    id: material.id === undefined ? undefined : Uint8Array.from(Buffer.from(material.id, 'hex')),
  }
  await using opening = new AsyncDisposableStack()
  const { thread } = opening.use(holdModule(material.module))
  const bag =
    material.certificates === undefined
      ? certificatesOn(await thread.look({ token, key }))
      : parsePemCertificates(material.certificates)
  const leaves = bag
    .filter((one) => !one.isCa && keyWeakness(one.publicKey) === undefined)
    .map((certificate) => ({ certificate, algorithm: algorithmOf(certificate.publicKey, pss) }))
  if (leaves.length === 0)
    throw bag.some((one) => !one.isCa)
      ? new KeyError('WEAK_KEY', 'kind or size of the key')
      : new KeyError('NO_CERTIFICATE', 'none that is no authority')
  const candidates = leaves.map(({ certificate: { spki }, algorithm }) => ({ spki, algorithm }))
  const found = leaves[await thread.match({ token, key, hash, candidates })]
  if (found === undefined)
    throw new KeyError('KEY_MISMATCH', 'no certificate has the public half of this key')
  const { certificate, algorithm } = found
  const held = opening.move()
  return {
    certificate,
    chain: chainOf(certificate, bag),
    algorithm,
    hash,
    sign: (tbs) => thread.sign({ token, key, hash, algorithm, spki: certificate.spki, tbs }),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** What else lies on a token is not ours to judge: certificates that cannot be read are passed over. */
const certificatesOn = ({ certificates }: Looked): Certificate[] =>
  certificates.flatMap((der) => {
    try {
      return [parseCertificate(der)]
    } catch {
      return []
    }
  })
