import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { DevelopmentFiles } from '../../server/development/files.ts'

/** A peer's server with TLS, as a process of its own, so that its CPU is not that of whoever is measured. */
export interface Front extends AsyncDisposable {
  readonly port: number
  /** From the end of the first message to the end of the last, where a count was given. */
  readonly seconds: Promise<number>
}

/** @param behind the port of a server without TLS to which it passes everything; 0: it swallows the mail itself */
export async function startFront(
  tls: DevelopmentFiles['tls'],
  behind: number,
  { port = 0, count = 0 }: { port?: number; count?: number } = {},
): Promise<Front> {
  const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
  const script = new URL(`./relay-front${extension}`, import.meta.url).pathname
  const argv = [script, tls.key, tls.certificate, `${port}`, `${behind}`, `${count}`]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const bound = Promise.withResolvers<number>()
  const seen = Promise.withResolvers<number>()
  seen.promise.catch(() => {}) // whoever gave no count does not wait for it
  child.once('exit', (code) => {
    const error = new Error(`the front ended with ${code}`)
    bound.reject(error)
    seen.reject(error)
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said: { port?: number; seconds?: number } = JSON.parse(line)
    if (said.port !== undefined) bound.resolve(said.port)
    if (said.seconds !== undefined) seen.resolve(said.seconds)
  })
  return {
    port: await bound.promise,
    seconds: seen.promise,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}
