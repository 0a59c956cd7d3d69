/** What a mail client must know of this provider. Both doors speak TLS from the first octet. [RFC 8314 §3.2] */
export interface ClientSettings {
  readonly domain: string
  /** As people read it. */
  readonly name: string
  readonly imap: Server
  readonly submission: Server
}

export interface Server {
  readonly host: string
  readonly port: number
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
])

/** A text within XML, also within an attribute's quotes. */
export const escaped = (text: string): string => text.replace(/[&<>"]/g, (char) => ESCAPES.get(char) ?? char)
