import { environment } from '../../config/environment.ts'
import type { Text } from './command.ts'

/** Where results and errors go: lines for people in their language, or one JSON value for programs. */
export class Screen {
  readonly json: boolean
  readonly language: 'tr' | 'en' = environment.language

  constructor(json: boolean) {
    this.json = json
  }

  text(text: Text): string {
    return text[this.language]
  }

  /** The result, in the one form or the other. */
  show(result: unknown, lines: () => readonly string[]): void {
    if (this.json) process.stdout.write(`${escaped(JSON.stringify(result, null, 2))}\n`)
    else for (const line of lines()) process.stdout.write(`${clean(line)}\n`)
  }

  /** One line of a result that is written as it comes; for programs, so it is left as it is. */
  line(text: string): void {
    process.stdout.write(`${text}\n`)
  }

  /** Beside the result: standard output stays what a program can read. */
  note(line: string): void {
    process.stderr.write(`${clean(line)}\n`)
  }

  /** Nothing happens until it is sure that who had begun before has died. */
  waits(ms: number): void {
    const seconds = Math.ceil(ms / 1000)
    this.note(
      this.text({
        tr: `önceki deneme sürüyor olabilir: ${seconds} sn'ye kadar beklenir`,
        en: `an earlier try may still be at it: waiting for up to ${seconds} s`,
      }),
    )
  }

  fail(code: string, message: string): void {
    if (this.json) process.stderr.write(`${escaped(JSON.stringify({ error: { code, message } }))}\n`)
    else this.note(`kepctl: ${message}`)
  }

  /** Progress, rewritten in place, where somebody watches. */
  progress(done: number, of: number | undefined): void {
    if (this.json || !process.stderr.isTTY) return
    process.stderr.write(`\r${done}${of === undefined ? '' : ` / ${of}`}${of === done ? '\n' : ''}`)
  }
}

/** Names and subjects come from strangers: a terminal must not obey them. Tabs and text stay. */
const clean = (line: string): string =>
  line.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\ufffd')

/** The same characters in JSON, where they stand in strings alone and need not be lost. */
const escaped = (json: string): string =>
  json.replace(
    /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

const istanbul = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Istanbul',
  dateStyle: 'short',
  timeStyle: 'medium',
})

/** UTC inside, Istanbul on screens. */
export const shownTime = (iso: string): string => istanbul.format(new Date(iso))

/** Where it may be read beside times of other zones. */
export const zonedTime = (iso: string): string => `${shownTime(iso)} Europe/Istanbul`

/** Columns as wide as their widest cell; the last is not padded. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows)
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length)
    })
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  '),
  )
}
