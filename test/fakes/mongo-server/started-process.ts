/** Starts the server in a process of its own, and gives it orders. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Order, Told } from './orders.ts'

export interface StartedProcess extends AsyncDisposable {
  readonly port: number
  readonly uri: string
  order(order: Order): Promise<void>
  tell(): Promise<Told>
}

export async function startMongoProcess(
  options: readonly '--refuse-change-streams'[] = [],
): Promise<StartedProcess> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('process.ts', import.meta.url)), ...options], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<unknown> => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the server ended')
    const said: { error?: string } = JSON.parse(value)
    if (said.error !== undefined) throw new Error(said.error)
    return said
  }
  const { port, uri } = (await answer()) as { port: number; uri: string }
  /** One order at a time, so that each has its own answer. */
  let last: Promise<unknown> = Promise.resolve()
  const ask = (order: Order): Promise<unknown> => {
    const asked = last.then(() => {
      child.stdin.write(`${JSON.stringify(order)}\n`)
      return answer()
    })
    last = asked.catch(() => {})
    return asked
  }
  return {
    port,
    uri,
    order: async (order) => void (await ask(order)),
    tell: async () => (await ask({ do: 'tell' })) as Told,
    [Symbol.asyncDispose]: async () => {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined
      child.stdin.end()
      await ended
    },
  }
}
