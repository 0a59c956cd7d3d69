/** Runs the real command outside the process of the test. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../scripts/kepctl.ts', import.meta.url))
const shared = fileURLToPath(new URL('kepctl-process.ts', import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Running {
  /** All that the command can read. */
  readonly stdin?: string
  readonly language?: string
  /** In a process of its own, as people start it; so is whatever reads, or speaks another language. */
  readonly alone?: boolean
}

/** Answers with exit code and output. Most commands share a process, which checks that they leave nothing open. */
export async function kepctl(
  args: readonly string[],
  { stdin = '', language = 'C', alone = false }: Running = {},
): Promise<Ran> {
  return alone || stdin !== '' || language !== 'C' ? start(args, stdin, language) : hand(args)
}

async function start(args: readonly string[], stdin: string, language: string): Promise<Ran> {
  const child = spawn(process.execPath, [script, ...args], { env: environmentOf(language) })
  const ended = Promise.withResolvers<number | null>()
  child.on('close', ended.resolve)
  child.stdin.on('error', () => {}) // a command that reads nothing may be gone already
  child.stdin.end(stdin)
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended.promise])
  return { code, out, err }
}

/** Processes that have nothing to do; they end with the worker that runs the test. */
const idle: ChildProcess[] = []

async function hand(args: readonly string[]): Promise<Ran> {
  const child = idle.pop() ?? (await ready())
  const answered = answerOf(child)
  child.send(args)
  const ran = (await answered) as Ran
  if (ran.code === null)
    child.kill() // it left something open
  else idle.push(child)
  return ran
}

async function ready(): Promise<ChildProcess> {
  const child = fork(shared, {
    env: environmentOf('C'),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [],
  })
  await answerOf(child)
  child.unref()
  child.channel?.unref()
  return child
}

function answerOf(child: ChildProcess): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const ended = (code: number | null) => reject(new Error(`kepctl's process ended with ${code}`))
  child.once('message', resolve)
  child.once('exit', ended)
  return promise.finally(() => {
    child.off('message', resolve)
    child.off('exit', ended)
  })
}

const environmentOf = (language: string) => {
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env
  return { PATH, NODE_COMPILE_CACHE, LANG: language }
}
