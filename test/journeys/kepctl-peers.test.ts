import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../mail/clock.ts'
import { ensureDevelopmentPki } from '../../server/development/pki.ts'
import type { SendPayload } from '../../server/relay/payloads.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { ARCHIVED, archiveMessage } from '../fakes/archived-message.ts'
import { kepctl } from '../fakes/kepctl.ts'
import { pemOf } from '../fakes/peer-entry.ts'
import { startPeerSink } from '../fakes/peer-sink.ts'
import { pki } from '../fakes/pki.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const HS99 = 'hs99.kep.tr'
const folder = new TemporaryFolder()
const dispatch = `${ARCHIVED.intake}-hs99`

beforeAll(async () => {
  await ensureDevelopmentPki(folder.path, { domain: 'hs98.kep.tr', clock: systemClock })
  writeFileSync(folder.file('ca.pem'), pemOf(pki().root.certificate))
  writeFileSync(folder.file('signing.pem'), pemOf(pki().provider.certificate))
  await using store = await openSqliteStore(folder.file('store'), Date.now())
  await archiveMessage(store)
  const body = (await store.intake(ARCHIVED.intake))?.body
  if (body === undefined) throw new Error('no body')
  const payload: SendPayload = {
    what: 'dispatch',
    mail: body,
    eightBit: false,
    positions: '1',
    phase: 'queued',
  }
  await store.work.insert([
    {
      intake: ARCHIVED.intake,
      recipient: 0,
      slot: `send/${HS99}`,
      kind: 'send',
      due: ARCHIVED.at,
      payload: JSON.stringify(payload),
      queue: HS99,
    },
  ])
})
afterAll(() => folder[Symbol.dispose]())

const ctl = (line: string, more: Parameters<typeof kepctl>[1] = {}) =>
  kepctl(['--data', folder.path, ...line.split(' ')], more)
const json = async (line: string): Promise<unknown> => JSON.parse((await ctl(`${line} --json`)).out)
const flags = `--provider ${HS99} --name Öteki --ca ${folder.file('ca.pem')} --signing ${folder.file('signing.pem')}`

test('a peer by flags, tested, replaced by a file with paths of its own, listed, forgotten', async () => {
  await using sink = await startPeerSink()
  expect(
    await ctl(`peer add ${flags} --host 127.0.0.1 --port ${sink.port} --address 192.0.2.0/24 --size 30MB`),
  ).toMatchObject({ code: 0, err: '' })
  expect(await json(`peer test ${HS99}`)).toMatchObject({ ok: true })
  expect((await ctl(`peer test ${HS99}`, { language: 'tr_TR.UTF-8' })).out).toMatch(/tamam +bağlantı/)
  const file = folder.file('peer.yaml')
  writeFileSync(
    file,
    `provider: ${HS99}\nname: Yeni\ntls: { ca: [ca.pem] }\nsigning: [{ certificate: signing.pem }]\n`,
  )
  expect(await json(`peer add ${file}`)).toEqual({ provider: HS99, change: 'replaced' })
  expect(await json('peer list')).toMatchObject({
    peers: [{ provider: HS99, name: 'Yeni', source: 'operator', route: 'MX', queue: { pending: 1 } }],
    unknown: [],
  })
  expect((await ctl('peer list')).out).toContain(pki().provider.certificate.fingerprint)
  expect(await ctl(`peer remove ${HS99}`)).toMatchObject({ code: 0 })
  expect(await ctl(`peer remove ${HS99}`)).toMatchObject({ code: 1, out: '' })
  expect((await ctl('peer list')).out).toContain('known no more')
})

test('wrong use, a file with faults, and what nobody could believe', async () => {
  expect(await ctl('peer add')).toMatchObject({ code: 2 })
  expect(await ctl(`peer add ${flags} --port 25`)).toMatchObject({ code: 2 })
  expect(await ctl(`peer add ${flags} --host 127.0.0.1 --address nowhere`)).toMatchObject({ code: 2 })
  expect(await ctl(`peer add --provider ${HS99} --name x --ca none.pem --signing none.pem`)).toMatchObject({
    code: 1,
  })
  const file = folder.file('bad.yaml')
  writeFileSync(file, 'provider: example.com\nname: x\ntls: {}\nsigning: []\n')
  const refused = await ctl(`peer add ${file}`)
  expect(refused).toMatchObject({ code: 1, out: '' })
  for (const line of [':1: provider', ':3: tls', ':4: signing']) expect(refused.err).toContain(line)
})

test('a queue: listed, shown, held, released, retried; failing needs the daemon', async () => {
  expect(await json('queue list')).toMatchObject([
    { id: dispatch, peer: HS99, what: 'dispatch', state: 'pending' },
  ])
  expect(await json(`queue list --peer hs97.kep.tr`)).toEqual([])
  const shown = await ctl(`queue show <${dispatch}>`)
  expect(shown.out).toContain(ARCHIVED.messageId)
  expect(shown.out).toContain(ARCHIVED.recipient)
  expect(shown.out).not.toContain(ARCHIVED.subject)
  expect(await ctl(`queue hold ${dispatch}`)).toMatchObject({ code: 0 })
  expect((await ctl('queue list', { language: 'tr_TR.UTF-8' })).out).toContain('DURDURULDU')
  const held = await ctl(`queue retry ${dispatch} --json`)
  expect(held).toMatchObject({ code: 1, out: '' })
  expect(JSON.parse(held.err)).toMatchObject({ error: { code: 'WRONG_STATE' } })
  expect(await ctl(`queue release ${dispatch}`)).toMatchObject({ code: 0 })
  expect(await json(`queue retry ${dispatch}`)).toEqual({ id: dispatch })
  expect(await ctl(`queue fail ${dispatch}`)).toMatchObject({ code: 1 })
  expect(await ctl('queue show nothing')).toMatchObject({ code: 1 })
  expect(await ctl('queue list --limit 0')).toMatchObject({ code: 2 })
})
