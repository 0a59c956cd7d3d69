import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../mail/clock.ts'
import { AccountDirectory } from '../../../../server/accounts/directory.ts'
import { PasswordThread } from '../../../../server/accounts/password-thread.ts'
import { type OperationName, operations, perform } from '../../../../server/ops/operations/catalog.ts'
import type { OperationParts } from '../../../../server/ops/operations/operation.ts'
import type { Store } from '../../../../storage/port.ts'
import { openSqliteStore } from '../../../../storage/sqlite/store.ts'
import { ARCHIVED, archiveMessage } from '../../../fakes/archived-message.ts'
import { houseOf } from '../../../fakes/house.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'

let folder: TemporaryFolder
let store: Store
let passwords: PasswordThread
let parts: OperationParts

beforeEach(async () => {
  folder = new TemporaryFolder()
  store = await openSqliteStore(folder.path, Date.now())
  passwords = new PasswordThread()
  parts = {
    directory: new AccountDirectory(store, passwords, 'hs98.kep.tr', systemClock),
    ...(await houseOf(store)),
    defaultQuota: 1000,
  }
})
afterEach(async () => {
  await store[Symbol.asyncDispose]()
  await passwords[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

const run = (name: OperationName, args: unknown, over: Partial<OperationParts> = {}): Promise<unknown> =>
  perform({ ...parts, ...over }, name, args, () => {})

const address = 'ali@hs98.kep.tr'
const account = { address, holder: 'Ali Veli' }
const person = { address, handle: 'ali', name: 'Ali Veli', identityNumber: '10000000146' }

describe('accounts', () => {
  test('an account with a person who can log in', async () => {
    expect(await run('account create', account)).toMatchObject({ address, kind: 'natural', quota: 1000 })
    await run('person add', person)
    await run('password set', { address, password: 'gizli' })
    const shown = await run('account show', { address: 'ALI@hs98.kep.tr' })
    expect(shown).toMatchObject({ used: 0, persons: [{ handle: 'ali', hasPassword: true }] })
    expect(JSON.stringify(shown)).not.toContain('argon2')
    expect(await run('account list', {})).toEqual({
      accounts: [
        {
          ...account,
          kind: 'natural',
          service: 'send-receive',
          state: 'pending',
          persons: 1,
        },
      ],
      next: undefined,
    })
  })

  test('lists page by page', async () => {
    for (const local of ['a', 'b', 'c'])
      await run('account create', { ...account, address: `${local}@hs98.kep.tr` })
    expect(await run('account list', { limit: 2 })).toMatchObject({ next: 'b@hs98.kep.tr' })
    expect(await run('account list', { limit: 2, after: 'b@hs98.kep.tr' })).toMatchObject({
      accounts: [{ address: 'c@hs98.kep.tr' }],
      next: undefined,
    })
  })

  test.each<[OperationName, object, string]>([
    ['account create', { holder: 'x' }, 'BAD_ARGUMENTS'],
    ['account create', { ...account, address: 'kep@hs98.kep.tr' }, 'RESERVED_ADDRESS'],
    ['account create', { ...account, address: 'a@hs97.kep.tr' }, 'FOREIGN_DOMAIN'],
    ['account create', { ...account, holder: 'a\u0007b' }, 'BAD_ARGUMENTS'],
    ['account create', { ...account, quota: -1 }, 'BAD_ARGUMENTS'],
    ['account create', { ...account, more: 1 }, 'BAD_ARGUMENTS'],
    ['account show', { address: 'x@hs98.kep.tr' }, 'NOT_FOUND'],
    ['person add', { ...person, identityNumber: '1000000014' }, 'BAD_ARGUMENTS'],
    ['person add', person, 'NO_SUCH_ACCOUNT'],
    ['password set', { address, password: '' }, 'BAD_ARGUMENTS'],
    ['password set', { address, password: 'x'.repeat(2000) }, 'BAD_ARGUMENTS'],
    ['password set', { address, password: 'gizli' }, 'NO_SUCH_ACCOUNT'],
    ['trace', { id: 'x' }, 'NOT_FOUND'],
    ['evidence list', { from: 'yesterday' }, 'BAD_ARGUMENTS'],
    ['evidence export', { id: 'ev-none' }, 'NOT_FOUND'],
    ['reload', {}, 'NO_DAEMON'],
  ])('%s %o is refused: %s', async (name, args, code) => {
    await expect(run(name, args)).rejects.toMatchObject({ code })
  })

  test('production refuses the development password and short ones', async () => {
    await run('account create', account)
    await run('person add', person)
    for (const password of ['deneme', 'kısa'])
      await expect(run('password set', { address, password }, { mode: 'production' })).rejects.toMatchObject({
        code: 'WEAK_PASSWORD',
      })
    await run('password set', { address, password: 'uzun bir parola' }, { mode: 'production' })
  })
})

describe('every change is a record', () => {
  const recorded = async (): Promise<unknown[]> =>
    (await parts.eventLog.list({}, 0, 100)).map(({ what, by, account, person, details }) => [
      what,
      by,
      account,
      person,
      details,
    ])

  test('with who asked, before it is made; one that was refused says so; secrets are in none', async () => {
    await run('account create', account)
    await run('person add', { ...person, permissions: ['read'] })
    await run('password set', { address, password: 'gizli parola' })
    await run('account activate', { address })
    await expect(run('account activate', { address })).rejects.toMatchObject({ code: 'WRONG_STATE' })
    await expect(run('account close', { address, reason: 'istek', by: 'ali' })).rejects.toMatchObject({
      code: 'MAY_NOT_GRANT',
    })
    const by = { operator: 'test' }
    expect(await recorded()).toEqual([
      [
        'account create',
        by,
        address,
        undefined,
        { kind: 'natural', service: 'send-receive', mayServe: false },
      ],
      ['person add', by, address, 'ali', { permissions: ['read'] }],
      ['password set', by, address, undefined, undefined],
      ['account activate', by, address, undefined, undefined],
      ['account activate', by, address, undefined, undefined],
      [
        'account activate refused',
        by,
        address,
        undefined,
        { code: 'WRONG_STATE', record: expect.stringMatching(/^olay/) },
      ],
      ['account close', { ...by, person: 'ali' }, address, undefined, { reason: 'istek' }],
      [
        'account close refused',
        { ...by, person: 'ali' },
        address,
        undefined,
        { code: 'MAY_NOT_GRANT', record: expect.stringMatching(/^olay/) },
      ],
    ])
    const chain = Buffer.concat(
      (await store.chain.read('events', 1, 100)).map(({ bytes }) => bytes),
    ).toString()
    for (const secret of ['gizli', 'argon2', person.identityNumber]) expect(chain).not.toContain(secret)
    expect(await run('archive check', {})).toMatchObject({ ok: true, events: 8 })
    expect(await run('log list', { account: address, person: 'ali' })).toMatchObject({
      events: [{ what: 'person add' }],
    })
  })

  test('under its own name, each of them; what reads makes none', () => {
    const reading = [
      'account list',
      'account show',
      'person list',
      'log list',
      'trace',
      'evidence list',
      'evidence export',
      'archive check',
      'archive taken-over list',
      'credit show',
      'credit list',
      'credit check',
      'directory show',
      'directory search', // records by itself, with how many were found
      'peer list',
      'hold list',
      'peer test',
      'queue list',
      'queue show',
    ]
    for (const [name, known] of Object.entries(operations))
      expect('what' in known ? known.what : 'reads', name).toBe(reading.includes(name) ? 'reads' : name)
  })

  test('nothing is changed that cannot be recorded', async () => {
    const eventLog = { record: () => Promise.reject(new Error('no pen')) } as never
    await expect(run('account create', account, { eventLog })).rejects.toThrow('no pen')
    await expect(run('account show', { address })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('the life of an account, as an operator leads it', () => {
  const identity = { type: 'tckn', number: '10000000146' }

  test('closed, readable, opened again for its holder alone; its address is never free', async () => {
    await run('account create', { ...account, identity })
    await expect(run('account activate', { address })).rejects.toMatchObject({ code: 'LAST_PERSON' })
    await run('person add', person)
    expect(await run('account activate', { address })).toMatchObject({ state: 'active' })
    const closed = await run('account close', { address, reason: 'kendi isteği' })
    expect(closed).toMatchObject({ state: 'closed', closing: { reason: 'kendi isteği' } })
    await expect(run('account create', { ...account, identity })).rejects.toMatchObject({
      code: 'ADDRESS_TAKEN',
    })
    const other = { type: 'tckn', number: '10000000078' }
    await expect(run('account reopen', { address, identity: other, reason: 'x' })).rejects.toMatchObject({
      code: 'OTHER_HOLDER',
    })
    expect(await run('account reopen', { address, identity, reason: 'x' })).toMatchObject({ state: 'active' })
  })

  test('name, service and the authority to serve are changed alone', async () => {
    const body = { type: 'detsis', number: '24301319' }
    await run('account create', { ...account, kind: 'public', identity: body })
    const changed = await run('account update', { address, service: 'receive-only', mayServe: true })
    expect(changed).toMatchObject({ holder: 'Ali Veli', service: 'receive-only', mayServe: true })
    await expect(run('account update', { address })).rejects.toMatchObject({ code: 'BAD_ARGUMENTS' })
    expect(await run('account update', { address, holder: 'Ali Veli Kaya' })).toMatchObject({
      holder: 'Ali Veli Kaya',
      service: 'receive-only',
      mayServe: true,
      state: 'pending',
    })
  })

  test('a search index is chosen, shown with how far it is, and given up until the last filter has gone', async () => {
    await run('account create', account)
    expect(await run('account show', { address })).not.toHaveProperty('indexed')
    const choose = (searchIndex: 'on' | 'off', more = {}) =>
      run('account update', { address, searchIndex }, more)
    await expect(choose('on', { searchIndex: 'off' })).rejects.toMatchObject({ code: 'WRONG_STATE' })
    expect(await choose('off')).not.toHaveProperty('searchIndex')
    const chosen = await choose('on')
    expect(chosen).toMatchObject({ searchIndex: { state: 'on' } })
    expect(await choose('on')).toEqual(chosen)
    expect(await run('account show', { address })).toMatchObject({ indexed: { filtered: 0, messages: 0 } })
    expect(await choose('off', { searchIndex: 'off' })).toMatchObject({ searchIndex: { state: 'removing' } })
  })

  test('space that was bought counts until its end', async () => {
    await run('account create', account)
    await run('quota set', { address, quota: 5 })
    const until = new Date(Date.now() + 60_000).toISOString()
    expect(await run('quota add', { address, octets: 7, until })).toMatchObject({ quota: 12 })
    const later = { now: () => new Date(Date.now() + 61_000), monotonic: () => 0 }
    const directory = new AccountDirectory(store, passwords, 'hs98.kep.tr', later)
    expect(await run('account show', { address }, { directory })).toMatchObject({ quota: 5 })
    await expect(run('quota add', { address, octets: 7, until: '2020-01-01' })).rejects.toMatchObject({
      code: 'BAD_ARGUMENTS',
    })
  })

  test.each([
    ['ali.veli@hs98.kep.tr', { identity }, 'made'],
    ['ali.veli.2@hs98.kep.tr', { identity }, 'made'],
    ['aliveli@hs98.kep.tr', { identity }, 'ADDRESS_FORM'],
    ['ali.veli@hs98.kep.tr', {}, 'BAD_ARGUMENTS'],
    ['ali.veli@hs98.kep.tr', { identity: { type: 'tckn', number: '10000000147' } }, 'BAD_ARGUMENTS'],
    ['ali.veli@hs98.kep.tr', { identity: { type: 'mersis', number: '0876005220500260' } }, 'BAD_ARGUMENTS'],
    [
      'aliveli.hukuk@hs98.kep.tr',
      { kind: 'legal', identity: { type: 'mersis', number: '0876005220500260' } },
      'made',
    ],
  ])('where forms are checked: %s %j: %s', async (wanted, more, outcome) => {
    const made = run(
      'account create',
      { ...account, address: wanted, ...more },
      { addressForms: 'check' },
    ).then(
      () => 'made',
      (error: { code: unknown }) => error.code,
    )
    expect(await made).toBe(outcome)
  })
})

test('reload is handed on', async () => {
  expect(await run('reload', {}, { reload: async () => ({ needsRestart: ['listen'] }) })).toEqual({
    needsRestart: ['listen'],
  })
})

describe('the story of a message', () => {
  beforeEach(() => archiveMessage(store))

  test.each([
    ARCHIVED.messageId,
    ARCHIVED.messageId.slice(1, -1),
    ARCHIVED.userMessageId,
    ARCHIVED.delivery,
    `<${ARCHIVED.delivery}>`,
    ARCHIVED.intake,
  ])('trace %s', async (id) => {
    const story = await run('trace', { id })
    expect(story).toMatchObject({
      messages: [
        {
          messageId: ARCHIVED.messageId,
          state: 'accepted',
          recipients: [
            { position: 1, address: ARCHIVED.recipient, transport: 'delivery', reading: undefined },
          ],
          timeline: [
            { step: 'accepted' },
            { step: 'submission-acceptance', evidence: ARCHIVED.acceptance },
            { step: 'delivery', recipient: 1, evidence: ARCHIVED.delivery },
          ],
          waiting: [{ kind: 'timer', slot: 'expiry', state: 'pending', due: '2026-01-02T10:00:00.000Z' }],
          truncated: false,
        },
      ],
    })
    expect(JSON.stringify(story)).not.toContain(ARCHIVED.subject)
  })

  test.each([
    [{}, 2],
    [{ party: ARCHIVED.recipient.toUpperCase() }, 1],
    [{ party: 'x@hs98.kep.tr' }, 0],
    [{ from: '2026-01-01T10:00:01Z' }, 1],
    [{ to: '2026-01-01T10:00:01Z' }, 1],
    [{ to: '2025-12-31' }, 0],
    [{ from: '2026-01-01', to: '2026-01-01' }, 2], // a day is the whole of it
    [{ from: '2026-01-02' }, 0],
  ])('evidence list %o', async (filter, count) => {
    expect(await run('evidence list', filter)).toMatchObject({ evidence: { length: count }, next: undefined })
  })

  test('pages of evidence', async () => {
    expect(await run('evidence list', { limit: 1 })).toMatchObject({ evidence: [{ sequence: 1 }], next: 1 })
    expect(await run('evidence list', { limit: 1, after: 1 })).toMatchObject({ evidence: [{ sequence: 2 }] })
  })

  test('export hands out the archive’s octets', async () => {
    const stored = await store.chain.find('evidence', ARCHIVED.delivery)
    expect(await run('evidence export', { id: ARCHIVED.delivery })).toEqual({
      files: [
        { name: `00000002-${ARCHIVED.delivery}.xml`, octets: Buffer.from(stored!.bytes).toString('base64') },
      ],
      next: undefined,
    })
    expect(await run('evidence export', {})).toMatchObject({ files: { length: 2 } })
  })

  test('a whole archive', async () => {
    const head = await store.chain.head('evidence')
    expect(await run('archive check', {})).toEqual({
      ok: true,
      entries: 2,
      head: Buffer.from(head!.hash).toString('hex'),
      broken: undefined,
      events: 0,
      brokenEvents: undefined,
      others: ['validation', 'rechecks', 'seals'].map((chain) => ({ chain, entries: 0, broken: undefined })),
      bodies: 1,
      brokenBodies: [],
    })
  })

  test('a body that was changed on the disk is named', async () => {
    const blobs = readdirSync(folder.file('blobs'), { recursive: true, withFileTypes: true })
    const file = blobs.find((entry) => entry.isFile())
    writeFileSync(join(file!.parentPath, file!.name), 'other octets')
    expect(await run('archive check', {})).toMatchObject({
      ok: false,
      broken: undefined,
      brokenBodies: [{ intake: ARCHIVED.intake }],
    })
  })

  test.each([
    ["UPDATE chain SET bytes = x'00' WHERE seq = 2", 2, 'LEAF_MISMATCH'],
    ['DELETE FROM chain WHERE seq = 1', 1, 'GAP'],
  ])('an archive after %s', async (sql, sequence, failure) => {
    const db = new DatabaseSync(folder.file('kep.db'), { timeout: 5000 })
    db.exec(sql)
    db.close()
    expect(await run('archive check', { bodies: 0 })).toMatchObject({
      ok: false,
      broken: { sequence, failure },
    })
  })
})

test('where a person is told of new mail: what is given and nothing else, and the record does not say where', async () => {
  await run('account create', account)
  await run('person add', person)
  const set = async (notices: object) => {
    const shown = await run('person notices', { address, handle: 'ali', ...notices })
    return (shown as { persons: { notices?: object }[] }).persons[0]?.notices
  }
  const both = { email: 'ali@example.com', phone: '+905551112233' }
  expect(await set(both)).toEqual(both)
  expect(await set({ phone: both.phone })).toEqual({ phone: both.phone })
  const log = JSON.stringify(await run('log list', {}))
  expect(log).toContain('person notices')
  for (const secret of Object.values(both)) expect(log).not.toContain(secret)
  expect(await set({})).toBeUndefined()
  for (const wrong of [{ phone: '112' }, { email: 'a@b, c@d' }, { email: 'x' }])
    await expect(run('person notices', { address, handle: 'ali', ...wrong })).rejects.toThrow()
  await expect(run('person notices', { address, handle: 'veli' })).rejects.toMatchObject({
    code: 'NO_SUCH_PERSON',
  })
})
