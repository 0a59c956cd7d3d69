import { spawnSync } from 'node:child_process'
import { environment } from '../../../config/environment.ts'

/** Without a compiler there is no disk that fails; on a machine that tests by itself it has to be there. */
export const hasCompiler =
  environment.continuous || spawnSync('gcc', ['--version'], { stdio: 'ignore' }).status === 0
