/** Filters as find, update, delete and `$match` take them; an operator that is not known here is refused, not passed over. */
import type { BSONRegExp } from 'bson'
import { CommandError } from './command-error.ts'
import { type Doc, isDoc, isOperators, typeOf } from './document.ts'
import { partsOf, valuesAt, withElements } from './paths.ts'
import { bracketOf, sortKey } from './sort-key.ts'

export type Predicate = (document: Doc) => boolean
/** On all that a path leads to. */
type Test = (values: readonly unknown[]) => boolean

export function matcher(filter: Doc): Predicate {
  const tests = Object.entries(filter).map(([name, condition]) =>
    name.startsWith('$') ? logical(name, condition) : onField(name, fieldTest(condition)),
  )
  return (document) => tests.every((test) => test(document))
}

function logical(name: string, condition: unknown): Predicate {
  if (name === '$comment') return () => true
  if (!['$and', '$or', '$nor'].includes(name))
    throw new CommandError(2, `unknown top level operator: ${name}`)
  const parts = clauses(name, condition).map(matcher)
  if (name === '$and') return (document) => parts.every((part) => part(document))
  const any: Predicate = (document) => parts.some((part) => part(document))
  return name === '$or' ? any : (document) => !any(document)
}

export function clauses(name: string, condition: unknown): readonly Doc[] {
  if (Array.isArray(condition) && condition.length > 0 && condition.every(isDoc)) return condition
  throw new CommandError(2, `${name} must be a nonempty array of documents`)
}

const onField = (path: string, test: Test): Predicate => {
  const parts = partsOf(path)
  return (document) => test(valuesAt(document, parts))
}

/** A value to be equal to, a pattern, or operators. */
export function fieldTest(condition: unknown): Test {
  if (!isOperators(condition)) return equals(condition)
  const tests = Object.entries(condition)
    .filter(([name]) => name !== '$options')
    .map(([name, operand]) => operator(name, operand, condition))
  return (values) => tests.every((test) => test(values))
}

function operator(name: string, operand: unknown, condition: Doc): Test {
  switch (name) {
    case '$eq':
      return equals(operand)
    case '$ne':
      return not(equals(operand))
    case '$gt':
      return compares(operand, (order) => order > 0)
    case '$gte':
      return compares(operand, (order) => order >= 0)
    case '$lt':
      return compares(operand, (order) => order < 0)
    case '$lte':
      return compares(operand, (order) => order <= 0)
    case '$in':
      return oneOf(listOf(name, operand))
    case '$nin':
      return not(oneOf(listOf(name, operand)))
    case '$not':
      return not(fieldTest(operand))
    case '$exists':
      return operand ? exists : not(exists)
    case '$size':
      return (values) => values.some((value) => Array.isArray(value) && value.length === Number(operand))
    case '$type':
      return (values) => withElements(values).some((value) => typeOf(value) === operand)
    case '$all': {
      const tests = listOf(name, operand).map(equals)
      return (values) => tests.length > 0 && tests.every((test) => test(values))
    }
    case '$elemMatch':
      return hasElement(operand)
    case '$regex':
      return hasText(pattern(operand, condition['$options']))
    default:
      throw new CommandError(2, `unknown operator: ${name}`)
  }
}

const not =
  (test: Test): Test =>
  (values) =>
    !test(values)

const exists: Test = (values) => values.some((value) => value !== undefined)

function equals(operand: unknown): Test {
  if (typeOf(operand) === 'regex') return hasText(pattern(operand, undefined))
  if (typeof operand === 'string')
    return (values) =>
      values.some((value) => (Array.isArray(value) ? value.includes(operand) : value === operand))
  const key = sortKey(operand)
  return (values) => withElements(values).some((value) => sortKey(value) === key)
}

function oneOf(operands: readonly unknown[]): Test {
  const keys = new Set(operands.filter((operand) => typeOf(operand) !== 'regex').map(sortKey))
  const patterns = operands.filter((operand) => typeOf(operand) === 'regex').map(equals)
  return (values) =>
    withElements(values).some((value) => keys.has(sortKey(value))) || patterns.some((test) => test(values))
}

function compares(operand: unknown, holds: (order: number) => boolean): Test {
  const key = sortKey(operand)
  return (values) =>
    withElements(values).some((value) => {
      if (value === undefined && operand !== null) return false
      const other = sortKey(value)
      return bracketOf(other) === bracketOf(key) && holds(other < key ? -1 : other > key ? 1 : 0)
    })
}

function hasElement(condition: unknown): Test {
  if (!isDoc(condition)) throw new CommandError(2, '$elemMatch needs an Object')
  if (isOperators(condition) && !['$and', '$or', '$nor'].includes(Object.keys(condition)[0] ?? '')) {
    const test = fieldTest(condition)
    return (values) =>
      values.some((value) => Array.isArray(value) && value.some((element) => test([element])))
  }
  const inside = matcher(condition)
  return (values) =>
    values.some((value) => Array.isArray(value) && value.some((element) => isDoc(element) && inside(element)))
}

const hasText =
  (expression: RegExp): Test =>
  (values) =>
    withElements(values).some((value) => typeof value === 'string' && expression.test(value))

function pattern(operand: unknown, options: unknown): RegExp {
  const { pattern: source, options: own } =
    typeof operand === 'string' ? { pattern: operand, options: '' } : (operand as BSONRegExp)
  return new RegExp(source, `${options ?? own}`.replaceAll('x', '') + 'u')
}

function listOf(name: string, operand: unknown): readonly unknown[] {
  if (Array.isArray(operand)) return operand
  throw new CommandError(2, `${name} needs an array`)
}
