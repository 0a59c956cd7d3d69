/** Whoever can reach the API may send anything: the daemon lives, and others are served. */
import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { configSchema } from '../../config/schema.ts'
import { systemClock } from '../../mail/clock.ts'
import { AccountDirectory } from '../../server/accounts/directory.ts'
import { PasswordThread } from '../../server/accounts/password-thread.ts'
import type { ApiParts } from '../../server/ops/api/api.ts'
import { ControlRefusal, callControl, NoDaemon } from '../../server/ops/api/client.ts'
import { startApi } from '../../server/ops/api/listener.ts'
import { startControl } from '../../server/ops/api/socket.ts'
import { MAX_REQUEST_OCTETS, NDJSON } from '../../server/ops/api/wire.ts'
import { operations } from '../../server/ops/operations/catalog.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { houseOf } from '../fakes/house.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const TOKEN = 'a'.repeat(40)
let stack: AsyncDisposableStack
let folder: TemporaryFolder
let path = ''
let parts: Omit<ApiParts, 'operatorOf'>
const errors: unknown[] = []
const judged: number[] = []

beforeEach(() => {
  errors.length = 0
  judged.length = 0
})
beforeAll(async () => {
  stack = new AsyncDisposableStack()
  folder = stack.use(new TemporaryFolder())
  path = folder.file('kepd.sock')
  const store = stack.use(await openSqliteStore(folder.path, Date.now()))
  const passwords = stack.use(new PasswordThread())
  parts = {
    operations: {
      directory: new AccountDirectory(store, passwords, 'hs98.kep.tr', systemClock),
      ...(await houseOf(store)),
      defaultQuota: 1,
      reload: () => Promise.reject(new Error('a secret detail')),
    },
    events: { internalError: (_where, error) => void errors.push(error) },
    verify: async (_name, { length }) => {
      judged.push(length)
      return { verdict: 'TOTAL-FAILED' } as never
    },
  }
  stack.use(await startControl(path, parts))
})
afterAll(() => stack.disposeAsync())

const list = () => callControl(path, 'account list', {}, () => {})

interface Asked {
  readonly port?: number
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Status and text of one answer. */
function ask(
  where: string,
  body: string | Buffer,
  { port, method = 'POST', headers = {} }: Asked = {},
): Promise<[number, string]> {
  const { promise, resolve, reject } = Promise.withResolvers<[number, string]>()
  const to = port === undefined ? { socketPath: path } : { host: '127.0.0.1', port }
  const asked = request(
    { ...to, method, path: where, headers: { 'content-type': 'application/json', ...headers } },
    async (response) => {
      const text = (await Array.fromAsync(response.setEncoding('utf8'))).join('')
      resolve([response.statusCode ?? 0, text])
    },
  )
  asked.on('error', reject)
  asked.end(body)
  return promise
}

const statusOf = async (...asked: Parameters<typeof ask>): Promise<number> => (await ask(...asked))[0]

test('the socket is the owner’s alone', () => {
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

describe('refused, and the next request is served', () => {
  test.each<[string, string, string | Buffer, number, string]>([
    ['no JSON', '/v1/account/list', 'junk', 400, 'BAD_ARGUMENTS'],
    ['nothing', '/v1/account/create', '', 400, 'BAD_ARGUMENTS'],
    ['a list', '/v1/account/list', '[1]', 400, 'BAD_ARGUMENTS'],
    ['a number', '/v1/account/list', '1', 400, 'BAD_ARGUMENTS'],
    ['fields that there are not', '/v1/account/list', '{"x":1}', 400, 'BAD_ARGUMENTS'],
    ['prototype in arguments', '/v1/account/list', '{"__proto__":{"limit":1}}', 400, 'BAD_ARGUMENTS'],
    [
      'constructor in arguments',
      '/v1/account/list',
      '{"constructor":{"prototype":{}}}',
      400,
      'BAD_ARGUMENTS',
    ],
    ['octets that are no text', '/v1/account/list', Buffer.from([0xff, 0xfe]), 400, 'BAD_ARGUMENTS'],
    ['deep nesting', '/v1/account/list', '['.repeat(30_000), 400, 'BAD_ARGUMENTS'],
    ['too much', '/v1/account/list', `"${'x'.repeat(MAX_REQUEST_OCTETS)}"`, 413, 'TOO_LARGE'],
    ['a name of Object.prototype', '/v1/__proto__', '{}', 404, 'UNKNOWN_OPERATION'],
    ['constructor', '/v1/constructor', '{}', 404, 'UNKNOWN_OPERATION'],
    ['a path that climbs', '/v1/account/../../etc/passwd', '{}', 404, 'UNKNOWN_OPERATION'],
    ['octets that are no path', '/v1/%ff', '{}', 400, ''],
    ['an empty file', '/v1/verify', '', 400, 'BAD_ARGUMENTS'],
  ])('%s', async (_, where, body, status, code) => {
    const [answered, text] = await ask(where, body)
    expect([answered, text]).toEqual([status, expect.stringContaining(code)])
    expect(await list()).toHaveProperty('accounts')
    expect(errors).toEqual([])
  })

  test('another method, another type', async () => {
    expect(await statusOf('/v1/account/list', '', { method: 'GET' })).toBe(404)
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(await statusOf('/v1/account/create', 'a=b', { headers: form })).toBe(415)
    expect(errors).toEqual([])
  })

  test('connections that stay half-open', async () => {
    const idle = Array.from({ length: 20 }, () => connect(path))
    await Promise.all(idle.map((socket) => once(socket, 'connect')))
    for (const socket of idle) socket.write('POST /v1/account/list HTTP/1.1\r\nContent-Le')
    expect(await list()).toHaveProperty('accounts')
    for (const socket of idle) socket.destroy()
  })

  test('a client that goes away before its answer', async () => {
    for (let index = 0; index < 50; index++) {
      const socket = connect(path)
      socket.on('error', () => {})
      await once(socket, 'connect')
      socket.write(
        `POST /v1/archive/check HTTP/1.1\r\nHost: x\r\nAccept: ${NDJSON}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
      )
      socket.destroy()
    }
    expect(await list()).toHaveProperty('accounts')
  })

  test('more files to judge at once than there is room for', async () => {
    let go: () => void = () => {}
    const wait = new Promise<void>((resolve) => {
      go = resolve
    })
    const waiting = { ...parts, verify: () => wait.then(() => ({ verdict: 'TOTAL-FAILED' }) as never) }
    await using listening = await startControl(folder.file('second.sock'), waiting)
    void listening
    const before = path
    path = folder.file('second.sock')
    const two = [ask('/v1/verify', 'x'), ask('/v1/verify', 'x')]
    const third = await ask('/v1/verify', 'x').then(async ([status]) => {
      for (let tries = 0; status !== 429 && tries < 50; tries++) [status] = await ask('/v1/verify', 'x')
      return status
    })
    go()
    expect([third, (await two[0])?.[0], (await two[1])?.[0]]).toEqual([429, 200, 200])
    path = before
  })
})

test('an error that nobody foresaw is logged, and its text stays inside', async () => {
  const refused = callControl(path, 'reload', {}, () => {})
  await expect(refused).rejects.toBeInstanceOf(ControlRefusal)
  await expect(refused).rejects.not.toThrow('a secret detail')
  expect(errors).toHaveLength(1)
})

test('without a daemon the client says so', async () => {
  await expect(callControl(`${path}.none`, 'account list', {}, () => {})).rejects.toBeInstanceOf(NoDaemon)
})

describe('on loopback, with tokens', () => {
  const listen = async (text = TOKEN) => {
    writeFileSync(folder.file('token'), `${text}\n`)
    const tokens = [{ name: 'portal', file: folder.file('token') }]
    return stack.use(await startApi({ port: 0, host: ['127.0.0.1', '::1'], tokens }, parts))
  }
  const account = JSON.stringify({ address: 'ali@hs98.kep.tr', holder: 'Ali' })

  test.each([
    ['none', {}],
    ['another', { authorization: `Bearer ${'b'.repeat(40)}` }],
    ['the beginning of it', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['basic', { authorization: `Basic ${Buffer.from(`portal:${TOKEN}`).toString('base64')}` }],
    ['an empty one', { authorization: 'Bearer ' }],
  ])('%s: nothing is told, not even what there is', async (_, headers) => {
    const { port } = await listen()
    for (const where of ['/v1/account/create', '/v1/verify', '/v1/nothing'])
      expect(await statusOf(where, account, { port, headers })).toBe(401)
    expect(await statusOf('/v1/openapi.json', '', { port, headers, method: 'GET' })).toBe(401)
    expect(await list()).toHaveProperty('accounts')
    expect(judged).toEqual([])
  })

  test('with it, changes are recorded under its name', async () => {
    const { port } = await listen()
    const headers = { authorization: `Bearer ${TOKEN}` }
    expect(await statusOf('/v1/account/create', account, { port, headers })).toBe(200)
    expect(await statusOf('/v1/account/create', account, { port, headers })).toBe(409)
    expect((await parts.operations.eventLog.list({}, 0, 100)).at(-2)).toMatchObject({
      what: 'account create',
      by: { operator: 'portal' },
    })
    expect(await ask('/v1/verify', 'octets', { port, headers })).toEqual([
      200,
      '{"result":{"verdict":"TOTAL-FAILED"}}',
    ])
    expect(judged).toEqual([6])
  })

  test('a token that a person could guess is refused at the start', async () => {
    await expect(listen('kisa')).rejects.toThrow(/at least 32/)
  })

  test.each(['0.0.0.0', '192.0.2.1', '::', 'localhost'])('%s is no loopback address', (host) => {
    const { api } = configSchema.shape
    const given = { host: [host], tokens: [{ name: 'x', file: 'y' }] }
    expect(api.safeParse(given).success).toBe(false)
  })
})

test('the document names every operation, and takes what the operation takes', async () => {
  const [status, text] = await ask('/v1/openapi.json', '', { method: 'GET' })
  expect(status).toBe(200)
  const document = JSON.parse(text) as { paths: Record<string, { post: { requestBody: object } }> }
  const names = Object.keys(operations).map((name) => `/v1/${name.replaceAll(' ', '/')}`)
  expect(Object.keys(document.paths).toSorted()).toEqual([...names, '/v1/verify'].toSorted())
  expect(JSON.stringify(document.paths['/v1/account/close'])).toContain('"required":["address","reason"]')
})
