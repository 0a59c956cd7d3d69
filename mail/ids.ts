import { randomBytes, randomUUID } from 'node:crypto'

/** A random id that may stand in an XML `Id` attribute: it never begins with a digit. [XML Schema 2 §3.3.8] */
export const randomId = (prefix: string): string => `${prefix}-${randomUUID()}`

/** 128 random bits in lower-case hex. */
export const randomHex = (): string => randomBytes(16).toString('hex')

/** A Message-ID of ours with its angle brackets. [RFC 5322 §3.6.4] */
export const randomMessageId = (label: string, domain: string): string =>
  `<${label}.${randomUUID()}@${domain}>`

/** Ids are accepted from people with or without angle brackets and kept with them. */
export const withBrackets = (id: string): string => (id.startsWith('<') ? id : `<${id}>`)
export const withoutBrackets = (id: string): string => id.replace(/^<(.*)>$/s, '$1')

/**
 * The name under which the one intake of an identifier is found. People choose Message-IDs as they like, also ours after
 * they saw it; nobody can choose this.
 *
 * @param provider who gave the identifier
 */
export const intakeName = (provider: string, messageId: string): string => `${provider} ${messageId}`
