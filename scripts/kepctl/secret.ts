import { readFile } from 'node:fs/promises'
import { createInterface, type Interface } from 'node:readline'
import { Writable } from 'node:stream'
import { UsageError } from './command.ts'

/**
 * A secret from a file (its first line), from a prompt that does not echo, or as a line of standard input; several are
 * taken line by line in the order in which they are asked for. Never from the command line, where every process of
 * the machine can read it.
 */
export async function readSecret(file: string | undefined, prompt: string): Promise<string> {
  const secret = file !== undefined ? firstLine(await readFile(file, 'utf8')) : await nextLine(prompt)
  if (secret === '') throw new UsageError({ tr: `${prompt}: boş olamaz`, en: `${prompt}: an empty secret` })
  return secret
}

const firstLine = (text: string): string => /^[^\r\n]*/.exec(text)?.[0] ?? ''

let input: Interface | undefined
let lines: AsyncIterator<string> | undefined

async function nextLine(prompt: string): Promise<string> {
  if (process.stdin.isTTY) {
    process.stderr.write(`${prompt}: `)
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
    const asked = createInterface({ input: process.stdin, output: silent, terminal: true })
    try {
      return await new Promise((resolve, reject) => {
        asked.question('', resolve)
        asked.on('SIGINT', () => reject(new UsageError({ tr: 'vazgeçildi', en: 'cancelled' })))
      })
    } finally {
      asked.close()
      process.stderr.write('\n')
    }
  }
  input ??= createInterface({ input: process.stdin })
  lines ??= input[Symbol.asyncIterator]()
  const line = await lines.next()
  return line.done === true ? '' : line.value
}

/** Nothing more is asked: a standard input that nobody closes must not keep the process alive. */
export function noMoreSecrets(): void {
  if (input === undefined) return
  input.close()
  process.stdin.destroy()
}
