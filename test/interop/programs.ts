import { execFile, execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A missing program is passed over, except where everything is meant to be there. */
export function isMissing(program: string): boolean {
  if (process.env['CI']) return false
  try {
    execFileSync('sh', ['-c', `command -v ${program}`])
    return false
  } catch {
    return true
  }
}

/** A program on a terminal waits for keys as long as nobody presses them. */
const PATIENCE_MS = 30_000

/**
 * Presses keys in mutt or neomutt, on a terminal of its own; `folder` becomes its home. What it takes from the
 * terminal alone is typed when it has asked for it, one after the other. Rejects where it does not end.
 */
export async function pressIn(
  mutt: 'mutt' | 'neomutt',
  folder: string,
  settings: readonly string[],
  keys: string,
  answers: readonly (readonly [asked: string, typed: string])[] = [],
): Promise<void> {
  const rc = join(folder, `${mutt}rc`)
  const lines = [...QUIET, ...settings].map((setting) => `set ${setting}\n`)
  await writeFile(rc, `${lines.join('')}push "${keys}"\n`)
  const ran = promisify(execFile)('script', ['-qec', `${mutt} -n -F ${rc}`, '/dev/null'], {
    timeout: PATIENCE_MS,
    env: { ...process.env, TERM: 'xterm', HOME: folder },
  })
  let shown = ''
  const left = [...answers]
  ran.child.stdout?.on('data', (text: string) => {
    shown += text
    const [asked, answer] = left[0] ?? []
    if (asked === undefined || !shown.includes(asked)) return
    ran.child.stdin?.write(answer ?? '')
    left.shift()
    shown = ''
  })
  await ran
}

/** It asks nothing that the keys do not answer. */
const QUIET = [
  'abort_nosubject=no',
  'abort_unmodified=no',
  'confirmappend=no',
  'confirmcreate=no',
  'crypt_use_gpgme=no',
  'delete=yes',
  'editor=true',
  'mark_old=no',
  'move=no',
  'quit=yes',
  'ssl_force_tls=yes',
  'wait_key=no',
]
