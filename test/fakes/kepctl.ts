/** Runs the real command in a process of its own. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../scripts/kepctl.ts', import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Answers with exit code and output; `stdin` is all that the command can read. */
export async function kepctl(
  args: readonly string[],
  { stdin = '', language = 'C' }: { stdin?: string; language?: string } = {},
): Promise<Ran> {
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, LANG: language }
  const child = spawn(process.execPath, [script, ...args], { env })
  const ended = Promise.withResolvers<number | null>()
  child.on('close', ended.resolve)
  child.stdin.on('error', () => {}) // a command that reads nothing may be gone already
  child.stdin.end(stdin)
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended.promise])
  return { code, out, err }
}
