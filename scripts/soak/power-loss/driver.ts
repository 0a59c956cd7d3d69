/**
 * Writes to a store until it is killed, and says of each act when it began and when it was answered. Told what to do by
 * one line of JSON, which may come long after the start: by then everything is loaded.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { StoreKeys } from '../../../storage/encryption/store-key.ts'
import { openSqliteStore } from '../../../storage/sqlite/store.ts'
import { Chooser } from './choose-act.ts'
import { apply, changesOf, type Facts } from './facts.ts'
import { performAct } from './perform-act.ts'
import { Random } from './random.ts'

export interface DriverTask {
  readonly folder: string
  readonly replica: string | undefined
  /** Hex; undefined: in the clear. */
  readonly key: string | undefined
  readonly seed: number
  /** A number that no earlier run on this store had. */
  readonly run: string
  readonly writers: number
  readonly facts: readonly (readonly [string, string])[]
}

/** Synchronously: what stands in this process's memory when it is killed was not answered. */
const say = (...words: readonly unknown[]): void => {
  writeSync(1, `${JSON.stringify(words)}\n`)
}

async function write(task: DriverTask): Promise<void> {
  const { folder, replica, key, seed, run, writers } = task
  const keys = key === undefined ? undefined : new StoreKeys([Buffer.from(key, 'hex')])
  const store = await openSqliteStore(folder, Date.now(), { keys, replica })
  say('open')
  const facts: Facts = new Map(task.facts)
  const lane = async (index: number): Promise<never> => {
    const writer = `w${index}`
    const chooser = new Chooser(new Random(seed + index), writer, run)
    for (;;) {
      const act = chooser.next(facts)
      say('begin', writer, act)
      await performAct(store, writer, act)
      apply(facts, changesOf(facts, writer, act))
      say('done', writer)
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, index) => lane(index)))
}

const lines = createInterface({ input: process.stdin })
lines.once('line', (line) => {
  const task: DriverTask = JSON.parse(line)
  void write(task)
})
say('ready')
