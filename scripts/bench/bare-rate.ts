import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { openSmtpSession } from '../client/smtp-session.ts'
import type { Daemon } from './daemon.ts'
import { PASSWORD, prepareMessages, RECIPIENT, SENDER } from './transactions.ts'

/** Messages a second that bare smtp-server accepts from the same clients, each synced to a file. */
export async function measureBareRate(daemon: Daemon, count: number, clients: number): Promise<number> {
  const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
  const script = new URL(`./bare-smtp${extension}`, import.meta.url)
  const child = spawn(process.execPath, [script.pathname, daemon.folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    child.once('exit', (code) => reject(new Error(`bare smtp-server ended with ${code}`)))
    createInterface({ input: child.stdout }).once('line', (line) => {
      const { port }: { port: number } = JSON.parse(line)
      resolve(port)
    })
    const port = await promise
    const messages = await prepareMessages(daemon, count)
    const sessions = await Promise.all(
      Array.from({ length: clients }, () =>
        openSmtpSession({ port, ca: daemon.ca }, { user: SENDER, password: PASSWORD }),
      ),
    )
    const began = performance.now()
    await Promise.all(
      sessions.map(async (session) => {
        for (let message = messages.pop(); message !== undefined; message = messages.pop()) {
          const answer = await session.send(message, { from: SENDER, to: [RECIPIENT] })
          if (!answer.startsWith('250')) throw new Error(answer)
        }
      }),
    )
    const seconds = (performance.now() - began) / 1000
    for (const session of sessions) await session[Symbol.asyncDispose]()
    return count / seconds
  } finally {
    child.kill('SIGTERM')
  }
}
