import type { StoreKeys } from '../../../storage/encryption/store-key.ts'
import type { Store } from '../../../storage/port.ts'
import { openSqliteStore } from '../../../storage/sqlite/store.ts'
import type { Act } from './acts.ts'
import { checkSqlite } from './check-sums.ts'
import { apply, changesOf, type Facts } from './facts.ts'
import type { Ledger } from './ledger.ts'
import { observe } from './observe.ts'
import { performAct } from './perform-act.ts'

/**
 * Opens what is left of a store, and compares it with what was acknowledged; then it is written to, and must be in order
 * when it is closed.
 *
 * @returns what it holds, and what is wrong, a line each
 */
export async function checkOutcome(
  folder: string,
  keys: StoreKeys | undefined,
  ledger: Ledger,
): Promise<{ seen: Facts; wrong: string[] }> {
  let seen: Facts = new Map()
  try {
    const wrong: string[] = []
    {
      await using store = await openSqliteStore(folder, Date.now(), { keys, checkAtStart: 'always' })
      seen = await observe(store)
      wrong.push(...ledger.compare(seen))
      wrong.push(...(await goesOn(store, seen)))
    }
    await checkSqlite(folder)
    return { seen, wrong }
  } catch (error) {
    return { seen, wrong: [error instanceof Error ? (error.stack ?? error.message) : String(error)] }
  }
}

const NEW = 'after-the-cut'
const body = (size: number) => ({ seed: NEW, size })

/** One of each write that carries octets, small and large. */
const FURTHER: readonly Act[] = [
  { kind: 'mailbox', name: 'A' },
  { kind: 'accept', id: `${NEW}.1`, body: body(1_000), due: 1 },
  { kind: 'append', name: 'A', opId: `${NEW}.2`, body: body(300_000) },
  { kind: 'settle', id: `${NEW}.1`, slot: 'first', due: 1 },
  { kind: 'chain', from: 1, upTo: 2 },
  { kind: 'seal', from: 1, upTo: 2, body: body(70_000) },
  { kind: 'sweep' },
]

async function goesOn(store: Store, before: Facts): Promise<string[]> {
  const facts = new Map(before)
  for (const act of FURTHER) {
    await performAct(store, NEW, act)
    apply(facts, changesOf(facts, NEW, act))
  }
  const after = await observe(store)
  return [...facts]
    .filter(([name, value]) => after.get(name) !== value)
    .map(([name]) => `${name} is not there after further writes`)
}
