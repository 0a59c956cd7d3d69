import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { stage } from './material.ts'
import { stores } from './stores.ts'

/** Either side of where a blob is kept in a row or in a file. */
const SIZES = [1000, 200_000]

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
      const ref = await under.store.blobs.save(staged, 'archive')
      const store = await under.reopen()
      expect(octets.equals(await store.blobs.read(ref))).toBe(true)
      for (const [start, end] of [
        [Math.floor(size / 3), Math.floor(size / 2)],
        [0, 0],
        [size, size],
        [Math.max(0, size - 1), size],
      ] as const)
        expect(octets.subarray(start, end).equals(await store.blobs.read(ref, { start, end }))).toBe(true)
      for await (const piece of store.blobs.open(ref)) expect(piece.length).toBeLessThanOrEqual(1_048_576)
    },
  )

  test('a staged blob is read by range before it has a name, and after', async () => {
    await using under = await open()
    for (const size of SIZES) {
      const octets = randomBytes(size)
      const staged = await stage(under.store, octets)
      const range = { start: 10, end: 900 }
      for (let time = 0; time < 2; time++) {
        const read = Buffer.concat(await Array.fromAsync(staged.open(range)))
        expect(read.equals(octets.subarray(10, 900))).toBe(true)
        await under.store.blobs.save(staged, 'archive')
      }
    }
  })

  test.each(SIZES)('no octets beyond the ends of a blob of %i', async (size) => {
    await using under = await open()
    const ref = await under.store.blobs.save(await stage(under.store, Buffer.alloc(size)), 'archive')
    for (const [start, end] of [
      [-1, 1],
      [0, size + 1],
      [5, 4],
    ] as const)
      await expect(under.store.blobs.read(ref, { start, end })).rejects.toMatchObject({
        code: 'NO_SUCH_BLOB',
      })
  })

  test.each(SIZES)(
    'what is discarded leaves nothing, and takes nothing of the same content: %i',
    async (size) => {
      await using under = await open()
      const write = () => stage(under.store, Buffer.alloc(size, 7))
      const [kept, discarded, never] = [
        await write(),
        await write(),
        await stage(under.store, randomBytes(size)),
      ]
      const ref = await under.store.blobs.save(kept, 'archive')
      await discarded.discard()
      await discarded.discard()
      await kept.discard()
      await never.discard()
      expect((await under.store.blobs.read(ref)).length).toBe(size)
      await expect(under.store.blobs.save(never, 'archive')).rejects.toMatchObject({ code: 'NO_SUCH_BLOB' })
      await under.store.blobs.save(kept, 'archive')
      await expect(under.store.blobs.read(never.ref)).rejects.toMatchObject({ code: 'NO_SUCH_BLOB' })
    },
  )

  test('of the same octets saved many times at once, none is lost', async () => {
    await using under = await open()
    for (const size of SIZES) {
      const octets = randomBytes(size)
      const staged = await Promise.all(Array.from({ length: 8 }, () => stage(under.store, octets)))
      const refs = await Promise.all(staged.map((blob) => under.store.blobs.save(blob, 'archive')))
      expect(new Set(refs.map((ref) => ref.hash)).size).toBe(1)
      expect(octets.equals(await under.store.blobs.read(refs[0]!))).toBe(true)
    }
  })

  test.each(SIZES)(
    'the limit is kept while writing %i, and nothing comes of what was beyond it',
    async (limit) => {
      await using under = await open()
      const writer = under.store.blobs.create(limit)
      await writer.write(Buffer.alloc(limit))
      await expect(writer.write(Buffer.alloc(1))).rejects.toMatchObject({ code: 'BLOB_TOO_LARGE' })
      await expect(writer.finish()).rejects.toMatchObject({ code: 'BLOB_TOO_LARGE' })
      await writer.abort()
      await writer.abort()
    },
  )

  test('what was aborted, or begun and never finished, is gone after a restart', async () => {
    await using under = await open()
    const aborted = under.store.blobs.create(1_000_000)
    await aborted.write(Buffer.alloc(200_000))
    await aborted.abort()
    const left = under.store.blobs.create(1_000_000)
    await left.write(Buffer.alloc(200_000))
    await left.finish()
    await under.reopen()
  })

  describe.each(SIZES)('of %i octets, damaged on disk', (size) => {
    test.each([
      ['gone', undefined, 'NO_SUCH_BLOB'],
      ['cut short', (octets: Uint8Array) => octets.subarray(0, size - 1), 'CORRUPT'],
      ['grown', (octets: Uint8Array) => Buffer.concat([octets, Buffer.alloc(1)]), 'CORRUPT'],
      [
        'one bit turned',
        (octets: Uint8Array) => octets.map((octet, i) => (i === 500 ? octet ^ 1 : octet)),
        'CORRUPT',
      ],
    ] as const)('%s', async (_, to, code) => {
      await using under = await open()
      const ref = await under.store.blobs.save(await stage(under.store, randomBytes(size)), 'archive')
      await under.damage(ref, to)
      await expect(under.store.blobs.read(ref)).rejects.toMatchObject({ name: 'StoreError', code })
      if (code === 'NO_SUCH_BLOB')
        await expect(under.store.blobs.read(ref, { start: 0, end: 0 })).rejects.toMatchObject({ code })
    })
  })
})
