/** Whoever can open the socket may send anything: the daemon lives, and others are served. */
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../mail/clock.ts'
import { AccountDirectory } from '../../server/accounts/directory.ts'
import { PasswordThread } from '../../server/accounts/password-thread.ts'
import { ControlRefusal, callControl, NoDaemon } from '../../server/ops/control-client.ts'
import { MAX_REQUEST_OCTETS } from '../../server/ops/control-protocol.ts'
import { startControl } from '../../server/ops/control-socket.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { houseOf } from '../fakes/house.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

let stack: AsyncDisposableStack
let path = ''
const errors: unknown[] = []

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  errors.length = 0
  const folder = stack.use(new TemporaryFolder())
  path = folder.file('kepd.sock')
  const store = stack.use(await openSqliteStore(folder.path, Date.now()))
  const passwords = stack.use(new PasswordThread())
  stack.use(
    await startControl(
      path,
      {
        directory: new AccountDirectory(store, passwords, 'hs98.kep.tr', systemClock),
        ...(await houseOf(store)),
        defaultQuota: 1,
        reload: () => Promise.reject(new Error('a secret detail')),
      },
      { internalError: (_where, error) => void errors.push(error) },
    ),
  )
})
afterEach(() => stack.disposeAsync())

const list = () => callControl(path, 'account list', {}, () => {})

/** Sends octets and answers with everything that came until the other side closed or `lines` lines were there. */
async function say(octets: string | Buffer, lines = 1): Promise<string> {
  const socket = connect(path)
  socket.on('error', () => {})
  socket.write(octets)
  let answer = ''
  for await (const chunk of socket.setEncoding('utf8')) {
    answer += chunk
    if (answer.split('\n').length > lines) break
  }
  socket.destroy()
  return answer
}

test('the socket is the owner’s alone', () => {
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

describe('refused, and the next request is served', () => {
  test.each([
    ['no JSON', 'junk\n', 'BAD_ARGUMENTS'],
    ['an empty line', '\n', 'BAD_ARGUMENTS'],
    ['null', 'null\n', 'BAD_ARGUMENTS'],
    ['a number for a name', '{"operation":1}\n', 'BAD_ARGUMENTS'],
    ['a name of Object.prototype', '{"operation":"__proto__"}\n', 'UNKNOWN_OPERATION'],
    ['constructor', '{"operation":"constructor"}\n', 'UNKNOWN_OPERATION'],
    ['toString', '{"operation":"toString"}\n', 'UNKNOWN_OPERATION'],
    ['more fields than there are', '{"operation":"account list","args":{},"x":1}\n', 'BAD_ARGUMENTS'],
    ['arguments of another kind', '{"operation":"account list","args":[1]}\n', 'BAD_ARGUMENTS'],
    [
      'prototype in arguments',
      '{"operation":"account list","args":{"__proto__":{"limit":1}}}\n',
      'BAD_ARGUMENTS',
    ],
    ['octets that are no text', Buffer.from([0xff, 0xfe, 0x0a]), 'BAD_ARGUMENTS'],
    ['deep nesting', `${'['.repeat(30_000)}\n`, 'BAD_ARGUMENTS'],
  ])('%s', async (_, octets, expected) => {
    expect(await say(octets)).toContain(expected)
    expect(await list()).toMatchObject({ accounts: [] })
    expect(errors).toEqual([])
  })

  test('a line without an end is cut off', async () => {
    const answer = await say('x'.repeat(MAX_REQUEST_OCTETS + 1))
    expect(answer).toContain('too long')
    expect(await list()).toMatchObject({ accounts: [] })
  })

  test('many requests at once are answered in order', async () => {
    const request = '{"operation":"account list"}\n'
    const answer = await say(request.repeat(500), 500)
    expect(answer.trim().split('\n')).toHaveLength(500)
  })

  test('connections that stay half-open', async () => {
    const idle = Array.from({ length: 20 }, () => connect(path))
    await Promise.all(idle.map((socket) => once(socket, 'connect')))
    for (const socket of idle) socket.write('{"operation":')
    expect(await list()).toMatchObject({ accounts: [] })
    for (const socket of idle) socket.destroy()
  })

  test('a client that goes away before its answer', async () => {
    for (let index = 0; index < 50; index++) {
      const socket = connect(path)
      socket.on('error', () => {})
      await once(socket, 'connect')
      socket.write('{"operation":"archive check"}\n')
      socket.destroy()
    }
    expect(await list()).toMatchObject({ accounts: [] })
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
