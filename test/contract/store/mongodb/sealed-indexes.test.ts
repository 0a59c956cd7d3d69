import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { StoreKeys } from '../../../../storage/encryption/store-key.ts'
import { openMongoStore } from '../../../../storage/mongodb/store.ts'
import type { Store } from '../../../../storage/port.ts'
import { type MongoServer, startMongoServer } from '../../../fakes/mongo-server/server.ts'
import { message } from '../material.ts'
import { Deathbed } from './doomed.ts'

/** A file name, as an index has it. */
const PLAIN = Buffer.from('gizli-sozlesme.pdf')
/** Too large for the mailbox document: the plan of its append, too, is a document of its own. */
const LARGE = Buffer.alloc(300_000, PLAIN)

let server: MongoServer
let deathbed: Deathbed

beforeAll(async () => {
  server = await startMongoServer()
  deathbed = new Deathbed(server)
})
afterAll(async () => {
  await deathbed[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

/** In whatever way a command carries octets. */
function holdsPlain(value: unknown): boolean {
  if (value instanceof Uint8Array) return Buffer.from(value).includes(PLAIN)
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some(holdsPlain)
}

/** As they go into a backup. */
async function indexesOf(store: Store): Promise<Buffer[]> {
  const indexes: Buffer[] = []
  for await (const record of store.copy.records())
    if (record.kind === 'message') indexes.push(Buffer.from(record.index))
  return indexes
}

test.each([
  ['small', PLAIN],
  ['large', LARGE],
])(
  'a %s index is sealed wherever it lies, and comes back from every place to which it goes',
  async (_, index) => {
    const { db, uri } = await deathbed.fresh()
    const keys = new StoreKeys([randomBytes(32)])
    let isTold = false
    const stop = server.onWrite({
      before: ({ body }) => {
        isTold = isTold || holdsPlain(body)
      },
    })
    await using store = await openMongoStore({ uri: uri(), now: 0, keys })
    const [one, other] = await Promise.all(
      ['A', 'B'].map((name) => store.mailboxes.create('a@hs98.kep.tr', name, {})),
    )
    await store.mailboxes.append(one!.id, { ...(await message(store, 'deliver/1')), index })
    await store.mailboxes.copy(one!.id, [1], other!.id, 1)
    await store.mailboxes.move(one!.id, [1], other!.id, 2)
    stop()
    for (const uid of [1, 2])
      expect(Buffer.from((await store.mailboxes.index(other!.id, uid))!)).toEqual(index)
    expect(await indexesOf(store)).toEqual([index, index])
    expect(isTold).toBe(false)
    const stored = await db.collection('indexes').find({}, { promoteBuffers: true }).toArray()
    expect(stored.map(({ sealed }) => sealed)).not.toContain(false)
    expect(stored.length).toBeGreaterThan(0)

    await using without = await openMongoStore({ uri: uri(), now: 0 })
    await expect(without.mailboxes.index(other!.id, 1)).rejects.toMatchObject({ code: 'CORRUPT' })
  },
)
