import { randomBytes } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { StoreKeys } from '../../../storage/encryption/store-key.ts'
import { checkOutcome } from './check-outcome.ts'
import type { WatchedDisk } from './disk.ts'
import type { DriverProcess } from './driver-process.ts'
import type { Facts } from './facts.ts'
import { Ledger } from './ledger.ts'
import { Random } from './random.ts'
import { Reconstruction } from './reconstruct.ts'

/** Until the cut, ms: of most lives from the moment on that the store is open, of the others from the order to open it. */
const OPEN_MS = { least: 0, most: 350 }
const OPENING_MS = { least: 10, most: 250 }
const CUT_AT_OPENING = 0.2
const MOST_WRITERS = 16
const COPY_SHARE = 0.3

export interface Outcome {
  readonly counts: Readonly<Record<'acknowledged' | 'underWay' | 'opened' | 'sealed' | 'withCopy', number>>
  readonly taken: Reconstruction['counts']
  readonly wrong: readonly string[]
}

/** One store, through several cuts. */
export class StoreLine {
  readonly hasCopy: boolean
  readonly key: Buffer | undefined
  readonly #writers: number
  readonly #ledger = new Ledger()
  cuts = 0

  constructor(random: Random) {
    this.key = random.chance(0.5) ? randomBytes(32) : undefined
    this.hasCopy = random.chance(COPY_SHARE)
    this.#writers = random.whole(1, MOST_WRITERS)
  }

  /** Lets the driver write and kills it; what may be left of the disk is checked in `scratch`, and goes on in `next`. */
  async cut({
    driver,
    disk,
    next,
    scratch,
    seed,
  }: {
    driver: DriverProcess
    disk: WatchedDisk
    next: WatchedDisk | undefined
    scratch: string
    seed: number
  }): Promise<Outcome> {
    const random = new Random(seed)
    const before = this.#ledger.acknowledged
    driver.begin({
      folder: join(disk.live, 'data/store'),
      replica: this.hasCopy ? join(disk.live, 'copy') : undefined,
      key: this.key?.toString('hex'),
      seed,
      run: String(++this.cuts),
      writers: this.#writers,
      facts: [...this.#ledger.facts],
    })
    const isOpening = random.chance(CUT_AT_OPENING)
    if (!isOpening) await driver.opened
    const life = isOpening ? OPENING_MS : OPEN_MS
    await setTimeout(random.whole(life.least, life.most))
    await driver.kill(this.#ledger)
    const { underWay, acknowledged } = this.#ledger
    const taken = new Reconstruction(disk, new Random(seed))
    taken.write(scratch)
    const folders = ['data/store', ...(this.hasCopy ? ['copy'] : [])]
    const keys = this.key && new StoreKeys([this.key])
    const wrong: string[] = []
    let first: Facts | undefined
    for (const name of folders) {
      const checked = await checkOutcome(join(scratch, name), keys, this.#ledger)
      first ??= checked.seen
      wrong.push(...checked.wrong.map((what) => `${name}: ${what}`))
    }
    rmSync(scratch, { recursive: true, force: true })
    if (first !== undefined) this.#ledger.adopt(first)
    if (next !== undefined && existsSync(disk.live))
      new Reconstruction(disk, new Random(seed)).write(next.live)
    const counts = {
      acknowledged: acknowledged - before,
      underWay,
      opened: folders.length,
      sealed: this.key === undefined ? 0 : 1,
      withCopy: this.hasCopy ? 1 : 0,
    }
    return { counts, taken: taken.counts, wrong }
  }
}
