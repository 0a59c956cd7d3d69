import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scanWithClamd } from '../../plugins/clamd-client.ts'
import { checkWithRspamd } from '../../plugins/rspamd-client.ts'
import { type ClamdManner, EVIL, startClamd, startRspamd } from '../fakes/scanners.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const never = new AbortController().signal

async function* pieces(...octets: (string | Buffer)[]) {
  for (const piece of octets) yield Buffer.from(piece)
}
async function* large() {
  for (let number = 0; number < 64; number++) yield Buffer.alloc(1_048_576, number)
}
async function* broken() {
  yield Buffer.from('Merhaba')
  throw new RangeError('the store is away')
}

describe('clamd', () => {
  const asked = async (manner?: ClamdManner, content = pieces('Merhaba'), signal = never) => {
    await using clamd = await startClamd(manner)
    return await scanWithClamd({ host: '127.0.0.1', port: clamd.port }, content, signal)
  }

  test('finds what is there, in the octets as they are; empty pieces end nothing', async () => {
    await using clamd = await startClamd()
    const place = { host: '127.0.0.1', port: clamd.port }
    expect(await scanWithClamd(place, pieces('Mer', '', 'haba'), never)).toBeUndefined()
    expect(await scanWithClamd(place, pieces(EVIL.slice(0, 9), EVIL.slice(9)), never)).toBe('Kep.Deneme')
    expect(clamd.seen.map(String)).toEqual(['Merhaba', EVIL])
  })

  test('over a Unix socket, and 64 MB', async () => {
    using folder = new TemporaryFolder()
    const path = join(folder.path, 'clamd.ctl')
    await using clamd = await startClamd(undefined, path)
    expect(await scanWithClamd({ path }, large(), never)).toBeUndefined()
    expect(clamd.seen[0]?.length).toBe(64 * 1_048_576)
  })

  test.each<[string, ClamdManner, string | undefined]>([
    ['in pieces', { says: ['stre', 'am: A', ' FOU', 'ND\0'] }, 'A'],
    ['with more behind it', { says: ['stream: OK\0stream: A FOUND\0'] }, undefined],
    ['found before the end', { atOnce: 'stream: A FOUND\0' }, 'A'],
  ])('an answer %s', async (_, manner, found) => expect(await asked(manner, large())).toBe(found))

  test.each<[string, ClamdManner, string]>([
    ['hangs up', 'hangs up', 'AWAY'],
    ['ends in the middle', { says: ['stream: OK'] }, 'AWAY'],
    ['says something else', { says: ['PONG\0'] }, 'GARBAGE'],
    ['says nothing', { says: ['\0'] }, 'GARBAGE'],
    ['says error', { says: ['INSTREAM: Can’t allocate memory ERROR\0'] }, 'GARBAGE'],
    ['ends no line', 'endless', 'GARBAGE'],
    ['has enough', { atOnce: 'INSTREAM size limit exceeded. ERROR\0' }, 'SIZE_LIMIT'],
    ['has seen enough to call it clean', { atOnce: 'stream: OK\0' }, 'GARBAGE'],
  ])('that %s is no verdict', async (_, manner, code) => {
    await expect(asked(manner, large())).rejects.toMatchObject({ name: 'ScanError', code })
  })

  test('that is not there', async () => {
    const clamd = await startClamd()
    await clamd[Symbol.asyncDispose]()
    const scan = scanWithClamd({ host: '127.0.0.1', port: clamd.port }, pieces('x'), never)
    await expect(scan).rejects.toMatchObject({ code: 'AWAY' })
  })

  test('that hangs is left when the time is up', async () => {
    const abort = new AbortController()
    setImmediate(() => abort.abort())
    await expect(asked('silent', large(), abort.signal)).rejects.toMatchObject({ code: 'AWAY' })
  })

  test('what cannot be read is not clean', async () => {
    await expect(asked(undefined, broken())).rejects.toThrow('the store is away')
  })
})

describe('rspamd', () => {
  const asked = async (
    answer?: (response: ServerResponse) => void,
    content = pieces('Merhaba'),
    signal = never,
  ) => {
    await using rspamd = await startRspamd(answer)
    return await checkWithRspamd(`http://127.0.0.1:${rspamd.port}`, content, signal)
  }
  const whole =
    (text: string, status = 200) =>
    (response: ServerResponse) => {
      response.req.resume().on('end', () => response.writeHead(status).end(text))
    }

  test('tells action and symbols', async () => {
    await using rspamd = await startRspamd()
    const url = `http://127.0.0.1:${rspamd.port}/`
    expect(await checkWithRspamd(url, pieces('Merhaba'), never)).toEqual({
      action: 'no action',
      symbols: new Set(),
    })
    expect(await checkWithRspamd(url, pieces(EVIL), never)).toEqual({
      action: 'reject',
      symbols: new Set(['CLAM_VIRUS']),
    })
    expect(await checkWithRspamd(url, large(), never)).toMatchObject({ action: 'no action' })
    expect(rspamd.seen.map(({ length }) => length)).toEqual([7, EVIL.length, 64 * 1_048_576])
  })

  test.each<[string, (response: ServerResponse) => void, string]>([
    ['is no JSON', whole('<html>'), 'GARBAGE'],
    ['has no action', whole('{"symbols":{}}'), 'GARBAGE'],
    ['has a list for symbols', whole('{"action":"reject","symbols":[1]}'), 'GARBAGE'],
    ['is an error', whole('{"action":"no action"}', 500), 'GARBAGE'],
    ['says that nobody looked', whole('{"action":"no action","is_skipped":true}'), 'SIZE_LIMIT'],
    ['comes before the end', (response) => response.end('{"action":"no action"}'), 'GARBAGE'],
    ['is cut off', (response) => void response.write('{"action"', () => response.destroy()), 'AWAY'],
    ['is none', (response) => void response.req.socket.destroy(), 'AWAY'],
    [
      'has no end',
      (response) => {
        response.req.resume()
        const more = setInterval(() => response.write('x'.repeat(100_000)), 1)
        response.on('close', () => clearInterval(more))
      },
      'GARBAGE',
    ],
  ])('an answer that %s is no verdict', async (_, answer, code) => {
    await expect(asked(answer, large())).rejects.toMatchObject({ name: 'ScanError', code })
  })

  test('that hangs is left when the time is up', async () => {
    const abort = new AbortController()
    const hanging = asked(() => setImmediate(() => abort.abort()), pieces('x'), abort.signal)
    await expect(hanging).rejects.toMatchObject({ code: 'AWAY' })
  })

  test('what cannot be read is not clean', async () => {
    await expect(asked(undefined, broken())).rejects.toThrow('the store is away')
  })
})
