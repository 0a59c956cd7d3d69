/** Which keys sign what, and where they lie. */
import { z } from 'zod'
import { file, span } from './values.ts'

/** PEM: a private key and its certificate, with the chain after it where there is one. */
const pem = z.strictObject({
  key: file,
  certificate: file,
  /** Of an encrypted key: its first line. */
  passwordFile: file.optional(),
  /** RSA-PSS instead of PKCS#1 v1.5 where the key is RSA. */
  pss: z.boolean().optional(),
})

/** PKCS#12: key, certificate and chain in one. */
const p12 = z.strictObject({ p12: file, passwordFile: file, pss: z.boolean().optional() })

/** A token: HSM, card, SoftHSM. */
const pkcs11 = z.strictObject({
  pkcs11: z
    .strictObject({
      /** The library of the maker, as /usr/lib/softhsm/libsofthsm2.so. */
      module: file,
      /** Label of the token, or number of its slot. */
      token: z.string().min(1).max(32).optional(),
      slot: z.number().int().min(0).optional(),
      /** Its first line. */
      pinFile: file,
      /** So too, of keys that ask for a PIN of their own with each signature. */
      signaturePinFile: file.optional(),
      /** Label (CKA_LABEL) and id (CKA_ID, hex) of the private key; one of both is enough. */
      key: z.string().min(1).max(255).optional(),
      id: z
        .string()
        .regex(/^(?:[0-9a-fA-F]{2}){1,64}$/, 'expected hex digits in pairs')
        .optional(),
    })
    .refine(({ token, slot }) => (token === undefined) !== (slot === undefined), {
      path: ['token'],
      message: 'expected token or slot, and not both',
    })
    .refine(({ key, id }) => key !== undefined || id !== undefined, {
      path: ['key'],
      message: 'expected key or id',
    }),
  /** PEM, with the chain; absent: what lies on the token. */
  certificate: file.optional(),
  pss: z.boolean().optional(),
})

export type PemKey = z.output<typeof pem>
export type P12Key = z.output<typeof p12>
export type TokenKey = z.output<typeof pkcs11>
export type SigningKey = PemKey | P12Key | TokenKey

/** More at once would be no roll-over. */
const MAX_KEYS = 8

/** By what the entry holds, so that a fault is told of the one kind that was meant. */
const kindOf = (entry: unknown): z.ZodType<SigningKey> => {
  if (typeof entry !== 'object' || entry === null) return pem
  return 'pkcs11' in entry ? pkcs11 : 'p12' in entry ? p12 : pem
}

/** One key, or several while one replaces another: the newest whose certificate is valid signs. */
const signingKeys = z
  .custom<SigningKey | readonly SigningKey[]>((value) => value !== undefined, 'expected a key')
  .transform((value: unknown, context): readonly SigningKey[] => {
    const isList = Array.isArray(value)
    const entries: unknown[] = isList ? value : [value]
    if (entries.length === 0 || entries.length > MAX_KEYS)
      context.addIssue({ code: 'custom', message: `expected 1 to ${MAX_KEYS} keys` })
    return entries.slice(0, MAX_KEYS).flatMap((entry, index) => {
      const read = kindOf(entry).safeParse(entry)
      if (read.success) return [read.data]
      for (const { path, message } of read.error.issues)
        context.addIssue({ code: 'custom', path: [...(isList ? [index] : []), ...path], message })
      return []
    })
  })

export const signing = z.strictObject({
  /** Sign dispatches and receipts (işlem sertifikası with the service address). */
  envelope: signingKeys,
  /** Sign evidence. */
  evidence: signingKeys,
  /** Sign the seals of the archive; absent: those of evidence do it. */
  archive: signingKeys.optional(),
  /** Before the last certificate of these, or of TLS, runs out, the operator is warned so long: getting one takes weeks. */
  warnBefore: span.default(60 * 24 * 3_600_000),
})

export type SigningSettings = z.output<typeof signing>

export function signingWithAbsolutePaths(
  settings: SigningSettings,
  absolute: (path: string) => string,
): SigningSettings {
  const keys = (all: readonly SigningKey[]) => all.map((one) => keyWithAbsolutePaths(one, absolute))
  return {
    ...settings,
    envelope: keys(settings.envelope),
    evidence: keys(settings.evidence),
    ...(settings.archive && { archive: keys(settings.archive) }),
  }
}

function keyWithAbsolutePaths(key: SigningKey, absolute: (path: string) => string): SigningKey {
  if ('pkcs11' in key) {
    const { module, pinFile, signaturePinFile } = key.pkcs11
    return {
      ...key,
      pkcs11: {
        ...key.pkcs11,
        module: absolute(module),
        pinFile: absolute(pinFile),
        ...(signaturePinFile !== undefined && { signaturePinFile: absolute(signaturePinFile) }),
      },
      ...(key.certificate !== undefined && { certificate: absolute(key.certificate) }),
    }
  }
  const password = key.passwordFile === undefined ? {} : { passwordFile: absolute(key.passwordFile) }
  return 'p12' in key
    ? { ...key, p12: absolute(key.p12), passwordFile: absolute(key.passwordFile) }
    : { ...key, key: absolute(key.key), certificate: absolute(key.certificate), ...password }
}
