import { createHash } from 'node:crypto'

/**
 * What a sent message is known by in Giden Kutusu, whether the provider files it or the client appends its own copy:
 * hex SHA-256 of the Message-ID with its brackets, NUL, and the hex digest of the octets after the outermost header.
 * The header itself differs, since clients keep Bcc and trace fields in their copy.
 */
export const sentJoinKey = (messageId: string, bodyDigest: string): string =>
  createHash('sha256').update(`${messageId}\0${bodyDigest}`).digest('hex')
