/** A folder that is gone with the test that made it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export class TemporaryFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'openkep-'))

  file(...names: string[]): string {
    return join(this.path, ...names)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
