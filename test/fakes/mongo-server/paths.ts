/** What a dotted path leads to in a document. */
import { type Doc, isDoc } from './document.ts'

export const partsOf = (path: string): readonly string[] => path.split('.')

const isPosition = (part: string): boolean => /^(0|[1-9]\d*)$/.test(part)

/**
 * All that the path leads to, through every element of arrays on the way; undefined where a document has no such
 * field. The array at the end of a path counts as one.
 */
export function valuesAt(value: unknown, parts: readonly string[], from = 0): unknown[] {
  const part = parts[from]
  if (part === undefined) return [value]
  if (Array.isArray(value)) {
    const inside = value.flatMap((element) => (isDoc(element) ? valuesAt(element, parts, from) : []))
    if (!isPosition(part)) return inside
    return Number(part) < value.length
      ? [...valuesAt(value[Number(part)], parts, from + 1), ...inside]
      : inside
  }
  if (!isDoc(value) || !Object.hasOwn(value, part)) return [undefined]
  return valuesAt(value[part], parts, from + 1)
}

/** The one value at the path; arrays are entered by position only. */
export function valueAt(document: Doc, parts: readonly string[]): unknown {
  let value: unknown = document
  for (const part of parts) {
    if (Array.isArray(value)) value = isPosition(part) ? value[Number(part)] : undefined
    else value = isDoc(value) && Object.hasOwn(value, part) ? value[part] : undefined
  }
  return value
}

/** Each with its elements beside it, as a comparison sees an array. */
export const withElements = (values: readonly unknown[]): unknown[] =>
  values.flatMap((value) => (Array.isArray(value) ? [value, ...value] : [value]))
