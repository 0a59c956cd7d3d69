/** What a client costs that only waits: IDLE over TLS, beside TLS alone. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import type { Measured } from './dovecot.ts'
import { memoryOf } from './process-memory.ts'
import { RawClient } from './raw-client.ts'

const CONNECTIONS = 2_000
/** A process a client: enough of them to tell. */
const OF_DOVECOT = 200
/** So many connect at once. */
const TOGETHER = 20
/** What first connections alone need is there before it is counted. */
const WARM_UP = 50
/** Of the memory of TLS alone. */
const BOUND = 1.3
const SETTLE_MS = 3_000

export interface IdleFigures {
  readonly connections: number
  /** Octets a connection. */
  readonly idle: number
  readonly echo: number
  readonly ratio: number
  readonly bound: number
  readonly dovecot: number | undefined
}

export async function measureIdle(
  ours: Measured,
  dovecot: Measured | undefined,
  tls: { readonly key: string; readonly certificate: string },
): Promise<IdleFigures> {
  const echo = await measureEcho(tls, ours.ca)
  const idle = await perConnection(ours.pid, CONNECTIONS, () => idling(ours))
  return {
    connections: CONNECTIONS,
    idle,
    echo,
    ratio: Math.round((idle / echo) * 100) / 100,
    bound: BOUND,
    dovecot: dovecot && (await perConnection(dovecot.pid, OF_DOVECOT, () => idling(dovecot))),
  }
}

async function idling(server: Measured): Promise<AsyncDisposable> {
  const client = await RawClient.open(server)
  await client.command('SELECT INBOX')
  await client.beginIdle()
  return client
}

async function measureEcho(
  tls: { readonly key: string; readonly certificate: string },
  ca: string,
): Promise<number> {
  const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
  const script = new URL(`./echo-server${extension}`, import.meta.url).pathname
  const child = spawn(process.execPath, ['--max-semi-space-size=2', script, tls.key, tls.certificate], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const { promise, resolve } = Promise.withResolvers<number>()
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line).port))
    const port = await promise
    return await perConnection(child.pid ?? 0, CONNECTIONS, () => echoed(port, ca))
  } finally {
    child.kill('SIGTERM')
  }
}

/** One that has given back as much as a login says. */
async function echoed(port: number, ca: string): Promise<AsyncDisposable> {
  const socket: TLSSocket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca })
  socket.on('error', () => {})
  socket.write(`${'x'.repeat(500)}\r\n`)
  await new Promise((resolve) => socket.once('data', resolve))
  return { [Symbol.asyncDispose]: async () => void socket.destroy() }
}

async function perConnection(
  pid: number,
  count: number,
  open: () => Promise<AsyncDisposable>,
): Promise<number> {
  await using connections = new AsyncDisposableStack()
  const openSome = async (many: number) => {
    for (let done = 0; done < many; done += TOGETHER)
      for (const one of await Promise.all(Array.from({ length: TOGETHER }, open))) connections.use(one)
    await setTimeout(SETTLE_MS)
  }
  await openSome(WARM_UP)
  const before = await memoryOf(pid)
  await openSome(count)
  return Math.round(((await memoryOf(pid)) - before) / count)
}
