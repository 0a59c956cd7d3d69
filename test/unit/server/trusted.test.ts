import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { toPem } from '../../../evidence/x509/certificate.ts'
import { KeyFileError } from '../../../server/key-files.ts'
import { readTrust, type TrustFiles } from '../../../server/trusted.ts'
import { pki } from '../../fakes/pki.ts'
import { TemporaryFolder } from '../../fakes/temporary-folder.ts'
import { type ListRow, listXml, type ServiceRow, signedList } from '../../fakes/trust-list.ts'

const supervisor = pki().provider
const { root, intermediate } = pki()
const day = (text: string) => new Date(`${text}T00:00:00Z`)
const AT = day('2026-07-01')

async function house(folder: TemporaryFolder) {
  const file = (name: string, octets: string | Uint8Array): string => {
    writeFileSync(folder.file(name), octets)
    return folder.file(name)
  }
  const signers = [file('supervisor.pem', toPem('CERTIFICATE', supervisor.certificate.der))]
  const anchor = file('root.pem', toPem('CERTIFICATE', root.certificate.der))
  const publish = async (row: Partial<ServiceRow> = {}, list: Partial<ListRow> = {}, name = 'list.xml') => {
    const service = { certificates: [intermediate.certificate], type: 'CA/QC', status: 'granted' } as const
    const services = [{ ...service, from: '2020-01-01T00:00:00Z', ...row }]
    file(name, await signedList(listXml({ services, ...list }), supervisor))
  }
  const trustOf = (...names: string[]): TrustFiles => ({
    users: [anchor],
    providers: [],
    tsas: [],
    lists: names.map((name) => ({ file: folder.file(name), signers, roles: ['users'] })),
  })
  return { publish, trust: trustOf('list.xml'), trustOf }
}

test('who is approved is asked as of each judgement, anchors of files are at any time', async () => {
  using folder = new TemporaryFolder()
  const { publish, trust } = await house(folder)
  const history = [
    { type: 'CA/QC', status: 'granted', from: '2020-01-01T00:00:00Z' },
    { type: 'CA/QC', status: 'withdrawn', from: '2019-01-01T00:00:00Z' },
  ]
  await publish({ status: 'withdrawn', from: '2026-08-01T00:00:00Z', history })
  const trusted = await readTrust(trust, 'users', AT)
  const names = (time: string) => trusted.at(day(time)).map(({ fingerprint }) => fingerprint)
  const [own, listed] = [root.certificate.fingerprint, intermediate.certificate.fingerprint]
  // From the first of August on it was withdrawn: nobody has to restart anything.
  for (const [time, expected] of [
    ['2026-07-01', [own, listed]],
    ['2026-08-02', [own]],
    ['2026-07-31', [own, listed]],
    ['2026-08-01', [own]],
    ['2019-06-01', [own]],
    ['2018-06-01', [own]],
    ['2020-01-01', [own, listed]],
  ] as const)
    expect([time, names(time)]).toEqual([time, expected])
})

test('of one time the same is told without looking at every service again', async () => {
  using folder = new TemporaryFolder()
  const { publish, trust } = await house(folder)
  await publish()
  const trusted = await readTrust(trust, 'users', AT)
  expect(trusted.at(day('2026-07-02'))).toBe(trusted.at(day('2026-09-02')))
})

test('a list that was replaced is not believed again, though its next update is not due', async () => {
  using folder = new TemporaryFolder()
  const { publish, trust } = await house(folder)
  await publish({ status: 'withdrawn', from: '2026-06-15T00:00:00Z' }, { sequence: 8 })
  const now = await readTrust(trust, 'users', AT)
  expect(now.lists).toMatchObject([{ sequence: 8, operator: 'Deneme Kurumu' }])
  await publish({}, { sequence: 7 })
  const refused = await readTrust(trust, 'users', AT, now).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(KeyFileError)
  expect(String(refused)).toMatch(/list\.xml: REPLACED: number 7, and 8 /)
  for (const sequence of [8, 9]) {
    await publish({}, { sequence })
    expect((await readTrust(trust, 'users', AT, now)).lists).toMatchObject([{ sequence }])
  }
})

test('a list that ran out while it was believed is believed at a reload, as long as no other takes its place', async () => {
  using folder = new TemporaryFolder()
  const { publish, trust } = await house(folder)
  const [ends, later] = ['2026-07-10T00:00:00Z', day('2026-07-20')]
  await publish({}, { sequence: 7, nextUpdate: ends })
  const first = await readTrust(trust, 'users', AT)
  await expect(readTrust(trust, 'users', later), 'a start').rejects.toThrow('OUTDATED')
  const second = await readTrust(trust, 'users', later, first)
  expect(second.at(later)).toHaveLength(2)
  // However often.
  expect((await readTrust(trust, 'users', day('2026-08-20'), second)).at(later)).toHaveLength(2)
  await publish({ from: '2021-01-01T00:00:00Z' }, { sequence: 7, nextUpdate: ends })
  await expect(readTrust(trust, 'users', later, second), 'other octets').rejects.toThrow('OUTDATED')
  await publish({}, { sequence: 8, nextUpdate: '2026-12-01T00:00:00Z' })
  expect((await readTrust(trust, 'users', later, second)).lists).toMatchObject([{ sequence: 8 }])
})

test('one operator may have two lists, each with numbers of its own', async () => {
  using folder = new TemporaryFolder()
  const { publish, trustOf } = await house(folder)
  await publish({}, { sequence: 7 }, 'a.xml')
  await publish({}, { sequence: 40 }, 'b.xml')
  const now = await readTrust(trustOf('a.xml', 'b.xml'), 'users', AT)
  expect((await readTrust(trustOf('a.xml', 'b.xml'), 'users', AT, now)).lists).toHaveLength(2)
  await publish({}, { sequence: 6 }, 'a.xml')
  await expect(readTrust(trustOf('a.xml', 'b.xml'), 'users', AT, now)).rejects.toThrow('REPLACED')
})

test('one of two lists of an operator may be given up: the other has its own numbers', async () => {
  using folder = new TemporaryFolder()
  const { publish, trustOf } = await house(folder)
  await publish({}, { sequence: 7 }, 'a.xml')
  await publish({}, { sequence: 40 }, 'b.xml')
  const both = await readTrust(trustOf('a.xml', 'b.xml'), 'users', AT)
  const one = await readTrust(trustOf('a.xml'), 'users', AT, both)
  expect(one.lists).toMatchObject([{ sequence: 7 }])
  await publish({}, { sequence: 8 }, 'a.xml')
  for (const before of [both, one])
    expect((await readTrust(trustOf('a.xml'), 'users', AT, before)).lists).toMatchObject([{ sequence: 8 }])
  await publish({}, { sequence: 6 }, 'a.xml')
  await expect(readTrust(trustOf('a.xml'), 'users', AT, both)).rejects.toThrow('number 6, and 7 was here')
  // What was given up does not come back older in a third file.
  await publish({}, { sequence: 8 }, 'a.xml')
  await publish({}, { sequence: 39 }, 'c.xml')
  await expect(readTrust(trustOf('a.xml', 'c.xml'), 'users', AT, both)).rejects.toThrow('39, and 40 was here')
})

test('an older list is not believed under another name either', async () => {
  using folder = new TemporaryFolder()
  const { publish, trustOf } = await house(folder)
  await publish({}, { sequence: 7 }, 'a.xml')
  const now = await readTrust(trustOf('a.xml'), 'users', AT)
  await publish({}, { sequence: 6 }, 'b.xml')
  await expect(readTrust(trustOf('b.xml'), 'users', AT, now)).rejects.toThrow('REPLACED')
})
