import type { MimePart } from '../../../mail/mime-part.ts'
import { nstring, string } from '../wire-text.ts'
import { formatEnvelope } from './envelope.ts'
import { isMultipart, nestedMessage } from './section.ts'

const PARTS_AT_ONCE = 100

/**
 * BODY, or with `extended` BODYSTRUCTURE. [RFC 9051 §7.5.2] Depth is that of the MIME index, which is bounded when a
 * message is received. `breathe` lets others run: ten thousand parts take longer than a slice. A multipart without parts and a nested message that cannot be looked into are shown so that
 * their form is still that of their type.
 */
export async function formatStructure(
  part: MimePart,
  extended: boolean,
  breathe: () => Promise<void>,
): Promise<string> {
  if (isMultipart(part)) {
    const pieces: string[] = []
    for (const child of part.children) {
      pieces.push(await formatStructure(child, extended, breathe))
      if (pieces.length % PARTS_AT_ONCE === 0) await breathe()
    }
    const children = pieces.join('')
    const extension = extended ? ` ${parameters(part.params)} ${further(part)}` : ''
    return `(${children} ${string(part.subtype)}${extension})`
  }
  const extension = extended ? ` ${nstring(part.md5)} ${further(part)}` : ''
  return `(${[
    string(part.type),
    string(part.subtype),
    parameters(part.params),
    nstring(part.id),
    nstring(part.description),
    string(part.encoding),
    part.bodyEnd - part.bodyStart,
    ...(await ofType(part, extended, breathe)),
  ].join(' ')}${extension})`
}

async function ofType(
  part: MimePart,
  extended: boolean,
  breathe: () => Promise<void>,
): Promise<(string | number)[]> {
  if (part.type === 'text') return [part.lines]
  if (part.type !== 'message' || (part.subtype !== 'rfc822' && part.subtype !== 'global')) return []
  const nested = nestedMessage(part)
  return nested === undefined
    ? [formatEnvelope({}), '("text" "plain" NIL NIL NIL "7bit" 0 0)', part.lines]
    : [formatEnvelope(nested.envelope ?? {}), await formatStructure(nested, extended, breathe), part.lines]
}

const further = ({ disposition, language, location }: MimePart): string =>
  `${disposition ? `(${string(disposition.type)} ${parameters(disposition.params)})` : 'NIL'} ${nstring(language)} ${nstring(location)}`

const parameters = (params: ReadonlyMap<string, string>): string =>
  params.size === 0
    ? 'NIL'
    : `(${[...params].map(([name, value]) => `${string(name)} ${string(value)}`).join(' ')})`
