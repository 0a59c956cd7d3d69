/** Hashes on one thread of its own, one at a time: a flood of logins delays logins and nothing else. */
import { parentPort } from 'node:worker_threads'
import { hashPassword, matches } from './password-hash.ts'

export type HashJob = { readonly id: number; readonly password: string; readonly against: string | undefined }
export type HashReply = {
  readonly id: number
  readonly hash?: string
  readonly match?: boolean
  readonly error?: string
}

const port = parentPort
if (port === null) throw new Error('this file is a thread')

port.on('message', ({ id, password, against }: HashJob) => {
  try {
    const reply: HashReply =
      against === undefined ? { id, hash: hashPassword(password) } : { id, match: matches(password, against) }
    port.postMessage(reply)
  } catch (error) {
    port.postMessage({
      id,
      error: error instanceof Error ? error.message : 'hashing failed',
    } satisfies HashReply)
  }
})
