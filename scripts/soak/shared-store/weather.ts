import { setTimeout } from 'node:timers/promises'
import type { Chance } from './chance.ts'
import type { SoakDatabase } from './database.ts'
import type { Machine } from './machines.ts'

/** From one restart to the next kill, and how long the database is faulted or well in turn, ms. */
const LIFE_MS = { least: 2_000, most: 8_000 }
const STORM_MS = { least: 2_000, most: 6_000 }
const CALM_MS = { least: 3_000, most: 8_000 }
/** A fault that was struck shows its effect a little later. */
const AFTERMATH_MS = 3_000

/** What goes wrong around the provider: its machines are killed, its database fails. */
export class Weather {
  kills = 0
  #storming = false
  #worse = Number.NEGATIVE_INFINITY
  #isDown = false

  /** Whether the database fails, or did a moment ago. */
  isFaulted = (): boolean => this.#storming || performance.now() - this.#worse < AFTERMATH_MS

  /** Whether nothing went wrong since. */
  wasCalmSince(time: number): boolean {
    return !this.#storming && !this.#isDown && this.#worse + AFTERMATH_MS < time
  }

  /** Kills any machine, any time, until it is over or that many were killed; returns when all are alive again. */
  async kill(machines: readonly Machine[], chance: Chance, over: AbortSignal, most: number): Promise<void> {
    while (this.kills < most) {
      await rest(chance.between(LIFE_MS.least, LIFE_MS.most), over)
      if (over.aborted) return
      await this.#killOne(chance.one(machines))
    }
  }

  async #killOne(victim: Machine): Promise<void> {
    this.#isDown = true
    if (await victim.kill()) this.kills++
    await victim.start()
    this.#isDown = false
    this.#worse = performance.now()
  }

  async fault({ storm, calm }: SoakDatabase, chance: Chance, over: AbortSignal): Promise<void> {
    if (storm === undefined) return
    while (!over.aborted) {
      await rest(chance.between(CALM_MS.least, CALM_MS.most), over)
      if (over.aborted) return
      this.#storming = true
      await storm(Math.floor(chance.next() * 2 ** 31))
      await rest(chance.between(STORM_MS.least, STORM_MS.most), over)
      await calm()
      this.#worse = performance.now()
      this.#storming = false
    }
  }
}

/** Resolves early where it is over. */
export const rest = async (ms: number, over: AbortSignal): Promise<void> => {
  await setTimeout(ms, undefined, { signal: over }).catch(() => {})
}
