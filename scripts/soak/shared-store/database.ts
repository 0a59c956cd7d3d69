import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** The MongoDB of a run. */
export interface SoakDatabase extends AsyncDisposable {
  /** Names the database too. */
  readonly uri: string
  /** Which server it was, for the report. */
  readonly server: string
  /** Some commands fail from now on; undefined where the server cannot be told to. */
  readonly storm: ((seed: number) => Promise<void>) | undefined
  calm(): Promise<void>
  /** Commands that failed so far. */
  struck(): Promise<number>
}

/** Of each command. Hundreds go into one message, so a storm leaves few of them untouched. */
const PROBABILITY = 0.02
const OF_ALL = [
  { kind: 'drop-before' },
  { kind: 'drop-after' },
  { kind: 'delay', ms: 50 },
  { kind: 'delay', ms: 400, when: 'after' },
  { kind: 'not-primary-before' },
  { kind: 'not-primary-after' },
] as const
const OF_WRITES = [{ kind: 'write-concern-error' }, { kind: 'duplicate' }] as const

export function realDatabase(uri: string): SoakDatabase {
  const named = /^mongodb(\+srv)?:\/\/[^/]+\/[^?]/.test(uri)
  return {
    uri: named ? uri : withDatabase(uri),
    server: 'the MongoDB of --uri',
    storm: undefined,
    calm: async () => {},
    struck: async () => 0,
    [Symbol.asyncDispose]: async () => {},
  }
}

const withDatabase = (uri: string): string => uri.replace(/\/?(\?|$)/, `/openkep-soak-${randomUUID()}$1`)

/**
 * The wire server of this checkout as a process of its own. It belongs to the tests, which nothing of ours imports; so it is
 * started by its path, and spoken to in lines of JSON.
 */
export async function ownDatabase(): Promise<SoakDatabase> {
  const path = fileURLToPath(new URL('../../../test/fakes/mongo-server/process.ts', import.meta.url))
  const child = spawn(process.execPath, [path], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the wire server ended')
    const said: Record<string, unknown> = JSON.parse(value)
    if (said['error'] !== undefined) throw new Error(String(said['error']))
    return said
  }
  const { uri } = await answer()
  let last: Promise<unknown> = Promise.resolve()
  const order = (given: object): Promise<Record<string, unknown>> => {
    const told = last.then(() => {
      child.stdin.write(`${JSON.stringify(given)}\n`)
      return answer()
    })
    last = told.catch(() => {})
    return told
  }
  return {
    uri: withDatabase(String(uri)),
    server: "the checkout's own wire server",
    storm: async (seed) => {
      const chance = { do: 'random', seed, probability: PROBABILITY }
      await order({ ...chance, faults: OF_ALL, match: {} })
      await order({ ...chance, faults: OF_WRITES, match: { writes: true } })
    },
    calm: async () => void (await order({ do: 'clear' })),
    struck: async () => Number((await order({ do: 'tell' }))['struckInAll']),
    [Symbol.asyncDispose]: async () => {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined
      child.stdin.end()
      await ended
    },
  }
}
