/** What `$push`, `$addToSet`, `$pull` and their like make of an array. */
import { CommandError } from './command-error.ts'
import { isDoc, isOperators } from './document.ts'
import { fieldTest, matcher } from './matcher.ts'
import { sortKey } from './sort-key.ts'

export type ArrayOperator = (elements: readonly unknown[], operand: unknown) => readonly unknown[]

export const arrayOperators: Readonly<Record<string, ArrayOperator>> = {
  $push: (elements, operand) => {
    const {
      $each: added,
      $position: position,
      $slice: slice,
    } = modifiers(operand, ['$each', '$position', '$slice'])
    const result = elements.toSpliced(
      position === undefined ? elements.length : Number(position),
      0,
      ...added,
    )
    if (slice === undefined) return result
    return Number(slice) < 0 ? result.slice(Number(slice)) : result.slice(0, Number(slice))
  },
  $addToSet: (elements, operand) => {
    const { $each: added } = modifiers(operand, ['$each'])
    const present = new Set(elements.map(sortKey))
    const missing = added.filter((value) => !present.has(sortKey(value)) && present.add(sortKey(value)))
    return missing.length === 0 ? elements : [...elements, ...missing]
  },
  $pull: (elements, operand) => {
    const leaves = leaving(operand)
    return elements.some(leaves) ? elements.filter((element) => !leaves(element)) : elements
  },
  $pullAll: (elements, operand) => {
    if (!Array.isArray(operand)) throw new CommandError(2, '$pullAll requires an array argument')
    const keys = new Set(operand.map(sortKey))
    return elements.filter((element) => !keys.has(sortKey(element)))
  },
  $pop: (elements, operand) => (Number(operand) < 0 ? elements.slice(1) : elements.slice(0, -1)),
}

interface Modifiers {
  readonly $each: readonly unknown[]
  readonly $position?: unknown
  readonly $slice?: unknown
}

function modifiers(operand: unknown, known: readonly string[]): Modifiers {
  if (!isDoc(operand) || !Object.hasOwn(operand, '$each')) return { $each: [operand] }
  const unknown = Object.keys(operand).find((name) => !known.includes(name))
  if (unknown !== undefined) throw new CommandError(2, `this server knows no modifier ${unknown} here`)
  const { $each: added } = operand
  if (!Array.isArray(added)) throw new CommandError(2, 'The argument to $each must be an array')
  return { ...operand, $each: added }
}

/** A condition on elements, the fields of elements that are documents, or a value. */
function leaving(operand: unknown): (element: unknown) => boolean {
  if (isDoc(operand) && !isOperators(operand)) {
    const matches = matcher(operand)
    return (element) => isDoc(element) && matches(element)
  }
  if (isOperators(operand)) {
    const test = fieldTest(operand)
    return (element) => test([element])
  }
  const key = sortKey(operand)
  return (element) => sortKey(element) === key
}
