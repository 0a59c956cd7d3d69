import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { StoreKeys } from '../../../../storage/encryption/store-key.ts'
import { openMongoStore } from '../../../../storage/mongodb/store.ts'
import { type MongoServer, startMongoServer } from '../../../fakes/mongo-server/server.ts'
import { stage } from '../material.ts'
import { Deathbed } from './doomed.ts'

/** So long a writer is kept from its next write: a whole save of the other fits into it. */
const LATE_MS = 60

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

test.each([
  ['small', 100, 'quick'],
  ['large', 300_000, 'quick'],
  ['small', 100, 'slower, once it has looked'],
  ['large', 300_000, 'slower, once it has looked'],
])(
  'two bring one %s sealed body of %i octets, one slow before any of its writes, the other %s: both keep what can be read',
  async (_, size, other) => {
    const { db, uri } = await deathbed.fresh()
    const keys = new StoreKeys([randomBytes(32)])
    await using slow = await openMongoStore({ uri: uri('slow'), now: 0, keys })
    await using quick = await openMongoStore({ uri: uri('quick'), now: 0, keys })
    for (let step = 1; ; step++) {
      const octets = randomBytes(size)
      const [ours, theirs] = [await stage(slow, octets), await stage(quick, octets)]
      const { promise: isLate, resolve: late } = Promise.withResolvers<boolean>()
      const nthWrite = server.clients.written('slow') + step
      const stop = server.faults.next(
        { client: 'slow', nthWrite },
        { kind: 'delay', ms: LATE_MS, when: 'before' },
      )
      const unwatch = server.onWrite({
        before: (seen) => {
          if (seen.client === 'slow' && seen.nthWrite === nthWrite - 1) late(true)
        },
      })
      if (step === 1) late(true)
      const saving = slow.blobs.save(ours, `intake/slow${step}`).finally(() => late(false))
      const wasLate = await isLate
      const first = { client: 'quick', nthWrite: server.clients.written('quick') + 1 }
      const goOn =
        other === 'quick'
          ? () => {}
          : server.faults.next(first, { kind: 'delay', ms: 2 * LATE_MS, when: 'before' })
      await quick.blobs.save(theirs, `intake/quick${step}`)
      await saving
      stop()
      goOn()
      unwatch()
      expect(Buffer.from(await slow.blobs.read(ours.ref))).toEqual(octets)
      await quick.blobs.release(`intake/quick${step}`)
      await quick.blobs.sweep(99)
      expect(Buffer.from(await quick.blobs.read(ours.ref))).toEqual(octets)
      await slow.blobs.release(`intake/slow${step}`)
      await slow.blobs.sweep(99)
      await expect(slow.blobs.read(ours.ref)).rejects.toMatchObject({ code: 'NO_SUCH_BLOB' })
      if (wasLate) continue
      expect(step).toBeGreaterThan(2)
      break
    }
    expect(await db.collection('blobs').countDocuments()).toBe(0)
    expect(await db.collection('keepers').countDocuments()).toBe(0)
  },
)
