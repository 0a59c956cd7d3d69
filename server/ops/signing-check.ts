import type { Config } from '../../config/schema.ts'
import type { SigningKey } from '../../config/signing.ts'
import { type Certificate, KeyRing, type Signer, validatePath } from '../../evidence/index.ts'
import { unfitness, unlikeIssuer } from '../fit-to-sign.ts'
import { readSigner } from '../key-files.ts'
import { ownAddressesOf } from '../services.ts'
import { SIGNING_ROLES } from '../signing-keys.ts'
import type { Trusted } from '../trusted.ts'
import { certificatesOf, type Fault, refuseDevelopment, textOf } from './certificate-check.ts'

type OpenToOthers = (file: string) => Promise<boolean>

interface Asked {
  readonly production: boolean
  readonly fault: Fault
  /** What may be so, and should not. */
  readonly notice: Fault
  readonly isOpenToOthers: OpenToOthers
  /** Whom we believe among providers; undefined where that cannot be read. */
  readonly providers: Trusted | undefined
}

const NONE: readonly Certificate[] = []

/** Every key of ours is opened as a start would, tokens too; all that is wrong with any of them is told. */
export async function checkSigning(config: Config, now: Date, asked: Asked): Promise<void> {
  const { signing } = config
  const { fault, notice, production } = asked
  const certificates = { envelope: NONE, evidence: NONE, archive: NONE }
  for (const role of SIGNING_ROLES) {
    const keys = signing[role]
    if (keys !== undefined) certificates[role] = await checkRole(`signing.${role}`, keys, now, asked)
  }
  const { envelope, evidence, archive } = certificates
  for (const [role, own] of Object.entries({ envelope, archive }))
    for (const certificate of evidence.length === 0 ? NONE : own) {
      const reason = unlikeIssuer(certificate, evidence, ownAddressesOf(config))
      if (reason !== undefined) fault(`signing.${role}`, reason)
    }
  const publicKeys = new Set(evidence.map(publicKeyOf))
  if (production && archive.some((one) => publicKeys.has(publicKeyOf(one))))
    notice('signing.archive', 'a key of evidence: who has it can seal another archive too')
  if (production && signing.archive === undefined)
    notice('signing.archive', 'is not set: the key of evidence seals the archive too, and should not')
}

const publicKeyOf = ({ spki }: Certificate): string => Buffer.from(spki).toString('base64')

/** Certificates of the keys, where all could be opened. */
async function checkRole(
  path: string,
  keys: readonly SigningKey[],
  now: Date,
  asked: Asked,
): Promise<Certificate[]> {
  const { fault, notice } = asked
  const signers: Signer[] = []
  await using ring = new KeyRing(signers)
  for (const [index, key] of keys.entries()) {
    const place = keys.length === 1 ? path : `${path}.${index}`
    if (!(await checkFiles(place, key, asked))) continue
    try {
      const signer = await readSigner(key, (file) =>
        notice(`${place}.p12`, `${file} is protected by RC2 or 3DES: write it anew with AES`),
      )
      signers.push(signer)
      const reason = unfitness(signer.certificate)
      if (reason !== undefined) fault(place, reason)
      if (asked.production && !('key' in key))
        refuseDevelopment([signer.certificate, ...signer.chain], place, fault)
      const doubt = asked.providers && doubtOf(signer, asked.providers, now)
      if (doubt !== undefined) notice(place, doubt)
    } catch (error) {
      fault(place, error instanceof Error ? error.message : 'the key cannot be used')
    }
  }
  if (signers.length < keys.length) return []
  try {
    ring.at(now)
  } catch (error) {
    fault(path, error instanceof Error ? error.message : 'no key is in force')
  }
  const gap = gapIn(signers.map(({ certificate }) => certificate))
  if (gap !== undefined)
    notice(path, `nothing can be signed from ${gap.from} to ${gap.until}: the certificates do not overlap`)
  return signers.map(({ certificate }) => certificate)
}

/**
 * Why whoever believes the same providers would not pass what it signs: no fault, since peers and courts may believe others. Of one
 * that is not valid yet, or not any more, as of its nearest day. Revocation is asked of nobody.
 */
function doubtOf({ certificate, chain }: Signer, providers: Trusted, now: Date): string | undefined {
  const { notBefore, notAfter, subject } = certificate
  const at = now < notBefore ? notBefore : now > notAfter ? notAfter : now
  const path = validatePath(certificate, {
    anchors: providers.at(at),
    intermediates: chain,
    at,
    crls: [],
    revocation: 'if-present',
  })
  if (path.ok) return undefined
  return `${subject.text} has no valid path to trust.providers (${path.failure}: ${path.detail}): what it signs is INDETERMINATE for whoever believes the same. Are its issuers in the file, and its anchor in trust.providers?`
}

/** Whether all files are there. */
async function checkFiles(
  path: string,
  key: SigningKey,
  { production, fault, isOpenToOthers }: Asked,
): Promise<boolean> {
  const secret = async (file: string, place: string): Promise<boolean> => {
    if ((await textOf(file, place, fault)) === undefined) return false
    if (production && (await isOpenToOthers(file)))
      fault(place, `${file} can be read by others than its owner: chmod 600`)
    return true
  }
  const certificates = async (file: string): Promise<boolean> => {
    const place = `${path}.certificate`
    const read = certificatesOf(await textOf(file, place, fault), place, fault)
    if (production) refuseDevelopment(read, place, fault)
    return read.length > 0
  }
  const isThere: boolean[] = []
  if ('pkcs11' in key) {
    const { pinFile, signaturePinFile } = key.pkcs11
    isThere.push(await secret(pinFile, `${path}.pkcs11.pinFile`))
    if (signaturePinFile !== undefined)
      isThere.push(await secret(signaturePinFile, `${path}.pkcs11.signaturePinFile`))
  } else if ('p12' in key) isThere.push(await secret(key.p12, `${path}.p12`))
  else isThere.push(await secret(key.key, `${path}.key`))
  if ('passwordFile' in key && key.passwordFile !== undefined)
    isThere.push(await secret(key.passwordFile, `${path}.passwordFile`))
  if ('certificate' in key && key.certificate !== undefined) isThere.push(await certificates(key.certificate))
  return isThere.every(Boolean)
}

/** Between the first and the last day, a time at which none is valid. */
function gapIn(
  certificates: readonly { readonly notBefore: Date; readonly notAfter: Date }[],
): { from: string; until: string } | undefined {
  const [first, ...later] = certificates.toSorted((a, b) => a.notBefore.getTime() - b.notBefore.getTime())
  let end = first?.notAfter
  for (const { notBefore, notAfter } of later) {
    if (end === undefined) return undefined
    if (notBefore > end) return { from: end.toISOString(), until: notBefore.toISOString() }
    if (notAfter > end) end = notAfter
  }
  return undefined
}
