/** The longest text of a peer that is kept: it ends in evidence, logs and screens. */
const MAX_DETAILS = 200

/**
 * A peer's words as they may be kept: one line of printable ASCII, cut, and without addresses, since a reply repeats
 * whom it is about and details are logged.
 */
export const shownReply = (text: string): string =>
  text
    .slice(0, 4 * MAX_DETAILS)
    .replace(/\S*@\S*/g, '<...>')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, MAX_DETAILS)

/** The class of a reply; undefined for what is none. [RFC 5321 §4.2] */
export function replyCode(reply: string | undefined): number | undefined {
  const code = /^([2-5][0-9]{2})(?:[ -]|$)/m.exec(reply?.split('\n', 1)[0] ?? '')?.[1]
  return code === undefined ? undefined : Number(code)
}

/** What a peer offers: keyword in upper case, and what follows it. [RFC 5321 §4.1.1.1] */
export function extensionsOf(ehlo: string | false): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  if (ehlo === false) return found
  for (const line of ehlo.split(/\r?\n/).slice(1)) {
    const [, keyword, parameters] =
      /^250[ -]([A-Za-z0-9][A-Za-z0-9-]*)(?:[ \t]+(.*))?$/.exec(line.trimEnd()) ?? []
    if (keyword !== undefined) found.set(keyword.toUpperCase(), parameters ?? '')
  }
  return found
}

/** Octets that the peer takes at most; undefined where it names no limit. [RFC 1870 §4] */
export function sizeOffered(extensions: ReadonlyMap<string, string>): number | undefined {
  const written = extensions.get('SIZE') ?? ''
  const size = /^[0-9]{1,15}$/.test(written) ? Number(written) : 0
  return size === 0 ? undefined : size
}
