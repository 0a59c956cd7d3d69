import { setTimeout } from 'node:timers/promises'
import { type Daemon, startDaemon } from '../../bench/daemon.ts'
import type { Where } from '../../client/smtp-session.ts'
import type { Findings } from './findings.ts'

/** Every role on at least two of them. */
export const ROLES = {
  a: 'submission,issue,ops',
  b: 'submission,peer,issue',
  c: 'imap,issue,relay',
  d: 'imap,peer,relay,ops',
} as const
export type MachineName = keyof typeof ROLES

/** A start against a database that is faulted is refused; whoever watches over daemons tries again. */
const STARTS = 40
const BETWEEN_STARTS_MS = 500

export interface MachineFiles {
  readonly folder: string
  readonly config: string
  readonly ca: string
}

/** One process of the provider: it is killed, and starts again where it was. */
export class Machine {
  readonly name: MachineName
  readonly logs: string[] = []
  refusedStarts = 0
  #daemon: Daemon | undefined
  readonly #files: MachineFiles
  readonly #findings: Findings
  readonly #isFaulted: () => boolean

  constructor(name: MachineName, files: MachineFiles, findings: Findings, isFaulted: () => boolean) {
    this.name = name
    this.#files = files
    this.#findings = findings
    this.#isFaulted = isFaulted
  }

  /** Undefined while it is down. */
  where(listener: 'submissions' | 'imaps'): Where | undefined {
    return this.#daemon && { port: this.#daemon.ports[listener], ca: this.#daemon.ca }
  }

  async start(): Promise<void> {
    for (let time = 1; ; time++) {
      const wasFaulted = this.#isFaulted()
      try {
        this.#watch(await startDaemon({ ...this.#files, roles: ROLES[this.name] }))
        return
      } catch (error) {
        this.refusedStarts++
        if (!wasFaulted && !this.#isFaulted())
          this.#findings.broken('endedByThemselves', `${this.name} at its start: ${error}`)
        if (time === STARTS) throw error
      }
      await setTimeout(BETWEEN_STARTS_MS)
    }
  }

  #watch(daemon: Daemon): void {
    this.#daemon = daemon
    void daemon.exited.then((code) => {
      if (this.#daemon !== daemon) return
      this.#daemon = undefined
      this.logs.push(daemon.log())
      this.#findings.broken('endedByThemselves', `${this.name} ended with ${code}`)
    })
  }

  /** False where it was down already. */
  async kill(): Promise<boolean> {
    const daemon = this.#daemon
    if (daemon === undefined) return false
    this.#daemon = undefined
    process.kill(daemon.pid, 'SIGKILL')
    await daemon.exited
    this.logs.push(daemon.log())
    return true
  }

  /** As an operator does it: it drains, and ends with 0. */
  async stop(): Promise<void> {
    const daemon = this.#daemon
    if (daemon === undefined) return
    this.#daemon = undefined
    await daemon[Symbol.asyncDispose]()
    this.logs.push(daemon.log())
    const code = await daemon.exited
    this.#findings.expect(
      code === 0,
      'endedByThemselves',
      () => `${this.name} drained and ended with ${code}`,
    )
  }
}
