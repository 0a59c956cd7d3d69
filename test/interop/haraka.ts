/** Haraka as a mail system in between: takes mail over STARTTLS, writes it anew its own way and passes it on over STARTTLS. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environment } from '../../config/environment.ts'
import { privateKeyPem } from '../../evidence/keys/generate.ts'
import { bind } from '../../server/listen.ts'
import { pemOf } from '../fakes/peer-entry.ts'
import type { Holder } from '../fakes/pki.ts'

const HOME = join(environment.testTools, 'haraka/node_modules/Haraka')
const PROGRAM = join(HOME, 'bin/haraka')

/** [RFC 7919 §A.1] */
const FFDHE2048 = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`

export const harakaIsHere = (): boolean => existsSync(PROGRAM)

export interface Haraka extends AsyncDisposable {
  readonly port: number
  /** What it logged. */
  log(): string
}

/** @param ports where the mail of each domain goes to, all on 127.0.0.1 */
export async function startHaraka(ports: Readonly<Record<string, number>>, holder: Holder): Promise<Haraka> {
  const folder = await mkdtemp(join(tmpdir(), 'openkep-haraka-'))
  const port = await freePort()
  const routes = Object.entries(ports).map(
    ([domain, to]) => `[${domain}]\nhost=localhost\nport=${to}\nenable_tls=true\n`,
  )
  const files = {
    'config/me': 'haraka.test\n',
    'config/smtp.ini': `listen=127.0.0.1:${port}\nnodes=0\n`,
    'config/log.ini': '[main]\nlevel=protocol\nformat=default\n',
    'config/plugins': 'tls\ntake_all\nqueue/smtp_forward\n',
    'config/smtp_forward.ini': `host=127.0.0.1\nport=1\n${routes.join('')}`,
    'config/tls.ini': 'key=tls_key.pem\ncert=tls_cert.pem\n',
    'config/dhparams.pem': FFDHE2048, // else it looks for a prime for minutes
    'config/tls_key.pem': privateKeyPem(holder.key),
    'config/tls_cert.pem': pemOf(holder.certificate),
    // Whoever passes mail on for known parties judges nobody.
    'plugins/take_all.js': "'use strict'\nexports.hook_rcpt = (next) => next(OK)\n",
  }
  await mkdir(join(folder, 'config'))
  await mkdir(join(folder, 'plugins'))
  await copyFile(join(HOME, 'config/connection.ini'), join(folder, 'config/connection.ini')) // its defaults
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const child = spawn(process.execPath, [PROGRAM, '-c', folder], { stdio: ['ignore', 'pipe', 'pipe'] })
  const heard: string[] = []
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await listening(child, heard)
  } catch (error) {
    await stop()
    throw error
  }
  return { port, log: () => heard.join(''), [Symbol.asyncDispose]: stop }
}

async function listening(child: ChildProcess, heard: string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      heard.push(text)
      if (heard.join('').includes('Listening on 127.0.0.1')) resolve()
    })
  child.once('exit', (code) => reject(new Error(`Haraka ended with ${code}:\n${heard.join('')}`)))
  await promise
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await bind(server, 0, '127.0.0.1')
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}
