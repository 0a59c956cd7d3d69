import { createHash } from 'node:crypto'

/**
 * The same sent message filed twice, by the server and by a client that keeps its own copy: same Message-ID and same
 * octets after the header (clients add header fields of their own to their copy).
 */
export const sentJoinKey = (messageId: string, bodyDigest: string): string =>
  createHash('sha256').update(`${messageId}\0${bodyDigest}`).digest('hex')
