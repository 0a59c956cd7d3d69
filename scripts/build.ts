#!/usr/bin/env node
/** Makes dist/ for the image and the package: types stripped by tsc, import paths rewritten to .js, settings copied. */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, globSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
rmSync(dist, { recursive: true, force: true })
const tsc = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
if (tsc.status !== 0) process.exit(1)
for (const file of globSync('config/*.yaml', { cwd: root })) {
  mkdirSync(join(dist, 'config'), { recursive: true })
  cpSync(join(root, file), join(dist, file))
}
for (const command of ['kepd', 'kepctl', 'demo']) chmodSync(join(dist, `scripts/${command}.js`), 0o755)
