/**
 * HTML that is made of text: whatever goes in between the tags of a template is escaped, unless it is such a template itself.
 * Names, subjects and file names come from strangers.
 */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Content = Html | string | number | undefined | readonly Content[]

/** The one place where text becomes HTML. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(parts.map((part, index) => part + written(contents[index])).join(''))
}

function written(content: Content): string {
  if (content === undefined) return ''
  if (content instanceof Html) return content.text
  if (Array.isArray(content)) return content.map(written).join('')
  return escaped(shown(String(content)))
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
])

const escaped = (text: string): string => text.replace(/[&<>"']/g, (one) => ENTITIES.get(one) ?? '')

/** Longer than any name, subject or list of addresses that is worth printing; the JSON has all of it. */
const MAX_SHOWN = 2000

/** Characters that turn the direction of text, or are not seen, would make a page say other than its octets. */
function shown(text: string): string {
  const visible = text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, '\ufffd')
  return visible.length <= MAX_SHOWN
    ? visible
    : `${visible.slice(0, MAX_SHOWN)} … (+${visible.length - MAX_SHOWN})`
}
