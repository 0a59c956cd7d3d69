import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = new URL('../../../test/interop/power-loss/power-loss.c', import.meta.url)

/** What does the work of a disk in the tests: see `power-loss.c`. */
export interface DiskLibrary {
  readonly path: string
}

export function compileDisk(folder: string): DiskLibrary {
  const path = join(folder, 'power-loss.so')
  const options = ['-shared', '-fPIC', '-O2', '-Wall', '-Wextra', '-U_FORTIFY_SOURCE', '-o', path]
  execFileSync('gcc', [...options, fileURLToPath(SOURCE), '-ldl', '-lpthread'])
  return { path }
}

/** Syncs that are skipped, to see that their absence is found. */
export type Lie = 'wal' | 'folders'

/** A folder as the process sees it, and beside it what is durable of it. */
export class WatchedDisk {
  readonly live: string
  readonly image: string
  readonly faults: string

  constructor(folder: string) {
    for (const name of ['live', 'image/files', 'image/folders'])
      mkdirSync(join(folder, name), { recursive: true })
    const root = realpathSync(folder)
    this.live = join(root, 'live')
    this.image = join(root, 'image')
    this.faults = join(root, 'faults')
    writeFileSync(this.faults, '')
    this.work()
  }

  /** `NAME=value` words for the `env` program, for a process that uses this disk. */
  environment(library: DiskLibrary, lie?: Lie): string[] {
    return [
      `LD_PRELOAD=${library.path}`,
      'UV_USE_IO_URING=0',
      `POWER_LOSS_WATCH=${this.live}`,
      `POWER_LOSS_IMAGE=${this.image}`,
      `POWER_LOSS_FAULTS=${this.faults}`,
      ...(lie === undefined ? [] : [`POWER_LOSS_LIES=${lie}`]),
    ]
  }

  /** As long as no process has looked at it. */
  empty(): void {
    rmSync(this.live, { recursive: true })
    mkdirSync(this.live)
  }

  /** From now on the call that is the nth to change something fails; `lasting`: and all after it. */
  fail(fault: { nth: number; error: number; lasting: boolean }): void {
    this.#set(fault.nth, fault.error, fault.lasting ? 1 : 0)
  }

  /** Nothing fails any more. */
  work(): void {
    this.#set(0, 0, 0)
  }

  /** Since the last fault was set: calls that change something, and how many of them failed. */
  get calls(): { count: number; failed: number } {
    const octets = readFileSync(this.faults)
    return { count: octets.readUInt32LE(12), failed: octets.readUInt32LE(16) }
  }

  #set(...numbers: [nth: number, error: number, lasting: number]): void {
    writeFileSync(this.faults, new Uint8Array(new Uint32Array([...numbers, 0, 0]).buffer), { flag: 'r+' })
  }
}
