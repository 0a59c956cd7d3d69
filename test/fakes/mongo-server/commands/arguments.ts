/** The fields of a command, read as what they must be; options that would be passed over silently are refused. */
import type { Collection } from '../collection.ts'
import { CommandError, nameOf } from '../command-error.ts'
import type { Data } from '../data.ts'
import { type Doc, isDoc } from '../document.ts'
import type { Statements } from '../statement-memory.ts'

export interface Call {
  readonly data: Data
  readonly name: string
  readonly body: Doc
  readonly database: string
  readonly statements: Statements
}

export type Command = (call: Call) => Doc | Promise<Doc>

/** The collection is what the command's name stands before: `{ insert: 'intakes', … }`. */
export function target({ body, name }: Call): string {
  const { [name]: collection } = body
  if (typeof collection === 'string') return collection
  throw new CommandError(73, `${name} needs the name of a collection`)
}

export const existing = (call: Call): Collection | undefined => call.data.find(call.database, target(call))

export function docOf(value: unknown, what: string): Doc {
  if (isDoc(value)) return value
  throw new CommandError(14, `${what} must be an object`)
}

export const docOr = (value: unknown, otherwise: Doc, what: string): Doc =>
  value === undefined || value === null ? otherwise : docOf(value, what)

export function docsOf(value: unknown, what: string): readonly Doc[] {
  if (Array.isArray(value) && value.every(isDoc)) return value
  throw new CommandError(14, `${what} must be an array of objects`)
}

export const numberOr = (value: unknown, otherwise: number): number =>
  value === undefined || value === null ? otherwise : Number(value)

export function refuse(body: Doc, names: readonly string[]): void {
  const given = names.find((name) => body[name] !== undefined)
  if (given !== undefined) throw new CommandError(2, `this server does not do ${given}`)
}

/** What came of each statement goes into `outcomes`; an ordered write ends with the first that fails. */
export function eachStatement<T>(
  { body, statements }: Call,
  parts: readonly Doc[],
  act: (part: Doc) => T,
  outcomes: Map<number, T>,
): Doc {
  const writeErrors: Doc[] = []
  for (const [index, part] of parts.entries()) {
    try {
      outcomes.set(
        index,
        statements.once(index, () => act(part)),
      )
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      const { code, message, details } = error
      writeErrors.push({ index, code, codeName: nameOf(code), errmsg: message, ...details })
      if (body['ordered'] !== false) break
    }
  }
  return writeErrors.length === 0 ? {} : { writeErrors }
}
