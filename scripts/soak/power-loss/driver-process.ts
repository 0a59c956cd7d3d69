import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { DiskLibrary, Lie, WatchedDisk } from './disk.ts'
import type { DriverTask } from './driver.ts'
import type { Ledger } from './ledger.ts'

const DRIVER = fileURLToPath(new URL('driver.ts', import.meta.url))

/** A process that waits for its task with everything loaded, so that the next cut need not wait for its start. */
export class DriverProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  readonly #words: string[] = []
  /** It has opened its store. */
  readonly opened: Promise<void>

  constructor(disk: WatchedDisk, library: DiskLibrary, lie: Lie | undefined) {
    // The `env` program becomes the driver, so the process to kill is this one.
    const words = [...disk.environment(library, lie), process.execPath, DRIVER]
    this.#child = spawn('env', words, { stdio: ['pipe', 'pipe', 'inherit'] })
    const closed = once(this.#child, 'close')
    this.#closed = closed
    // It is killed with its input open.
    this.#child.stdin?.on('error', () => {})
    if (this.#child.stdout === null) throw new Error('the driver has no output')
    const lines = createInterface({ input: this.#child.stdout })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.opened = promise
    lines.on('line', (line) => {
      this.#words.push(line)
      if (line === '["open"]') resolve()
    })
  }

  begin(task: DriverTask): void {
    this.#child.stdin?.write(`${JSON.stringify(task)}\n`)
  }

  /** As a power cut would, and all that it said until then. */
  async kill(ledger: Ledger): Promise<void> {
    if (this.#child.exitCode !== null) throw new Error(`the driver ended with ${this.#child.exitCode}`)
    this.#child.kill('SIGKILL')
    await this.#closed
    for (const line of this.#words) ledger.hear(JSON.parse(line))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
  }
}
