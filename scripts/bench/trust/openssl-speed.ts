import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Operations a second of one process. */
export interface OpensslSpeed {
  readonly version: string
  readonly 'rsa-2048': { readonly sign: number; readonly verify: number }
  readonly 'p-256': { readonly sign: number; readonly verify: number }
}

/** What the program says of itself here and now; undefined where it is not there. */
export async function opensslSpeed(): Promise<OpensslSpeed | undefined> {
  const version = (await linesOf(['version']))?.[0]
  const lines = await linesOf(['speed', '-seconds', '1', 'rsa2048', 'ecdsap256'])
  if (version === undefined || lines === undefined) return undefined
  const rates = (name: string): { sign: number; verify: number } => {
    // The last two columns of a row are signatures and checks a second.
    const columns =
      lines
        .find((line) => line.startsWith(name))
        ?.trim()
        .split(/\s+/) ?? []
    const [sign, verify] = columns.slice(-2).map(Number)
    if (sign === undefined || verify === undefined) throw new Error(`openssl speed says nothing of ${name}`)
    return { sign, verify }
  }
  return { version, 'rsa-2048': rates('rsa 2048 bits'), 'p-256': rates(' 256 bits ecdsa') }
}

async function linesOf(argv: readonly string[]): Promise<string[] | undefined> {
  const child = spawn('openssl', argv, { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null))
    child.once('close', resolve)
  })
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) lines.push(line)
  return (await ended) === 0 ? lines : undefined
}
