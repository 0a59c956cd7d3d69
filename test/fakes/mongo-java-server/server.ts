/**
 * mongo-java-server as a second opinion beside the server of our own: in memory, outside a replica set, in a process of its
 * own. scripts/install-test-tools brings it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { environment } from '../../../config/environment.ts'
import { startRaisedProxy } from './raised-proxy.ts'

const LIBRARIES = join(environment.testTools, 'mongo-java-server/lib')
const MAIN = fileURLToPath(new URL('Main.java', import.meta.url))

/** It claims 8; a driver of today asks for 9 at least (MongoDB 4.4). */
const WIRE_VERSION = 9

export const mongoJavaServerIsHere = (): boolean => existsSync(LIBRARIES)

export interface MongoJavaServer extends AsyncDisposable {
  readonly port: number
  readonly uri: string
}

export async function startMongoJavaServer(): Promise<MongoJavaServer> {
  // One source file needs no compiler's output: java compiles it in memory.
  const child = spawn('java', ['-cp', join(LIBRARIES, '*'), MAIN], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const { value: line } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
  if (line === undefined) throw new Error('mongo-java-server ended before it listened')
  const proxy = await startRaisedProxy(Number(line), WIRE_VERSION)
  return {
    port: proxy.port,
    uri: `mongodb://127.0.0.1:${proxy.port}/?directConnection=true&retryWrites=false`,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]()
      child.stdin.end()
      await ended
    },
  }
}
