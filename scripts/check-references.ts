#!/usr/bin/env node
/**
 * Each standard cited in the code as `[RFC 9051 §6.4.5]` has a row in docs/standards.md, and each file that
 * docs/standards.md names exists. So the table of standards can be trusted in both directions.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const table = readFileSync(join(root, 'docs/standards.md'), 'utf8')
const reference =
  /\[((?:RFC|TS|EN|TR|X\.|XAdES|XML|ITU|ISO|FIPS|PKCS|W3C)[^\]§]*?) ?(?:§[^\]]*|annex [^\]]*)\]/g

const faults: string[] = []
let count = 0
for (const file of globSync('{mail,config,storage,evidence,plugins,server,scripts}/**/*.ts', {
  cwd: root,
}).sort()) {
  if (file.includes('check-references')) continue
  readFileSync(join(root, file), 'utf8')
    .split('\n')
    .forEach((line, index) => {
      for (const match of line.matchAll(reference)) {
        count++
        const standard = (match[1] ?? '').trim()
        if (!table.includes(`| ${standard} |`))
          faults.push(`${file}:${index + 1}: [${standard}] has no row in docs/standards.md`)
      }
    })
}
for (const match of table.matchAll(
  /`((?:mail|config|storage|evidence|plugins|server|scripts|test)\/[^`*]+)`/g,
)) {
  if (!existsSync(join(root, match[1] ?? ''))) faults.push(`docs/standards.md: ${match[1]} does not exist`)
}
if (faults.length > 0) {
  console.error(faults.join('\n'))
  process.exit(1)
}
console.log(`references: ${count} citations, all in docs/standards.md`)
