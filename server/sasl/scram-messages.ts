import { utf8 } from './mechanism.ts'

/** What a client says of channel binding: it cannot, it could and believes that we cannot, or it does. [RFC 5802 §6] */
export type BindingFlag = 'n' | 'y' | { readonly kind: string }

export interface ClientFirst {
  readonly flag: BindingFlag
  /** The account to act for; empty where none is named. */
  readonly authzid: string
  readonly name: string
  readonly nonce: string
  /** As it came: what is signed, and what the last message repeats. */
  readonly header: string
  readonly bare: string
}

export interface ClientFinal {
  /** Base64 of the header and the binding. */
  readonly binding: string
  readonly nonce: string
  readonly proof: Buffer
  readonly withoutProof: string
}

/** Names and nonces of clients are a tenth of it; what is longer is kept for nobody. */
const MAX_MESSAGE = 2_048

/** Printable ASCII without the comma. [RFC 5802 §7] */
const NONCE = /^[\x21-\x2b\x2d-\x7e]+$/
const HEADER = /^(?:([ny])|p=([A-Za-z0-9.-]{1,64})),(?:a=([^,]*))?,/
const BARE = /^n=([^,]+),r=([^,]+)(?:,[A-Za-z]=[^,]*)*$/
/** A proof is 32 octets. */
const FINAL = /^(c=([A-Za-z0-9+/]+={0,2}),r=([^,]+)(?:,[A-Za-z]=[^,]*)*),p=([A-Za-z0-9+/]{43}=)$/

/**
 * Extensions that a client may send are signed and heard no further; the mandatory kind (`m=`) we know none of, and whoever sends
 * one is refused. undefined for what is no such message. [RFC 5802 §5.1] [RFC 5802 §7]
 */
export function readClientFirst(octets: Buffer): ClientFirst | undefined {
  const text = textOf(octets)
  const header = HEADER.exec(text ?? '')
  if (text === undefined || header === null) return undefined
  const bare = text.slice(header[0].length)
  const fields = BARE.exec(bare)
  const name = nameOf(fields?.[1] ?? '')
  const authzid = nameOf(header[3] ?? '')
  const nonce = fields?.[2] ?? ''
  if (name === undefined || name === '' || authzid === undefined || !NONCE.test(nonce)) return undefined
  const kind = header[2]
  const flag = kind === undefined ? (header[1] === 'y' ? 'y' : 'n') : { kind }
  return { flag, authzid, name, nonce, header: header[0], bare }
}

/** undefined for what is no such message. */
export function readClientFinal(octets: Buffer): ClientFinal | undefined {
  const text = textOf(octets)
  const fields = FINAL.exec(text ?? '')
  if (fields === null) return undefined
  const [, withoutProof = '', binding = '', nonce = '', proof = ''] = fields
  return { binding, nonce, proof: Buffer.from(proof, 'base64'), withoutProof }
}

/** No value holds NUL. [RFC 5802 §7] */
function textOf(octets: Buffer): string | undefined {
  const text = octets.length > MAX_MESSAGE ? undefined : utf8(octets)
  return text?.includes('\0') === true ? undefined : text
}

/** `=2C` is a comma and `=3D` an equals sign; no other may stand there. [RFC 5802 §5.1] */
function nameOf(written: string): string | undefined {
  if (/=(?!2C|3D)/.test(written)) return undefined
  return written.replaceAll('=2C', ',').replaceAll('=3D', '=')
}
