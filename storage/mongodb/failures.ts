import { MongoError, MongoServerError } from 'mongodb'
import { StoreError } from '../port.ts'

/** A unique value is taken. */
export const DUPLICATE_KEY = 11_000
/** A document over 16 MiB: refused by the server under several numbers, by the driver as an argument. */
const TOO_LARGE = new Set([10_334, 17_419, 17_420])
/** A resumable view of the past is gone, or the server is no replica set: hints come by polling then. */
const NO_STREAM = new Set([40_573, 136, 286, 280, 59])

/** The server does not know the command, or we may not give it. */
const REFUSED = new Set([59, 13])

const codeOf = (error: unknown): number =>
  error instanceof MongoServerError && typeof error.code === 'number' ? error.code : 0

export const isDuplicate = (error: unknown): boolean => codeOf(error) === DUPLICATE_KEY
export const isRefused = (error: unknown): boolean => REFUSED.has(codeOf(error))
export const isWithoutStream = (error: unknown): boolean => NO_STREAM.has(codeOf(error))

/** What the driver says, as a failure of the port: callers know no driver. */
export function failureOf(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause
  if (TOO_LARGE.has(codeOf(cause)) || isTooLargeHere(cause))
    return new StoreError('TOO_LARGE_A_ROW', 'a document of over 16 MiB', { cause })
  return new StoreError('UNAVAILABLE', textOf(cause), { cause })
}

/**
 * Everything else means the same to a caller: it may or may not have happened. No connection, no primary, a primary that
 * stepped down, a majority that did not confirm in time.
 */
function textOf(cause: unknown): string {
  if (!(cause instanceof MongoError)) return `MongoDB: ${String(cause)}`
  const code = codeOf(cause)
  return `MongoDB: ${cause.message} (${cause.name}${code === 0 ? '' : ` ${code}`})`
}

const isTooLargeHere = (cause: unknown): boolean =>
  cause instanceof Error && /larger than the maximum size|offset.*out of range/i.test(cause.message)

/** How often a write whose answer was lost is looked for; a fail-over takes about this many times the wait. */
const LOOKS = 4
const WAIT_MS = 150

/**
 * A write whose answer may be lost. Where it is, `look` says what became of it: `undefined` where it is surely not there,
 * and that is told as the failure it was. Where nobody answers, neither do we.
 */
export async function settled<T>(write: () => Promise<T>, look: () => Promise<T | undefined>): Promise<T> {
  try {
    return await write()
  } catch (failure) {
    if (!(failure instanceof StoreError) || failure.code !== 'UNAVAILABLE') throw failure
    for (let time = 1; ; time++) {
      try {
        const found = await look()
        if (found !== undefined) return found
        throw failure
      } catch (error) {
        const isSilent = error instanceof StoreError && error.code === 'UNAVAILABLE' && error !== failure
        if (!isSilent || time === LOOKS) throw error
      }
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS * time))
    }
  }
}

/** A read is asked again where the connection was lost; what it answers has no memory of the first time. */
export async function again<T>(read: () => Promise<T>): Promise<T> {
  for (let time = 1; ; time++) {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'UNAVAILABLE' || time === LOOKS) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS * time))
  }
}
