/** Runs the openssl program in a folder of its own. A missing program fails the test: it is not skipped. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export class OpensslFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'openkep-openssl-'))

  file(name: string): string {
    return join(this.path, name)
  }

  write(name: string, content: Uint8Array | string): string {
    writeFileSync(this.file(name), content)
    return this.file(name)
  }

  read(name: string): Buffer {
    return readFileSync(this.file(name))
  }

  /** Standard output; throws with what the program said where it fails. */
  run(...args: readonly string[]): string {
    return execFileSync('openssl', args, {
      cwd: this.path,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
