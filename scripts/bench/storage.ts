import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environment } from '../../config/environment.ts'
import { openMongoStore } from '../../storage/mongodb/store.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { type AcceptFigures, measureAccepts } from './accepts.ts'
import { type LargeStoreFigures, measureLargeStore } from './large-store.ts'

const CONNECTIONS = [1, 16, 64] as const
/** Of SQLite alone; and ms at the most connections. */
const BOUND = { ratioToBare: 0.7, loopDelayP99Ms: 10 }
/** With a hundred times as many what is done first may take so many times as long, and as many ms where it takes none. */
const MAY_GROW = 5
const NO_TIME_MS = 10

export interface StorageFigures {
  readonly accepts: readonly AcceptFigures[]
  readonly bound: typeof BOUND
  /** Where MONGODB_URI names one: for information. */
  readonly mongodb: readonly AcceptFigures[] | 'no MONGODB_URI'
  readonly large: LargeStoreFigures
}

export async function measureStorage(note: (text: string) => void): Promise<StorageFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'openkep-bench-'))
  try {
    const accepts: AcceptFigures[] = []
    for (const connections of CONNECTIONS) {
      note(`accepting, ${connections} at once`)
      await using store = await openSqliteStore(join(folder, `store-${connections}`), 1)
      accepts.push(await measureAccepts(store, folder, connections))
    }
    return {
      accepts,
      bound: BOUND,
      mongodb: await overMongo(folder, note),
      large: await measureLargeStore(folder, note),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function overMongo(folder: string, note: (text: string) => void): Promise<StorageFigures['mongodb']> {
  const uri = environment.mongodb
  if (uri === undefined) return 'no MONGODB_URI'
  const figures: AcceptFigures[] = []
  for (const connections of CONNECTIONS) {
    note(`accepting in MongoDB, ${connections} at once`)
    await using store = await openMongoStore({ uri, now: Date.now() })
    figures.push(await measureAccepts(store, folder, connections))
  }
  return figures
}

export function missedInStorage({ accepts, large }: StorageFigures): string[] {
  const grown = [
    ['open', large.openMs],
    ['first page', large.firstPageMs],
    ['claim', large.claimMs],
    ['next due', large.nextDueMs],
    ['backlog', large.backlogMs],
  ] as const
  return [
    ...accepts
      .filter(({ ratioToBare }) => ratioToBare < BOUND.ratioToBare)
      .map(({ connections }) => `accepts of ${connections}`),
    ...accepts
      .filter(
        ({ connections, loopDelayP99Ms }) => connections === 64 && loopDelayP99Ms > BOUND.loopDelayP99Ms,
      )
      .map(() => 'loop delay'),
    ...grown.filter(([, { few, many }]) => many > Math.max(few, NO_TIME_MS) * MAY_GROW).map(([what]) => what),
  ]
}
