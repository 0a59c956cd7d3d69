import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { StoreKeys } from '../../../storage/encryption/store-key.ts'
import type { Act } from './acts.ts'
import { checkOutcome } from './check-outcome.ts'
import type { DiskLibrary } from './disk.ts'
import { WatchedDisk } from './disk.ts'
import { FAULT_ACTS, FAULT_WRITER } from './fault-acts.ts'
import type { FaultAnswer } from './fault-driver.ts'
import { FaultProcess } from './fault-process.ts'
import { Ledger } from './ledger.ts'
import type { Random } from './random.ts'
import { Reconstruction } from './reconstruct.ts'

/** As in the product, but for a test that fails some thousand times and writes little. */
const LIMITS = { reopenMs: 20, carryOverAt: 50, beginAnewAt: 200 }
/** More than once something that failed is tried anew in vain, and another write refused. */
const TRIES_MEANWHILE = 3
/** Attempts after the disk works again, this many ms apart: what has failed is opened anew first. */
const ATTEMPTS = 100
const BETWEEN_MS = 10
/** Nothing has so many calls: they are counted, and none fails. */
const NEVER = 2 ** 32 - 1
const CLEAN = ['FULL', 'UNAVAILABLE']

export interface Fault {
  readonly error: number
  readonly lasting: boolean
}

export interface SweepCounts {
  /** Calls that failed by our word, and writes of the store that were answered with a failure. */
  failures: number
  refused: number
  repeated: number
}

/** One store on a disk that fails in one way, at each call of each kind of write. */
export class FaultSweep implements AsyncDisposable {
  readonly #disk: WatchedDisk
  readonly #process: FaultProcess
  readonly #key = randomBytes(32)
  readonly #ledger = new Ledger()
  readonly #fault: Fault
  #names = 0
  readonly counts: SweepCounts = { failures: 0, refused: 0, repeated: 0 }

  constructor(folder: string, library: DiskLibrary, fault: Fault) {
    this.#disk = new WatchedDisk(folder)
    this.#process = new FaultProcess(this.#disk, library)
    this.#fault = fault
  }

  async open(): Promise<void> {
    const folder = join(this.#disk.live, 'data/store')
    const key = this.#key.toString('hex')
    await this.#process.ask({ folder, replica: undefined, key, limits: LIMITS })
    for (const name of ['A', 'B']) await this.#must({ kind: 'mailbox', name })
  }

  /** `which` says at which of so many calls the disk fails. */
  async sweep(kind: string, which: (calls: number) => readonly number[]): Promise<void> {
    const calls = await this.#count(kind)
    for (const nth of which(calls)) {
      const act = await this.#prepare(kind)
      this.#disk.fail({ nth, ...this.#fault })
      const answer = await this.#try(act)
      if (!answer.ok && this.#fault.lasting) await this.#tryAnother()
      const { failed } = this.#disk.calls
      this.#disk.work()
      this.counts.failures += failed
      if (!answer.ok) await this.#repeat(act, answer, `${kind}, call ${nth} of ${calls}`)
      this.#ledger.hear(['done', FAULT_WRITER])
    }
  }

  /** The power goes too: what was acknowledged is there. */
  async end(scratch: string, random: Random): Promise<string[]> {
    await this.#process[Symbol.asyncDispose]()
    new Reconstruction(this.#disk, random).write(scratch)
    const keys = new StoreKeys([this.#key])
    return (await checkOutcome(join(scratch, 'data/store'), keys, this.#ledger)).wrong
  }

  async #count(kind: string): Promise<number> {
    const act = await this.#prepare(kind)
    this.#disk.fail({ nth: NEVER, error: 0, lasting: false })
    await this.#must(act)
    const { count } = this.#disk.calls
    this.#disk.work()
    return count
  }

  /** The last of its kind is made and not done. */
  async #prepare(kind: string): Promise<Act> {
    const makes = FAULT_ACTS[kind] ?? []
    const make = () => {
      const name = `${kind.replace(/\W/g, '')}-${this.#names++}`
      return (index: number) => makes[index]?.(this.#ledger.facts, name)
    }
    for (let index = 0; ; index++) {
      const act = make()(index)
      if (act === undefined) throw new Error(`nothing is called ${kind}`)
      if (index === makes.length - 1) return act
      await this.#must(act)
    }
  }

  async #must(act: Act): Promise<void> {
    const answer = await this.#try(act)
    if (!answer.ok) throw new Error(`${JSON.stringify(act)}: ${answer.message}`)
    this.#ledger.hear(['done', FAULT_WRITER])
  }

  async #try(act: Act, attempt = 0): Promise<FaultAnswer> {
    if (attempt === 0) this.#ledger.hear(['begin', FAULT_WRITER, act])
    const answer = await this.#process.ask({ act, attempt, facts: [...this.#ledger.facts] })
    if (answer.ok || CLEAN.includes(answer.code ?? '')) return answer
    throw new Error(`${JSON.stringify(act)} was answered ${answer.code}: ${answer.message}`)
  }

  /** While the disk fails whatever is asked is answered; nobody needs it afterwards. */
  async #tryAnother(): Promise<void> {
    const act: Act = { kind: 'sweep' }
    for (let tries = 0; tries < TRIES_MEANWHILE; tries++) {
      await setTimeout(LIMITS.reopenMs + 1)
      const answer = await this.#process.ask({ act, attempt: 0, facts: [] })
      if (!answer.ok && !CLEAN.includes(answer.code ?? ''))
        throw new Error(`${answer.code} for another: ${answer.message}`)
    }
  }

  /** The disk works again. */
  async #repeat(act: Act, failed: FaultAnswer & { ok: false }, where: string): Promise<void> {
    this.counts.refused++
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const answer = await this.#try(act, attempt)
      if (answer.ok) {
        if (answer.hadHappened && failed.code === 'FULL') throw new Error(`${where}: FULL, and it was done`)
        this.counts.repeated++
        return
      }
      failed = answer
      await setTimeout(BETWEEN_MS)
    }
    throw new Error(`${where} fails though the disk works: ${failed.code} ${failed.message}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]()
  }
}
