#!/usr/bin/env node
/**
 * Puts `kepd` and `kepctl` of this checkout into node_modules/.bin, so that `npx kepctl` runs the source as it
 * stands. The package's own `bin` points into dist/, because types are not stripped under node_modules.
 */
import { chmodSync, existsSync, rmSync, symlinkSync } from 'node:fs'

for (const name of ['kepd', 'kepctl']) {
  const source = new URL(`./${name}.ts`, import.meta.url)
  const bin = new URL('../node_modules/.bin/', import.meta.url)
  if (!existsSync(source) || !existsSync(bin)) continue
  chmodSync(source, 0o755)
  const link = new URL(name, bin)
  rmSync(link, { force: true })
  symlinkSync(`../../scripts/${name}.ts`, link)
}
