#!/usr/bin/env node
/**
 * Imports point inward only, drivers and crypto primitives stay in their rooms, and `process.env` is read in
 * config/ alone. The table below is the house; a file that breaks it is named with its line.
 */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** room → what of ours it may import. A room always may import itself. */
const inward: Record<string, readonly string[]> = {
  mail: [],
  config: [],
  'storage/port': ['mail'],
  storage: ['mail'],
  evidence: ['mail', 'storage/port'],
  plugins: ['mail', 'evidence/index', 'storage/port'],
  server: ['mail', 'evidence/index', 'storage/port', 'plugins', 'config'],
  'server/main': ['mail', 'evidence/index', 'storage', 'plugins', 'server', 'config'],
  // Reaches the readers behind the door, each by itself, with inputs that the tests' own authorities issue.
  'scripts/fuzz': ['mail', 'evidence', 'storage/port', 'server', 'test'],
  // Measures the trust core behind the door, each part of it by itself; a responder is the tests' own.
  'scripts/bench/trust': ['mail', 'evidence', 'server', 'test'],
  scripts: ['mail', 'evidence/index', 'storage', 'plugins', 'server', 'config'],
}

/** module → the rooms in which it may appear, and why. */
const fenced: Record<string, { rooms: readonly string[]; why: string }> = {
  'node:sqlite': {
    rooms: ['storage/sqlite', 'scripts/bench'],
    why: 'a database driver lives in one folder, and the bench measures it by itself',
  },
  mongodb: { rooms: ['storage/mongodb'], why: 'a database driver lives in one folder' },
  pkcs11js: { rooms: ['evidence/keys/pkcs11'], why: 'one thread owns what it loads' },
}

/** names of node:crypto that make or check a signature, a key or a password hash. */
const primitives =
  /\b(sign|verify|createSign|createVerify|createPrivateKey|createPublicKey|generateKeyPair\w*|X509Certificate)\b/

const files = globSync('{mail,config,storage,evidence,plugins,server,scripts}/**/*.ts', { cwd: root }).sort()
const faults: string[] = []

const roomOf = (path: string): string => {
  if (/^storage\/port(-[a-z]+)?\.ts$/.test(path)) return 'storage/port'
  if (path === 'server/main.ts') return 'server/main'
  for (const room of ['scripts/fuzz', 'scripts/bench/trust']) if (path.startsWith(`${room}/`)) return room
  return path.split('/')[0] ?? ''
}
const allows = (entry: string, target: string) =>
  entry.includes('/') ? target === `${entry}.ts` : target.startsWith(`${entry}/`)

for (const file of files) {
  const room = roomOf(file)
  const own = file.split('/')[0] ?? ''
  const text = readFileSync(join(root, file), 'utf8')
  text.split('\n').forEach((line, index) => {
    const at = `${file}:${index + 1}`
    const found = /(?:from|import|require|\(import\.meta\.url\))\s*\(?\s*'([^']+)'/.exec(line)?.[1]
    if (found?.startsWith('.')) {
      const target = normalize(join(dirname(file), found))
      const inside =
        target.startsWith(`${own}/`) && !(room === 'storage/port' && !target.startsWith('storage/port'))
      if (target === 'server/main.ts' && own === 'server')
        faults.push(`${at}: only scripts and tests start ${target}`)
      if (!inside && !(inward[room] ?? []).some((entry) => allows(entry, target)))
        faults.push(`${at}: ${room}/ may not import ${target}`)
    }
    const fence = found === undefined ? undefined : Object.hasOwn(fenced, found) ? fenced[found] : undefined
    if (fence && !fence.rooms.some((allowed) => file.startsWith(`${allowed}/`)))
      faults.push(`${at}: ${found} belongs to ${fence.rooms.join(', ')} (${fence.why})`)
    if (found === 'node:crypto' && own !== 'evidence' && primitives.test(line.replace(/from.*/, '')))
      faults.push(`${at}: signature and key primitives belong to evidence/`)
    if (found === 'node:crypto' && /argon2/.test(line) && !file.startsWith('server/accounts/'))
      faults.push(`${at}: password hashing belongs to server/accounts/`)
    if (
      /process\.env\b/.test(line) &&
      own !== 'config' &&
      !line.trimStart().startsWith('*') &&
      !file.startsWith('scripts/check-')
    )
      faults.push(`${at}: process.env is read in config/ only`)
  })
  const name = file.split('/').at(-1) ?? ''
  if (/^(utils?|helpers?|misc|common)\.ts$/.test(name))
    faults.push(`${file}: a file is named after the one thing in it`)
}

if (faults.length > 0) {
  console.error(faults.join('\n'))
  process.exit(1)
}
console.log(`imports point inward: ${files.length} files`)
