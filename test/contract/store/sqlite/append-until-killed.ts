/** Appends to the store in the folder it is given, and says which appends were answered, until it is killed. */
import { writeSync } from 'node:fs'
import { openSqliteStore } from '../../../../storage/sqlite/store.ts'
import { message, stage } from '../material.ts'

const AT_ONCE = 8
const [folder = '', run = ''] = process.argv.slice(2)

const store = await openSqliteStore(folder, Date.now())
const box = (await store.mailboxes.byName('a', 'A')) ?? (await store.mailboxes.create('a', 'A', {}))

await Promise.all(
  Array.from({ length: AT_ONCE }, async (_, writer) => {
    for (let i = 0; ; i++) {
      const opId = `${run}/${writer}/${i}`
      const large = i % 4 === 0 ? await stage(store, Buffer.alloc(70_000, opId)) : undefined
      const { uid } = await store.mailboxes.append(
        box.id,
        await message(store, opId, large === undefined ? {} : { body: large.ref, staged: [large] }),
      )
      if (i % 3 === 0) await store.mailboxes.store(box.id, [uid], { mode: 'add', flags: ['\\Seen'] })
      // Synchronously: what stands in this process's memory when it is killed was not answered.
      writeSync(1, `${uid} ${opId}\n`)
      if (i % 5 === 0) {
        const pair = [await message(store, `${opId}/a`), await message(store, `${opId}/b`)]
        const [a, b] = await store.mailboxes.appendAll(box.id, pair)
        writeSync(1, `${a?.uid} ${opId}/a\n${b?.uid} ${opId}/b\n`)
      }
    }
  }),
)
