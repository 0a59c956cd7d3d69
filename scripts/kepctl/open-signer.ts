import { readFile } from 'node:fs/promises'
import { type Signer, signerFromPem, signerFromPkcs12, signerFromToken } from '../../evidence/index.ts'
import type { Arguments } from './arguments.ts'
import { type OptionShape, type Text, UsageError } from './command.ts'
import type { Screen } from './screen.ts'
import { readSecret } from './secret.ts'

const string = { type: 'string' } as const

/** By which a person names the key that is to sign. */
export const SIGNER_OPTIONS: Readonly<Record<string, OptionShape>> = {
  p12: string,
  'p12-password-file': string,
  cert: string,
  key: string,
  'key-password-file': string,
  pkcs11: string,
  token: string,
  slot: string,
  id: string,
  'pin-file': string,
  'signature-pin-file': string,
  pss: { type: 'boolean' },
}

export const SIGNER_USAGE =
  '(--p12 FILE [--p12-password-file FILE] | --key PEM --cert PEM [--key-password-file FILE] | ' +
  '--pkcs11 MODULE (--token LABEL | --slot N) (--key LABEL | --id HEX) [--cert PEM] [--pin-file FILE] [--signature-pin-file FILE]) [--pss]'

/** Asks for the password or the PIN. Rejects with UsageError and KeyError; let go of it to end the session of a token. */
export async function openSigner(args: Arguments, screen: Screen): Promise<Signer & AsyncDisposable> {
  const [p12, module, key] = [args.one('p12'), args.one('pkcs11'), args.one('key')]
  if (p12 !== undefined && (module !== undefined || key !== undefined))
    throw new UsageError({
      tr: '--p12, --key ve --pkcs11 ile birlikte verilmez',
      en: '--p12 stands without --key and --pkcs11',
    })
  if (p12 !== undefined) return held(await fromPkcs12(p12, args, screen))
  if (module !== undefined) return await fromToken(module, args, screen)
  if (key !== undefined) return held(await fromPem(key, args, screen))
  throw new UsageError({ tr: '--p12, --key ya da --pkcs11 eksik', en: '--p12, --key or --pkcs11 is missing' })
}

async function fromPkcs12(file: string, args: Arguments, screen: Screen): Promise<Signer> {
  const octets = await readFile(file)
  const password = await readSecret(args.one('p12-password-file'), screen.text(PASSWORD))
  const onWeak = () =>
    screen.note(
      screen.text({
        tr: `${file}: parolası anahtarı zayıf korur (RC2 veya 3DES); dosyayı AES ile yeniden yazın`,
        en: `${file}: its password protects the key badly (RC2 or 3DES); write the file anew with AES`,
      }),
    )
  return signerFromPkcs12(octets, password, { hash: 'sha256', pss: args.flag('pss'), onWeak })
}

async function fromPem(file: string, args: Arguments, screen: Screen): Promise<Signer> {
  const certificates = await readFile(args.required('cert'), 'utf8')
  const key = await readFile(file, 'utf8')
  const isLocked = key.includes('ENCRYPTED')
  const passphrase = isLocked
    ? await readSecret(args.one('key-password-file'), screen.text(PASSWORD))
    : undefined
  return signerFromPem({ key, certificates, hash: 'sha256', passphrase, pss: args.flag('pss') })
}

async function fromToken(module: string, args: Arguments, screen: Screen): Promise<Signer & AsyncDisposable> {
  const [token, slot, label, id, cert] = ['token', 'slot', 'key', 'id', 'cert'].map((name) => args.one(name))
  if ((token === undefined) === (slot === undefined))
    throw new UsageError({
      tr: 'kartı --token ya da --slot gösterir',
      en: '--token or --slot names the token',
    })
  if (slot !== undefined && !/^\d{1,15}$/.test(slot))
    throw new UsageError({ tr: '--slot bir sayıdır', en: '--slot is a number' })
  if (label === undefined && id === undefined)
    throw new UsageError({
      tr: 'karttaki anahtarı --key ya da --id gösterir',
      en: '--key or --id names the key on the token',
    })
  if (id !== undefined && !/^(?:[0-9a-fA-F]{2}){1,64}$/.test(id))
    throw new UsageError({ tr: '--id çift sayıda onaltılık basamaktır', en: '--id is hex digits in pairs' })
  const certificates = cert === undefined ? undefined : await readFile(cert, 'utf8')
  const pin = await readSecret(args.one('pin-file'), screen.text({ tr: 'PIN', en: 'PIN' }))
  const signaturePinFile = args.one('signature-pin-file')
  const signaturePin =
    signaturePinFile === undefined
      ? undefined
      : await readSecret(signaturePinFile, screen.text({ tr: 'İmza PIN’i', en: 'Signature PIN' }))
  return await signerFromToken({
    module,
    token,
    slot: slot === undefined ? undefined : Number(slot),
    pin,
    signaturePin,
    label,
    id,
    certificates,
    hash: 'sha256',
    pss: args.flag('pss'),
  })
}

const held = (signer: Signer): Signer & AsyncDisposable => ({
  ...signer,
  [Symbol.asyncDispose]: async () => {},
})

const PASSWORD: Text = { tr: 'Anahtarın parolası', en: 'Password of the key' }
