import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** As `npm start`, the image and the command itself run it: a small young generation gives the buffers of a large message back sooner. */
const NODE_OPTIONS = ['--max-semi-space-size=2']

/** A daemon in a process and a folder of its own, so that its CPU and memory are its own. */
export interface Daemon extends AsyncDisposable {
  readonly ports: Readonly<Record<'submissions' | 'submission' | 'peer' | 'imaps' | 'imap' | 'http', number>>
  readonly ca: string
  readonly folder: string
  readonly pid: number
  /** From the launch to the ready line, ms. */
  readonly startMs: number
  /** A metric's value: the sum over its labels. */
  metric(name: string): Promise<number>
  /** The last lines that it wrote to stdout. */
  log(): string
  /** The exit code; undefined where a signal ended it. */
  readonly exited: Promise<number | undefined>
  /** Resident set, octets. */
  rss(): Promise<number>
}

export interface DaemonOptions {
  readonly folder?: string
  readonly nodeOptions?: readonly string[]
  readonly config?: string
  /** Where several processes share a store: the part that this one takes. */
  readonly roles?: string
  /** PEM file of the development CA, where it is not in the folder. */
  readonly ca?: string
  /** `NAME=value`, beside what this process has. */
  readonly environment?: readonly string[]
}

/** The development provider, or one of this configuration whose folder holds a development CA. */
export async function startDaemon(options: DaemonOptions = {}): Promise<Daemon> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'openkep-bench-')))
  const began = performance.now()
  const script = new URL(`../kepd${import.meta.filename.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
  // The program `env` becomes the daemon.
  const child = spawn(
    'env',
    [
      ...(options.environment ?? []),
      process.execPath,
      ...NODE_OPTIONS,
      ...(options.nodeOptions ?? []),
      script.pathname,
      ...(options.config === undefined ? ['--development', '--free-ports'] : ['--config', options.config]),
      '--data',
      folder,
      ...(options.roles === undefined ? [] : ['--roles', options.roles]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const exited = new Promise<number | undefined>((resolve) =>
    child.once('exit', (code) => resolve(code ?? undefined)),
  )
  const { ports, log } = await readyPorts(child)
  const startMs = performance.now() - began
  return {
    ports,
    ca: await readFile(options.ca ?? join(folder, 'dev/ca.pem'), 'utf8'),
    folder,
    pid: child.pid ?? 0,
    log,
    exited,
    startMs,
    metric: async (name) => {
      const response = await fetch(`http://127.0.0.1:${ports.http}/metrics`)
      const lines = (await response.text()).split('\n')
      return lines
        .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
    },
    rss: async () => {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const { promise, resolve } = Promise.withResolvers<void>()
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
        await promise
      }
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A bench logs a few lines a message; what a test looks for is among the last. */
const MOST_LINES = 10_000

/** The ready line is the first JSON line that says so; log lines may come before it. */
async function readyPorts(child: ChildProcess): Promise<Pick<Daemon, 'ports' | 'log'>> {
  if (child.stdout === null) throw new Error('the daemon has no output')
  const lines = createInterface({ input: child.stdout })
  const { promise, resolve, reject } = Promise.withResolvers<Pick<Daemon, 'ports' | 'log'>>()
  const heard: string[] = []
  child.once('exit', (code) => reject(new Error(`the daemon ended with ${code} before it was ready`)))
  lines.on('line', (line) => {
    heard.push(line)
    if (heard.length > MOST_LINES) heard.shift()
    if (!line.startsWith('{"ready":true')) return
    const { ports }: { ports: Daemon['ports'] } = JSON.parse(line)
    resolve({ ports, log: () => heard.join('\n') })
  })
  return promise
}
