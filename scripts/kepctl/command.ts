import type { Arguments } from './arguments.ts'
import type { Screen } from './screen.ts'

/** 0 done; 1 refused, invalid or indeterminate; 2 wrong use; 3, of verify alone: not everything could be looked at. */
export type ExitCode = 0 | 1 | 2 | 3

export interface OptionShape {
  readonly type: 'string' | 'boolean'
  readonly multiple?: boolean
}

/** A text in both languages. */
export interface Text {
  readonly tr: string
  readonly en: string
}

export interface Command {
  /** One or two words. */
  readonly name: string
  /** What follows the name, as people write it. */
  readonly usage: string
  readonly summary: Text
  /** What its help says beside that. */
  readonly notes?: readonly Text[]
  readonly options: Readonly<Record<string, OptionShape>>
  /** How many words may follow the name. */
  readonly positionals: readonly [least: number, most: number]
  readonly run: (args: Arguments, screen: Screen) => Promise<ExitCode>
}

/** Wrong use: told with the usage, exit 2. */
export class UsageError extends Error {
  readonly text: Text

  /** A text that is not a person's language alone, as the names of fields, is the same in both. */
  constructor(text: Text | string) {
    super(typeof text === 'string' ? text : text.en)
    this.text = typeof text === 'string' ? { tr: text, en: text } : text
  }
}

/** Refused for a reason that people can read: exit 1. */
export class Refused extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
