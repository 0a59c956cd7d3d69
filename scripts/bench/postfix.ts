import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { environment } from '../../config/environment.ts'

const PLACES = [join(environment.testTools, 'bin'), '/usr/sbin', '/usr/bin']

/** Postfix's test programs; undefined where they are not installed. */
export interface Postfix {
  readonly source: string
  readonly sink: string
}

export function findPostfix(): Postfix | undefined {
  const [source, sink] = ['smtp-source', 'smtp-sink'].map((program) =>
    PLACES.map((place) => join(place, program)).find((path) => existsSync(path)),
  )
  return source === undefined || sink === undefined ? undefined : { source, sink }
}

/** Swallows mail on this port until it is disposed of. */
export async function startSink({ sink }: Postfix, port: number): Promise<AsyncDisposable> {
  // It refuses to run as root.
  const user = userInfo().uid === 0 ? ['-u', 'nobody'] : []
  const child = spawn(sink, [...user, `127.0.0.1:${port}`, '512'], { stdio: 'ignore' })
  const ended = exitOf(child)
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`smtp-sink ended with ${child.exitCode}`)
    await setTimeout(20)
  }
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Messages a second from smtp-source to the sink: the file's lines, over connections that stay open. */
export async function sourceRate(
  { source }: Postfix,
  options: { port: number; file: string; count: number; connections: number; from: string; to: string },
): Promise<number> {
  const { port, file, count, connections, from, to } = options
  const what = ['-d', '-s', `${connections}`, '-m', `${count}`, '-F', file, '-f', from, '-t', to]
  const began = performance.now()
  const code = await exitOf(spawn(source, [...what, `127.0.0.1:${port}`], { stdio: 'ignore' }))
  if (code !== 0) throw new Error(`smtp-source ended with ${code}`)
  return (count * 1000) / (performance.now() - began)
}

const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('data', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
    socket.once('data', () => socket.destroy())
  })
