/**
 * A store on a disk that fails: does one act after another as it is told by lines of JSON, and answers each with a line. It
 * has no handlers for what nobody caught: that ends it, and the test with it.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { StoreKeys } from '../../../storage/encryption/store-key.ts'
import { type Store, StoreError } from '../../../storage/port.ts'
import { openSqliteStore } from '../../../storage/sqlite/store.ts'
import type { WriterLimits } from '../../../storage/sqlite/writer-limits.ts'
import type { Act } from './acts.ts'
import { changesOf, type Facts } from './facts.ts'
import { FAULT_WRITER } from './fault-acts.ts'
import { hasHappened } from './ledger.ts'
import { observe } from './observe.ts'
import { performAct } from './perform-act.ts'

export interface FaultTask {
  readonly folder: string
  readonly replica: string | undefined
  readonly key: string | undefined
  readonly limits: Partial<WriterLimits>
}

export interface FaultOrder {
  readonly act: Act
  /** From 1 on it is repeated where it did not happen. */
  readonly attempt: number
  /** What was true before the act. */
  readonly facts: readonly (readonly [string, string])[]
}

/** `code` is the StoreError's, or undefined where it is no such error. */
export type FaultAnswer =
  | { readonly ok: true; readonly hadHappened: boolean }
  | { readonly ok: false; readonly code: string | undefined; readonly message: string }

async function answer(store: Store, { act, attempt, facts }: FaultOrder): Promise<FaultAnswer> {
  try {
    const before: Facts = new Map(facts)
    const hadHappened = attempt > 0 && hasHappened(changesOf(before, FAULT_WRITER, act), await observe(store))
    if (!hadHappened) await performAct(store, FAULT_WRITER, act, attempt)
    return { ok: true, hadHappened }
  } catch (error) {
    if (error instanceof StoreError) return { ok: false, code: error.code, message: error.message }
    return {
      ok: false,
      code: undefined,
      message: error instanceof Error ? (error.stack ?? '') : String(error),
    }
  }
}

async function serve(): Promise<void> {
  let store: Store | undefined
  for await (const line of createInterface({ input: process.stdin })) {
    if (store === undefined) {
      const { folder, replica, key, limits }: FaultTask = JSON.parse(line)
      const keys = key === undefined ? undefined : new StoreKeys([Buffer.from(key, 'hex')])
      store = await openSqliteStore(folder, Date.now(), { keys, replica, limits })
      writeSync(1, `${JSON.stringify({ ok: true, hadHappened: false })}\n`)
    } else writeSync(1, `${JSON.stringify(await answer(store, JSON.parse(line)))}\n`)
  }
}

await serve()
