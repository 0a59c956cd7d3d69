import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { openSqliteStore } from '../../../../storage/sqlite/store.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'
import { checkSqlite } from '../stores.ts'

const KILLS = 4
const ANSWERS_BEFORE_THE_KILL = 60

test('I1: kill -9 in the middle of appends: what was answered is there with its octets, pairs are whole, and counters are sums', async () => {
  using folder = new TemporaryFolder()
  const answered = new Map<number, string>()
  for (let run = 0; run < KILLS; run++) {
    const child = spawn(
      process.execPath,
      [new URL('append-until-killed.ts', import.meta.url).pathname, folder.path, `run${run}`],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const exited = once(child, 'exit')
    let answers = 0
    for await (const line of createInterface(child.stdout)) {
      const [uid = '', opId = ''] = line.split(' ')
      expect(answered.has(Number(uid))).toBe(false)
      answered.set(Number(uid), opId)
      if (++answers === ANSWERS_BEFORE_THE_KILL + run * 7) child.kill('SIGKILL')
    }
    expect((await exited)[1]).toBe('SIGKILL')

    await using store = await openSqliteStore(folder.path, Date.now())
    const box = (await store.mailboxes.byName('a', 'A'))!
    const rows = new Map((await store.mailboxes.page(box.id, 0, 99_999)).map((row) => [row.uid, row]))
    const indexes = new Set<string>()
    for (const uid of rows.keys())
      indexes.add(Buffer.from((await store.mailboxes.index(box.id, uid))!).toString())
    for (const index of indexes)
      if (/\/[ab]$/.test(index))
        expect(indexes).toContain(index.replace(/[ab]$/, (n) => (n === 'a' ? 'b' : 'a')))
    for (const [uid, opId] of answered) {
      expect(Buffer.from((await store.mailboxes.index(box.id, uid))!).toString()).toBe(`index of ${opId}`)
      const octets = Buffer.from(await store.blobs.read(rows.get(uid)!.body))
      expect(octets.subarray(0, opId.length).toString()).toBe(opId)
      rows.delete(uid)
    }
    // What was done and not answered may be there, whole: at most what was under way.
    expect(rows.size).toBeLessThanOrEqual((run + 1) * 16)
  }
  await checkSqlite(folder.path)
})
