import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMongoStore } from '../../../../storage/mongodb/store.ts'
import { type MongoServer, startMongoServer } from '../../../fakes/mongo-server/server.ts'
import { message } from '../material.ts'
import { Deathbed } from './doomed.ts'

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

test.each(['A', 'B', 'C'])(
  'what is moved while the mailbox %s is read is in the copy once',
  async (which) => {
    const { db, uri } = await deathbed.fresh()
    {
      await using reader = await openMongoStore({ uri: uri('reader'), now: 0 })
      await using person = await openMongoStore({ uri: uri('person'), now: 0 })
      const ids = new Map<string, string>()
      for (const name of ['A', 'B', 'C']) {
        const { id } = await person.mailboxes.create('u', name, {})
        ids.set(name, id)
        await person.mailboxes.append(id, await message(person, `in ${name}`))
      }
      const moves: Promise<unknown>[] = []
      // Right before its messages are asked for, the last one's goes to the first, and the other way round.
      const remove = server.faults.rule(({ client, command, collection, body }) => {
        const filter = body['filter'] as { mailbox?: string } | undefined
        if (client !== 'reader' || command !== 'find' || collection !== 'messages') return undefined
        if (filter?.mailbox !== ids.get(which)) return undefined
        remove()
        const [a, c] = [ids.get('A')!, ids.get('C')!]
        moves.push(person.mailboxes.move(c, [1], a, 7).then(() => person.mailboxes.move(a, [1], c, 8)))
        return { kind: 'delay', ms: 150 }
      })
      const records = await Array.fromAsync(reader.copy.records())
      expect(moves).toHaveLength(1)
      await Promise.all(moves)
      const bodies = records.flatMap((record) => (record.kind === 'message' ? [record.row.body.hash] : []))
      expect(bodies).toHaveLength(3)
      expect(new Set(bodies).size).toBe(3)
    }
    await db.dropDatabase()
  },
)

test.each(['die-before', 'die-after'] as const)(
  'a mover that stops half way, at any of its writes (%s): the message is in the copy once',
  async (death) => {
    for (let step = 1; ; step++) {
      const { db, uri } = await deathbed.fresh()
      await using reader = await openMongoStore({ uri: uri('reader'), now: 0 })
      const [a, b] = [
        await reader.mailboxes.create('u', 'A', {}),
        await reader.mailboxes.create('u', 'B', {}),
      ]
      await reader.mailboxes.append(a.id, await message(reader, 'in a'))
      // After A was read, and before B is.
      let died: Promise<boolean> | undefined
      const remove = server.faults.rule(({ client, command, collection, body }) => {
        const filter = body['filter'] as { mailbox?: string } | undefined
        if (client !== 'reader' || command !== 'find' || collection !== 'messages') return undefined
        if (filter?.mailbox !== b.id) return undefined
        remove()
        died = deathbed.dies(uri, (store) => store.mailboxes.move(a.id, [1], b.id, 7), step, death)
        return { kind: 'delay', ms: 150 }
      })
      const records = await Array.fromAsync(reader.copy.records())
      const bodies = records.flatMap((record) => (record.kind === 'message' ? [record.row.body.hash] : []))
      expect(bodies).toHaveLength(1)
      const hasDied = await died
      await db.dropDatabase()
      if (hasDied === true) continue
      expect(step).toBeGreaterThan(3)
      return
    }
  },
)
