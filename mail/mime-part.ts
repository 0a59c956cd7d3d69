/**
 * What the MIME index knows of a message: where each part lies, never what it says. All numbers are octet
 * offsets into the message as received, so that IMAP, S/MIME and evidence slice the same octets. [RFC 2045 §2]
 */
export interface MimePart {
  /** First octet of the part's header; equal to `bodyStart` minus the blank line where the part has no header. */
  headerStart: number
  /** First octet after the blank line. */
  bodyStart: number
  /** One past the last octet; the CRLF before the next boundary is not the part's. [RFC 2046 §5.1.1] */
  bodyEnd: number
  /** Line ends within the body; what BODYSTRUCTURE counts. */
  lines: number
  /** Lower case; the default where Content-Type is absent or cannot be read. [RFC 2045 §5.2] */
  type: string
  subtype: string
  params: Map<string, string>
  /** Lower case; `7bit` where absent. */
  encoding: string
  id?: string
  description?: string
  disposition?: { type: string; params: Map<string, string> }
  md5?: string
  language?: string
  location?: string
  /** Multipart: its parts. message/rfc822: exactly one, the nested message. */
  children: MimePart[]
  /** Set on the root and on each nested message. */
  envelope?: MimeEnvelope
}

export const isMultipart = (part: MimePart): boolean => part.type === 'multipart' && part.children.length > 0

/** The message inside a message/rfc822 part; undefined where there is none that we could look into. */
export const nestedMessage = (part: MimePart): MimePart | undefined =>
  part.type === 'message' ? part.children[0] : undefined

/** The header fields that IMAP ENVELOPE shows, unfolded and otherwise as written (one char per octet). [RFC 9051 §2.3.5] */
export interface MimeEnvelope {
  date?: string
  subject?: string
  from?: string
  sender?: string
  replyTo?: string
  to?: string
  cc?: string
  bcc?: string
  inReplyTo?: string
  messageId?: string
  /** No part of ENVELOPE; threads are made of it. [RFC 5256 §3] */
  references?: string
}

/** What no message may exceed; each bounds work that its sender, not we, would choose. */
export interface MimeLimits {
  /** Parts in all. */
  parts: number
  /** Nesting of multiparts and messages. */
  depth: number
  /** Octets of all headers together. */
  headerOctets: number
}

export const defaultMimeLimits: MimeLimits = { parts: 10_000, depth: 64, headerOctets: 1_048_576 }

export type MimeFault = 'TOO_MANY_PARTS' | 'TOO_DEEP' | 'HEADER_TOO_LARGE'

export interface MimeIndex {
  root: MimePart
  size: number
  /** Limits that were met: the index is then true but coarse (what is too deep or too many is one opaque part). */
  faults: MimeFault[]
}
