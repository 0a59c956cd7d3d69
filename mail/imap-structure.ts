import { formatEnvelope } from './imap-envelope.ts'
import { nstring, string } from './imap-string.ts'
import { isMultipart, type MimePart, nestedMessage } from './mime-part.ts'

/**
 * BODY, or with `extended` BODYSTRUCTURE, in pieces: of ten thousand parts it takes longer than anybody may hold the loop.
 * [RFC 9051 §7.5.2] Depth is that of the MIME index, which is bounded when a message is received. A multipart without parts and
 * a nested message that cannot be looked into are shown so that their form is still that of their type.
 */
export function* structurePieces(part: MimePart, extended: boolean): Generator<string, void, undefined> {
  if (isMultipart(part)) {
    yield '('
    for (const child of part.children) yield* structurePieces(child, extended)
    yield ` ${string(part.subtype)}${extended ? ` ${parameters(part.params)} ${further(part)}` : ''})`
    return
  }
  const { type, subtype, params, id, description, encoding, bodyStart, bodyEnd } = part
  const shown = [string(type), string(subtype), parameters(params), nstring(id), nstring(description)]
  yield `(${shown.join(' ')} ${string(encoding)} ${bodyEnd - bodyStart}`
  if (type === 'text') yield ` ${part.lines}`
  if (type === 'message' && (subtype === 'rfc822' || subtype === 'global'))
    yield* nestedPieces(part, extended)
  yield extended ? ` ${nstring(part.md5)} ${further(part)})` : ')'
}

function* nestedPieces(part: MimePart, extended: boolean): Generator<string, void, undefined> {
  const nested = nestedMessage(part)
  yield ` ${formatEnvelope(nested?.envelope ?? {})} `
  if (nested === undefined) yield '("text" "plain" NIL NIL NIL "7bit" 0 0)'
  else yield* structurePieces(nested, extended)
  yield ` ${part.lines}`
}

const further = ({ disposition, language, location }: MimePart): string =>
  `${disposition ? `(${string(disposition.type)} ${parameters(disposition.params)})` : 'NIL'} ${nstring(language)} ${nstring(location)}`

const parameters = (params: ReadonlyMap<string, string>): string =>
  params.size === 0
    ? 'NIL'
    : `(${[...params].map(([name, value]) => `${string(name)} ${string(value)}`).join(' ')})`
