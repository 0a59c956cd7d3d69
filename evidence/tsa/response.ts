/** TimeStampResp: a status, and with "granted" the token. [RFC 3161 §2.4.2] */
import { readWhole } from '../asn1/reader.ts'
import { TAG } from '../asn1/tag.ts'
import { readNamedBits, readSmallInteger, readText } from '../asn1/values.ts'
import { integer, namedBits, sequence, utf8String } from '../asn1/writer.ts'
import { TimestampError } from './error.ts'

/** PKIFailureInfo bits. [RFC 3161 §2.4.2] */
export const FAILURE_BIT = {
  badAlg: 0,
  badRequest: 2,
  badDataFormat: 5,
  timeNotAvailable: 14,
  unacceptedPolicy: 15,
  unacceptedExtension: 16,
  systemFailure: 25,
} as const

export type FailureName = keyof typeof FAILURE_BIT

export const grantedResponse = (token: Uint8Array): Uint8Array => sequence(sequence(integer(0)), token)

export const rejectedResponse = (failure: FailureName, text: string): Uint8Array =>
  sequence(sequence(integer(2), sequence(utf8String(text)), namedBits([FAILURE_BIT[failure]])))

/** One in each language, at most. */
const MAX_TEXTS = 16

/** The token's octets. Throws TimestampError REJECTED with what the TSA says, or MALFORMED. */
export function tokenOfResponse(der: Uint8Array): Uint8Array {
  try {
    const parts = readWhole(der, 'der', TAG.sequence).open()
    const status = parts.expect(TAG.sequence).open()
    const code = readSmallInteger(status.expect(TAG.integer))
    const texts = status.optional(TAG.sequence)
    const bits = status.optional(TAG.bitString)
    if (code > 1) {
      const names = Object.entries(FAILURE_BIT).filter(([, bit]) => bits && readNamedBits(bits).includes(bit))
      const said = (texts?.open().rest(MAX_TEXTS) ?? []).map((text) => readText(text) ?? '')
      // What a TSA says goes to logs: keep it short and on one line.
      const line = [...names.map(([name]) => name), ...said]
        .join(' ')
        .replace(/[^\x20-\x7e]/g, '?')
        .slice(0, 200)
      throw new TimestampError('REJECTED', `status ${code} ${line}`.trim())
    }
    const token = parts.expect(TAG.sequence)
    parts.finish()
    return token.octets
  } catch (error) {
    if (error instanceof TimestampError) throw error
    throw new TimestampError('MALFORMED', error instanceof Error ? error.message : 'unreadable', error)
  }
}
