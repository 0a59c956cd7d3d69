import { FAILURES, type FailureCode, MailError, replyText } from '../../mail/errors.ts'
import type { Verdict } from '../../plugins/api.ts'
import { StoreError } from '../../storage/port.ts'
import type { Events, ListenerName } from '../ops/events.ts'

/** Whoever is answered; its errors are counted. */
export interface Answered {
  errors: number
}

/**
 * Runs a handler so that it always ends in one answer: what throws is a 451 (452 where the disk is full) for the client
 * and an error for the operator, never the end of the process (I9). Who only makes errors is let go.
 */
export function answer<P extends Answered, T>(
  client: P | undefined,
  callback: (error: Error | null, value?: T) => void,
  handler: (client: P) => Promise<T>,
  parts: { readonly events: Events; readonly listener: ListenerName; readonly maxErrors: number },
): void {
  if (client === undefined) {
    callback(wireError('TEMPORARY'))
    return
  }
  const { events, listener, maxErrors } = parts
  handler(client).then(
    (value) => callback(null, value),
    (error: unknown) => {
      client.errors++
      if (isLostConnection(error)) events.socketError(listener, error)
      else if (!(error instanceof MailError)) events.internalError(listener, error)
      const told = error instanceof MailError ? wireError(error.code, error.told) : wireError(codeOf(error))
      // 421 makes smtp-server close.
      if (client.errors > maxErrors) told.responseCode = 421
      callback(told)
    },
  )
}

/** What is no refusal of ours is temporary, and a full disk is called by its name. */
const codeOf = (error: unknown): FailureCode =>
  error instanceof StoreError && error.code === 'FULL' ? 'DISK_FULL' : 'TEMPORARY'

export function wireError(code: FailureCode, told = ''): Error & { responseCode: number } {
  return Object.assign(new Error(replyText(code, told)), { responseCode: FAILURES[code].reply })
}

export function obey(verdict: Verdict): void {
  if (verdict.kind === 'refuse') throw new MailError(verdict.code, verdict.told)
}

/** The client left in the middle of a message: smtp-server destroys its stream then. */
const isLostConnection = (error: unknown): error is Error =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ECONNECTION' || error.code === 'ERR_STREAM_PREMATURE_CLOSE')
