/** The answer to a command with all that a member of a replica set adds to it. */
import { Binary, Long } from 'bson'
import { CommandError, type ErrorCode, isRetryable, nameOf } from './command-error.ts'
import type { Call } from './commands/arguments.ts'
import { run } from './commands.ts'
import type { Data } from './data.ts'
import type { Doc } from './document.ts'

/** Commands that fail are answered too; only what is wrong with the server itself says so. */
export async function answerTo(call: Call): Promise<Doc> {
  try {
    return { ...(await run(call)), ok: 1 }
  } catch (error) {
    if (error instanceof CommandError) return failure(call.body, error.code, error.message, error.details)
    return {
      ok: 0,
      code: 1,
      codeName: 'InternalError',
      errmsg: error instanceof Error ? error.stack : `${error}`,
    }
  }
}

/** With the labels by which a driver knows that it may try again. */
export function failure(body: Doc, code: ErrorCode, message: string, details: Doc = {}): Doc {
  return { ok: 0, code, codeName: nameOf(code), errmsg: message, ...details, ...labels(body, code) }
}

export const notPrimary = (body: Doc): Doc => failure(body, 10107, 'not primary')

export function withWriteConcernError(answer: Doc, body: Doc, code: 64 | 91): Doc {
  const errmsg = 'waiting for replication timed out'
  return { ...answer, writeConcernError: { code, codeName: nameOf(code), errmsg }, ...labels(body, code) }
}

function labels(body: Doc, code: ErrorCode): Doc {
  const errorLabels = [
    ...(isRetryable(code) && body['txnNumber'] !== undefined ? ['RetryableWriteError'] : []),
    ...(isRetryable(code) && body['getMore'] !== undefined ? ['ResumableChangeStreamError'] : []),
  ]
  return errorLabels.length === 0 ? {} : { errorLabels }
}

export function withTime(answer: Doc, { log }: Data): Doc {
  const operationTime = log.timeOf(log.last)
  const signature = { hash: new Binary(Buffer.alloc(20)), keyId: Long.ZERO }
  return { ...answer, operationTime, $clusterTime: { clusterTime: operationTime, signature } }
}
