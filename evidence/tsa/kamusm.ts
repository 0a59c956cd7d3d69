/**
 * How a customer of Kamu SM is told from another: a header of its own beside the RFC 3161 request, which encrypts what is to be
 * stamped under the customer's password. Read off public clients of that service; unverified against its own documents.
 */
import { createCipheriv, hash, pbkdf2Sync, randomBytes } from 'node:crypto'
import { integer, octetString, sequence } from '../asn1/writer.ts'

export interface KamuSmAccount {
  readonly customer: number
  readonly password: string
}

/** What the service takes; it is the service's to choose more. */
const ITERATIONS = 100
const KEY_OCTETS = 32
const BLOCK_OCTETS = 16

/** Value of the header `identity`: hex of a DER sequence. */
export function identityHeader({ customer, password }: KamuSmAccount, imprint: Uint8Array): string {
  const [salt, iv] = [randomBytes(BLOCK_OCTETS), randomBytes(BLOCK_OCTETS)]
  const key = pbkdf2Sync(password, salt, ITERATIONS, KEY_OCTETS, 'sha256')
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  const encrypted = Buffer.concat([cipher.update(imprint), cipher.final()])
  const identity = sequence(
    integer(customer),
    octetString(salt),
    integer(ITERATIONS),
    octetString(iv),
    octetString(encrypted),
  )
  return Buffer.from(identity).toString('hex')
}

/** Headers of a request that asks how many stamps are left. SHA-1 is the service's, and proves nothing to anybody else. */
export function creditHeaders(account: KamuSmAccount, now: Date): Record<string, string> {
  const [customer, time] = [String(account.customer), String(now.getTime())]
  return {
    credit_req: customer,
    credit_req_time: time,
    identity: identityHeader(account, hash('sha1', customer + time, 'buffer')),
  }
}
