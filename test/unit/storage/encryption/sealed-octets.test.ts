import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  DoesNotOpen,
  openSealed,
  openWhole,
  Sealer,
  seal,
  sealedSize,
} from '../../../../storage/encryption/sealed-octets.ts'

const CHUNK = 65_536
const SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17]
const key = randomBytes(32)

const range = async (sealed: Buffer, size: number, start: number, end: number) => {
  const read = async (from: number, to: number) => sealed.subarray(from, to)
  return Buffer.concat(await Array.fromAsync(openSealed(key, size, { start, end }, read)))
}

describe.each(SIZES)('%i octets', (size) => {
  const octets = randomBytes(size)
  const sealed = seal(key, octets)

  test('take as many as is said, and come back', () => {
    expect(sealed.length).toBe(sealedSize(size))
    expect(openWhole(key, size, sealed).equals(octets)).toBe(true)
  })

  test('come back by any range', async () => {
    for (const [start, end] of [
      [0, size],
      [0, 0],
      [size, size],
      [Math.floor(size / 2), size],
      [Math.min(size, CHUNK), Math.min(size, CHUNK + 1)],
      [Math.max(0, size - 1), size],
    ] as const)
      expect((await range(sealed, size, start, end)).equals(octets.subarray(start, end))).toBe(true)
  })

  test('are sealed the same in whatever pieces they come', () => {
    for (const piece of [1000, CHUNK, CHUNK + 1]) {
      const sealer = new Sealer(key)
      const pieces: Buffer[] = []
      for (let at = 0; at < size; at += piece) pieces.push(...sealer.update(octets.subarray(at, at + piece)))
      expect(Buffer.concat([...pieces, ...sealer.final()]).equals(sealed)).toBe(true)
    }
  })

  test('with any one bit turned do not open', async () => {
    for (const at of new Set([0, Math.floor(sealed.length / 2), sealed.length - 1])) {
      const turned = Buffer.from(sealed)
      turned[at] = (turned[at] ?? 0) ^ 1
      expect(() => openWhole(key, size, turned)).toThrow(DoesNotOpen)
      await expect(range(turned, size, 0, size)).rejects.toThrow(DoesNotOpen)
    }
  })
})

test('chunks that are exchanged, or cut off at the end, do not open', () => {
  const sealed = seal(key, randomBytes(3 * CHUNK))
  const chunk = (n: number) => sealed.subarray(n * (CHUNK + 16), (n + 1) * (CHUNK + 16))
  expect(() => openWhole(key, 3 * CHUNK, Buffer.concat([chunk(1), chunk(0), chunk(2)]))).toThrow(DoesNotOpen)
  // As if it had been two chunks from the beginning.
  expect(() => openWhole(key, 2 * CHUNK, Buffer.concat([chunk(0), chunk(1)]))).toThrow(DoesNotOpen)
  expect(() => openWhole(key, 3 * CHUNK, Buffer.concat([sealed, Buffer.alloc(1)]))).toThrow(DoesNotOpen)
  expect(() => openWhole(randomBytes(32), 3 * CHUNK, sealed)).toThrow(DoesNotOpen)
})
