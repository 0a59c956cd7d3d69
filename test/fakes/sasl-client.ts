/** A client of SCRAM-SHA-256 that says what a test wants it to say. [RFC 5802 §5] */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

export interface ScramClient {
  readonly name: string
  readonly password: string
  readonly authzid?: string
  /** `n,`, `y,` or `p=KIND,`: what it says of channel binding. */
  readonly flag?: string
  readonly channel?: Uint8Array
  readonly nonce?: string
}

const hmac = (key: Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest()

export const escaped = (name: string): string => name.replaceAll('=', '=3D').replaceAll(',', '=2C')

export const headerOf = ({ flag = 'n,', authzid }: ScramClient): string =>
  `${flag}${authzid === undefined ? '' : `a=${escaped(authzid)}`},`

export const bareOf = ({ name, nonce = 'rOprNGfwEbeRWgbNEkqO' }: ScramClient): string =>
  `n=${escaped(name)},r=${nonce}`

export const clientFirst = (client: ScramClient): string => headerOf(client) + bareOf(client)

/** The last message, and how the server signs in answer. */
export function clientFinal(client: ScramClient, serverFirst: string): { final: string; verifier: string } {
  const [, nonce = '', salt = '', iterations = ''] = /^r=([^,]*),s=([^,]*),i=(\d+)$/.exec(serverFirst) ?? []
  const salted = pbkdf2Sync(client.password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256')
  const clientKey = hmac(salted, 'Client Key')
  const binding = Buffer.concat([Buffer.from(headerOf(client)), client.channel ?? Buffer.alloc(0)])
  const withoutProof = `c=${binding.toString('base64')},r=${nonce}`
  const signed = `${bareOf(client)},${serverFirst},${withoutProof}`
  const mask = hmac(createHash('sha256').update(clientKey).digest(), signed)
  const proof = Buffer.from(clientKey.map((octet, at) => octet ^ mask[at]!))
  return {
    final: `${withoutProof},p=${proof.toString('base64')}`,
    verifier: `v=${hmac(hmac(salted, 'Server Key'), signed).toString('base64')}`,
  }
}
