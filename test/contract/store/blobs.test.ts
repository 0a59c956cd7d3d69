import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { stores } from './stores.ts'

describe.each(stores)('$name: blobs', ({ open }) => {
  test.each([0, 1, 65_536, 65_537, 3_000_000])(
    '%i octets come back, whole and by range, after a restart',
    async (size) => {
      await using under = await open()
      const octets = randomBytes(size)
      const writer = under.store.blobs.create(4_000_000)
      for (let at = 0; at < size; at += 50_000) await writer.write(octets.subarray(at, at + 50_000))
      const staged = await writer.finish()
      expect(staged.ref).toEqual({ hash: createHash('sha256').update(octets).digest('hex'), size })
      expect(Buffer.concat(await Array.fromAsync(staged.open())).equals(octets)).toBe(true)
      const ref = await under.store.blobs.save(staged)
      const store = await under.reopen()
      expect(octets.equals(await store.blobs.read(ref))).toBe(true)
      const range = { start: Math.floor(size / 3), end: Math.floor(size / 2) }
      expect(octets.subarray(range.start, range.end).equals(await store.blobs.read(ref, range))).toBe(true)
    },
  )

  test('what is discarded leaves nothing, and takes nothing that has the same content', async () => {
    await using under = await open()
    const write = async () => {
      const writer = under.store.blobs.create(1_000_000)
      await writer.write(Buffer.alloc(200_000, 7))
      return writer.finish()
    }
    const [kept, discarded] = [await write(), await write()]
    const ref = await under.store.blobs.save(kept)
    await discarded.discard()
    expect((await under.store.blobs.read(ref)).length).toBe(200_000)
  })

  test('the limit is kept while writing', async () => {
    await using under = await open()
    const writer = under.store.blobs.create(10)
    await writer.write(Buffer.alloc(10))
    await expect(writer.write(Buffer.alloc(1))).rejects.toMatchObject({ code: 'BLOB_TOO_LARGE' })
    await writer.abort()
  })
})
