import { Worker } from 'node:worker_threads'
import { type Clock, systemClock } from '../../mail/clock.ts'
import type { AuthorityData, AuthorityReply, AuthorityRequest } from './authority-thread.ts'

export interface Authority extends AsyncDisposable {
  readonly port: number
  readonly urls: { readonly tsa: string; readonly crl: string }
}

/** How often the thread is told of a clock that is not the system's; it cannot see the caller's own. */
const CLOCK_PERIOD_MS = 50

/**
 * Starts the development CA's list and TSA. `folder` is the data folder, its certificates are there already. Port 0 lets
 * the system choose. Rejects where the port is taken or a key cannot be read.
 */
export async function startAuthority(
  folder: string,
  { port, host, clock }: { readonly port: number; readonly host: string; readonly clock: Clock },
): Promise<Authority> {
  const offset = (): number => clock.now().getTime() - Date.now()
  const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
  const worker = new Worker(new URL(`./authority-thread${extension}`, import.meta.url), {
    workerData: { folder, port, host, offset: clock === systemClock ? 0 : offset() } satisfies AuthorityData,
  })
  const chosen = await listening(worker).catch(async (error) => {
    await worker.terminate()
    throw error
  })
  // Failures after the start show as a TSA that does not answer, which the caller handles for any TSA.
  worker.on('error', () => {})
  const follow =
    clock === systemClock
      ? undefined
      : setInterval(() => {
          worker.postMessage({ offset: offset() } satisfies AuthorityRequest)
        }, CLOCK_PERIOD_MS).unref()
  const base = `http://${host.includes(':') ? `[${host}]` : host}:${chosen}`
  return {
    port: chosen,
    urls: { tsa: `${base}/tsa`, crl: `${base}/ca.crl` },
    [Symbol.asyncDispose]: async () => {
      clearInterval(follow)
      await worker.terminate()
    },
  }
}

function listening(worker: Worker): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  worker.once('message', (reply: AuthorityReply) => {
    if ('port' in reply) resolve(reply.port)
    else reject(new Error(`the development authority cannot listen: ${reply.error}`))
  })
  worker.once('error', reject)
  worker.once('exit', () => reject(new Error('the development authority ended')))
  return promise
}
