import { isMultipart, type MimePart, nestedMessage } from '../../../mail/mime-part.ts'
import type { Span } from '../retrieval-gate.ts'
import type { Partial, Section } from './items.ts'

/**
 * Parts are numbered below a multipart; a message that is none has itself as its only part 1, and below a
 * message/rfc822 part the numbers are those of the nested message. [RFC 9051 §6.4.5.1]
 */
export function findPart(root: MimePart, path: readonly number[]): MimePart | undefined {
  let level = partsOfMessage(root)
  let found: MimePart | undefined
  for (const number of path) {
    found = level[number - 1]
    if (found === undefined) return undefined
    const nested = nestedMessage(found)
    level = nested !== undefined ? partsOfMessage(nested) : isMultipart(found) ? found.children : []
  }
  return found
}

const partsOfMessage = (message: MimePart): readonly MimePart[] =>
  isMultipart(message) ? message.children : [message]

/** The octets that a section names; undefined where the message has no such section. Headers end with their blank line. */
export function spanOf(root: MimePart, size: number, { part, text }: Section): Span | undefined {
  if (part.length === 0) {
    if (text === 'ALL') return { start: 0, end: size }
    return text === 'TEXT'
      ? { start: root.bodyStart, end: size }
      : { start: root.headerStart, end: root.bodyStart }
  }
  const found = findPart(root, part)
  if (found === undefined) return undefined
  if (text === 'ALL') return { start: found.bodyStart, end: found.bodyEnd }
  if (text === 'MIME') return { start: found.headerStart, end: found.bodyStart }
  const message = nestedMessage(found)
  if (message === undefined) return undefined
  return text === 'TEXT'
    ? { start: message.bodyStart, end: message.bodyEnd }
    : { start: message.headerStart, end: message.bodyStart }
}

/** `<start.count>` of a span; what lies beyond its end is empty. */
export function cut(span: Span, partial: Partial | undefined): Span {
  if (partial === undefined) return span
  const start = Math.min(span.start + partial.start, span.end)
  return { start, end: Math.min(start + partial.count, span.end) }
}
