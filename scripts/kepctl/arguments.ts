import { parseArgs } from 'node:util'
import { environment } from '../../config/environment.ts'
import { type Command, type OptionShape, type Text, UsageError } from './command.ts'

/** Every command has these. */
export const GLOBAL_OPTIONS: Readonly<Record<string, OptionShape>> = {
  json: { type: 'boolean' },
  data: { type: 'string' },
  config: { type: 'string' },
  help: { type: 'boolean' },
}

const DEFAULT_DATA = 'data'

/** What one command was given. Asking for what is not there is wrong use. */
export class Arguments {
  readonly words: readonly string[]
  readonly #values: ReadonlyMap<string, unknown>

  constructor(words: readonly string[], values: ReadonlyMap<string, unknown>) {
    this.words = words
    this.#values = values
  }

  word(position: number): string {
    const word = this.words[position]
    if (word === undefined)
      throw new UsageError({ tr: 'bir bağımsız değişken eksik', en: 'an argument is missing' })
    return word
  }

  flag(name: string): boolean {
    return this.#values.get(name) === true
  }

  one(name: string): string | undefined {
    const value = this.#values.get(name)
    return typeof value === 'string' ? value : undefined
  }

  required(name: string): string {
    const value = this.one(name)
    if (value === undefined || value === '')
      throw new UsageError({ tr: `--${name} eksik`, en: `--${name} is missing` })
    return value
  }

  many(name: string): string[] {
    const value = this.#values.get(name)
    return Array.isArray(value) ? value.map(String) : []
  }

  /** Only those that were given, under the names of an operation's arguments. */
  given<K extends string>(names: Readonly<Record<K, string>>): Partial<Record<K, string>> {
    const entries = Object.entries<string>(names).map(([key, option]) => [key, this.one(option)] as const)
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Partial<
      Record<K, string>
    >
  }

  get data(): string {
    return this.one('data') ?? environment.data ?? DEFAULT_DATA
  }

  get config(): string | undefined {
    return this.one('config') ?? environment.config
  }
}

/** The command that the first words name, longest name first; undefined where none does. */
export function findCommand(commands: readonly Command[], argv: readonly string[]): Command | undefined {
  // The options that every command has may stand before the name; the value of one is no word of it.
  const { positionals: words } = parseArgs({
    args: [...argv],
    options: GLOBAL_OPTIONS,
    allowPositionals: true,
    strict: false,
  })
  const two = `${words[0]} ${words[1]}`
  return commands.find(({ name }) => name === two) ?? commands.find(({ name }) => name === words[0])
}

/** Throws UsageError for options that are unknown, lack their value, or words too many or too few. */
export function readArguments(command: Command, argv: readonly string[]): Arguments {
  const { values, positionals } = parse(command, argv)
  const words = positionals.slice(command.name.split(' ').length)
  const [least, most] = command.positionals
  const given = new Map<string, unknown>(Object.entries(values))
  if (given.get('help') !== true && (words.length < least || words.length > most))
    throw new UsageError(
      words.length < least
        ? { tr: 'bir bağımsız değişken eksik', en: 'an argument is missing' }
        : { tr: 'gereğinden çok bağımsız değişken', en: 'too many arguments' },
    )
  return new Arguments(words, given)
}

function parse(command: Command, argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: { ...GLOBAL_OPTIONS, ...command.options },
      allowPositionals: true,
      strict: true,
    })
  } catch (error) {
    throw new UsageError(misread(error))
  }
}

/** What Node says of wrong options, in both languages. */
function misread(error: unknown): Text {
  const en = error instanceof Error ? error.message : String(error)
  const option = /'(-[^'\s]*)/.exec(en)?.[1] ?? ''
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return { tr: `${option} diye bir seçenek yok`, en }
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE')
    return { tr: `${option}: değeri eksik, ya da değer almayan bir seçeneğe değer verilmiş`, en }
  return { tr: `seçenekler okunamadı: ${en}`, en }
}
