/** A document with one path changed; all beside the path is shared with the one before. */
import { CommandError } from './command-error.ts'
import { type Doc, isDoc } from './document.ts'

export function withValueAt(document: Doc, parts: readonly string[], value: unknown): Doc {
  return put(document, parts, 0, value) as Doc
}

function put(container: unknown, parts: readonly string[], at: number, value: unknown): unknown {
  const part = parts[at]
  if (part === undefined) return value
  if (part.startsWith('$')) throw new CommandError(2, `this server knows no positional operator ${part}`)
  if (Array.isArray(container)) {
    if (!/^(0|[1-9]\d*)$/.test(part)) throw new CommandError(28, `Cannot create field '${part}' in an array`)
    const elements: unknown[] = [...container]
    while (elements.length < Number(part)) elements.push(null)
    elements[Number(part)] = put(elements[Number(part)], parts, at + 1, value)
    return elements
  }
  if (container !== undefined && !isDoc(container))
    throw new CommandError(28, `Cannot create field '${part}' in an element that is no document`)
  const own = container !== undefined && Object.hasOwn(container, part) ? container[part] : undefined
  return { ...container, [part]: put(own, parts, at + 1, value) }
}

/** The same document where there is nothing at the path; an element of an array becomes null. */
export function withoutPath(document: Doc, parts: readonly string[]): Doc {
  return cut(document, parts, 0) as Doc
}

function cut(container: unknown, parts: readonly string[], at: number): unknown {
  const part = parts[at] ?? ''
  const last = at === parts.length - 1
  if (Array.isArray(container)) {
    if (!/^(0|[1-9]\d*)$/.test(part) || Number(part) >= container.length) return container
    return container.with(Number(part), last ? null : cut(container[Number(part)], parts, at + 1))
  }
  if (!isDoc(container) || !Object.hasOwn(container, part)) return container
  if (!last) return { ...container, [part]: cut(container[part], parts, at + 1) }
  const { [part]: _, ...rest } = container
  return rest
}
