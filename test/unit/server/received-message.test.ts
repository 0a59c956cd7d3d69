import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defaultMimeLimits } from '../../../mail/mime-part.ts'
import { receiveMessage } from '../../../server/received-message.ts'
import { openSqliteStore } from '../../../storage/sqlite/store.ts'

async function* pieces(message: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < message.length; at += size) yield message.subarray(at, at + size)
}

test('a tap sees every octet in order and its end; one that fails leaves nothing stored', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'openkep-receive-'))
  try {
    await using store = await openSqliteStore(folder, 1)
    const body = Buffer.alloc(200_000, 'govde\r\n')
    const message = Buffer.concat([Buffer.from('Subject: x\r\n\r\n'), body])
    const seen: Buffer[] = []
    let ended = 0
    const tap = {
      write: (chunk: Uint8Array) => void seen.push(Buffer.from(chunk)),
      end: async () => void ended++,
    }
    const options = { blobs: store.blobs, maxBytes: 1_000_000, limits: defaultMimeLimits }
    const received = await receiveMessage(pieces(message, 7_001), { ...options, taps: [tap] })
    expect(Buffer.concat(seen).equals(message)).toBe(true)
    expect(ended).toBe(1)
    expect(received.bodyDigest).toBe(createHash('sha256').update(body).digest('hex'))
    expect(received.staged.ref.hash).toBe(createHash('sha256').update(message).digest('hex'))
    await received.staged.discard()

    const failing = { write: () => Promise.reject(new Error('virus')), end: () => {} }
    await expect(receiveMessage(pieces(message, 7_001), { ...options, taps: [failing] })).rejects.toThrow(
      'virus',
    )
    expect(await readdir(join(folder, 'blobs/incoming'))).toEqual([])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
