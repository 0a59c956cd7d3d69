import { randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../mail/clock.ts'
import { ensureDevelopmentPki } from '../../server/development/pki.ts'
import { readStoreKeys } from '../../storage/encryption/read-keys.ts'
import type { Store } from '../../storage/port.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { message } from '../contract/store/material.ts'
import { ARCHIVED, archiveMessage } from '../fakes/archived-message.ts'
import { kepctl } from '../fakes/kepctl.ts'
import { type StartedProcess, startMongoProcess } from '../fakes/mongo-server/started-process.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const development = fileURLToPath(new URL('../../config/development.yaml', import.meta.url))
const folder = new TemporaryFolder()
const ACCOUNT = 'a@hs98.kep.tr'

beforeAll(async () => {
  await ensureDevelopmentPki(folder.path, { domain: 'hs98.kep.tr', clock: systemClock })
  await writeFile(folder.file('store.key'), randomBytes(32).toString('hex'), { mode: 0o600 })
  await configFile('sealed.yaml', 'storage: { keys: [{ file: store.key }] }')
  await using store = await openStore()
  await archiveMessage(store)
  const { id } = await store.mailboxes.create(ACCOUNT, 'INBOX', {})
  await store.mailboxes.append(id, await message(store, '1'))
})
afterAll(() => folder[Symbol.dispose]())

const configFile = async (name: string, storage: string) =>
  writeFile(folder.file(name), `${await readFile(development, 'utf8')}\n${storage}\n`)
const openStore = async () =>
  openSqliteStore(folder.file('store'), Date.now(), {
    keys: await readStoreKeys([{ file: folder.file('store.key') }]),
  })
const ctl = (line: string, config = 'sealed.yaml') =>
  kepctl(['--data', folder.path, '--config', folder.file(config), ...line.split(' '), '--json'])

const inbox = async (store: Store) => {
  const row = await store.mailboxes.byName(ACCOUNT, 'INBOX')
  return { row: row!, uids: [...(await store.mailboxes.uids(row!.id))] }
}

describe('a backup', () => {
  test('holds everything, sealed as the store is, and is never written over', async () => {
    const made = await ctl(`backup ${folder.file('b')}`)
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(made.out)).toMatchObject({
      folder: folder.file('b'),
      counts: { intake: 1, message: 1 },
    })
    expect(JSON.parse(made.out).sealedUnder).toMatch(/^[0-9a-f]{8}$/)
    for (const name of await readdir(folder.file('b')))
      expect((await readFile(folder.file('b', name))).includes(ARCHIVED.recipient)).toBe(false)
    const again = await ctl(`backup ${folder.file('b')}`)
    expect(again).toMatchObject({ code: 1 })
    expect(again.out + again.err).toContain('WRONG_STATE')
    expect(await ctl('backup /proc/nothing/there')).toMatchObject({ code: 1 })
  })

  test('does not replace mail unasked; put in its place, the state of before is there under a new UIDVALIDITY', async () => {
    let before: Awaited<ReturnType<typeof inbox>>
    {
      await using store = await openStore()
      const { row } = await inbox(store)
      await store.mailboxes.append(row.id, await message(store, 'after the backup'))
      before = await inbox(store)
    }
    expect(before.uids).toEqual([1, 2])
    const refused = await ctl(`restore ${folder.file('b')}`)
    expect(refused).toMatchObject({ code: 1 })
    expect(refused.out + refused.err).toContain('NOT_EMPTY')
    const restored = await ctl(`restore ${folder.file('b')} --replace`)
    expect(restored).toMatchObject({ code: 0 })
    const report: { before: string } & Record<string, unknown> = JSON.parse(restored.out)
    expect(report).toMatchObject({ entries: 2 })
    await using store = await openStore()
    const after = await inbox(store)
    expect(after.uids).toEqual([1])
    expect(after.row.uidValidity).toBeGreaterThan(before.row.uidValidity)
    // What was there is not lost either.
    await using old = await openSqliteStore(report.before, Date.now())
    expect((await inbox(old)).uids).toEqual([1, 2])
  })

  test('the restored chains hold, and the log tells of it', async () => {
    expect(JSON.parse((await ctl('archive check')).out)).toMatchObject({ ok: true, entries: 2 })
    expect((await ctl('log list')).out).toContain('"restored"')
  })

  test('without its key, or damaged, it is refused, and nothing of the store is touched', async () => {
    await configFile('clear.yaml', '')
    const keyless = await ctl(`restore ${folder.file('b')} --replace`, 'clear.yaml')
    expect(keyless).toMatchObject({ code: 1 })
    expect(keyless.out + keyless.err).toContain('store key')
    const octets = await readFile(folder.file('b', 'records'))
    await writeFile(folder.file('b', 'records'), octets.subarray(1))
    expect(await ctl(`restore ${folder.file('b')} --replace`)).toMatchObject({ code: 1 })
    await using store = await openStore()
    expect((await inbox(store)).uids).toEqual([1])
  })
})

describe('a store moves', () => {
  let mongo: StartedProcess
  beforeAll(async () => {
    mongo = await startMongoProcess()
    const uri = mongo.uri.replace(/\/?(\?|$)/, '/kep$1')
    await writeFile(folder.file('uri'), `${uri}\n`, { mode: 0o600 })
    await configFile('mongo.yaml', 'storage: { mongodbFile: uri, keys: [{ file: store.key }] }')
  })
  afterAll(() => mongo[Symbol.asyncDispose]())

  test('to MongoDB and back, and is the same', async () => {
    using other = new TemporaryFolder()
    const moved = await ctl(`migrate-store --to-config ${folder.file('mongo.yaml')}`)
    expect(moved).toMatchObject({ code: 0 })
    expect(JSON.parse(moved.out)).toMatchObject({ withoutBody: 0 })
    expect(JSON.parse((await ctl('archive check', 'mongo.yaml')).out)).toMatchObject({ ok: true, entries: 2 })
    const twice = await ctl(`migrate-store --to-config ${folder.file('mongo.yaml')}`)
    expect(twice).toMatchObject({ code: 1 })
    expect(twice.out + twice.err).toContain('NOT_EMPTY')
    const target = `--to-config ${folder.file('sealed.yaml')} --to-data ${other.path}`
    expect(await ctl(`migrate-store ${target}`, 'mongo.yaml')).toMatchObject({ code: 0 })
    await using here = await openStore()
    await using there = await openSqliteStore(other.file('store'), Date.now(), {
      keys: await readStoreKeys([{ file: folder.file('store.key') }]),
    })
    expect(await inbox(there)).toEqual(await inbox(here))
  })

  test('a restoration into MongoDB that failed half way is refused by every command, and done anew when repeated', async () => {
    const client = new MongoClient(mongo.uri)
    const mark = { id: 'dead', what: 'the backup of x', host: 'h', at: new Date(), begun: true }
    await client
      .db('half')
      .collection('meta')
      .insertOne({ _id: 'filling' as never, ...mark })
    const half = { version: 1, document: '{}' }
    await client
      .db('half')
      .collection('account')
      .insertOne({ _id: 'half' as never, ...half })
    const uri = mongo.uri.replace(/\/?(\?|$)/, '/half$1')
    await configFile('half.yaml', `storage: { mongodb: '${uri}', keys: [{ file: store.key }] }`)
    expect(await ctl(`backup ${folder.file('c')}`)).toMatchObject({ code: 0 })
    for (const command of ['archive check', 'account list']) {
      const { code, out, err } = await ctl(command, 'half.yaml')
      expect(code).toBe(1)
      expect(out + err).toContain('BEING_FILLED')
    }
    expect(await ctl(`restore ${folder.file('c')}`, 'half.yaml')).toMatchObject({ code: 0 })
    expect(JSON.parse((await ctl('archive check', 'half.yaml')).out)).toMatchObject({ ok: true, entries: 2 })
    expect((await ctl('log list', 'half.yaml')).out).toContain('"restored"')
    expect((await ctl('account list', 'half.yaml')).out).not.toContain('half')
    const twice = await ctl(`restore ${folder.file('c')}`, 'half.yaml')
    expect(twice).toMatchObject({ code: 1 })
    expect(twice.out + twice.err).toContain('NOT_EMPTY')
    await client.close()
  })

  test('not into itself, and not without saying where', async () => {
    const same = await ctl(`migrate-store --to-config ${folder.file('sealed.yaml')}`)
    expect(same).toMatchObject({ code: 1 })
    expect(same.out + same.err).toContain('SAME_STORE')
    expect(await ctl('migrate-store')).toMatchObject({ code: 2 })
  })
})

test('a legal hold is placed, listed and lifted', async () => {
  await ctl(`account create ${ACCOUNT} --holder Ali`)
  expect(await ctl(`hold place --account ${ACCOUNT} --reason mahkeme`)).toMatchObject({ code: 0 })
  expect(await ctl(`hold place --account ${ACCOUNT} --reason mahkeme`)).toMatchObject({ code: 1 })
  expect(await ctl(`hold place --message ${ARCHIVED.messageId} --reason mahkeme`)).toMatchObject({ code: 0 })
  const { holds } = JSON.parse((await ctl('hold list')).out)
  expect(holds).toMatchObject([
    { subject: `account/${ACCOUNT}`, reason: 'mahkeme', by: 'console' },
    { subject: `intake/${ARCHIVED.intake}` },
  ])
  expect(await ctl(`hold lift --account ${ACCOUNT} --reason bitti`)).toMatchObject({ code: 0 })
  expect(await ctl(`hold lift --account ${ACCOUNT} --reason bitti`)).toMatchObject({ code: 1 })
  expect(await ctl('hold place --reason mahkeme')).toMatchObject({ code: 2 })
})
