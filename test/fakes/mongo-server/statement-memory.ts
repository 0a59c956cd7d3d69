/**
 * Which statements of retryable writes were done, and what came of each: a driver that repeats a write (the same session,
 * the same number) is told so, and nothing is written again.
 */
import { CommandError } from './command-error.ts'
import { type Doc, isDoc } from './document.ts'
import { sortKey } from './sort-key.ts'

export interface Statements {
  /** Does it, unless this statement was done; what fails is not remembered. */
  once<T>(statement: number, act: () => T): T
}

export const forgetful: Statements = { once: (_, act) => act() }

export class StatementMemory {
  readonly #sessions = new Map<string, { number: bigint; done: Map<number, unknown> }>()

  of(body: Doc): Statements {
    const { lsid: session, txnNumber } = body
    if (!isDoc(session) || txnNumber === undefined) return forgetful
    const key = sortKey(session['id'])
    const number = BigInt(txnNumber as number | bigint)
    const known = this.#sessions.get(key)
    if (known !== undefined && number < known.number)
      throw new CommandError(225, `a write with a number above ${number} was begun in this session`)
    const { done } = known?.number === number ? known : { done: new Map<number, unknown>() }
    this.#sessions.set(key, { number, done })
    return {
      once: <T>(statement: number, act: () => T): T => {
        if (!done.has(statement)) done.set(statement, act())
        return done.get(statement) as T
      },
    }
  }

  forget(session: unknown): void {
    if (isDoc(session)) this.#sessions.delete(sortKey(session['id']))
  }
}
