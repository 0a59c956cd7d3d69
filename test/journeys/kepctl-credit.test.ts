import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../mail/clock.ts'
import { ensureDevelopmentPki } from '../../server/development/pki.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'
import { kepctl } from '../fakes/kepctl.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const ADDRESS = 'ali@hs98.kep.tr'
const folder = new TemporaryFolder()
beforeAll(async () => {
  await ensureDevelopmentPki(folder.path, { domain: 'hs98.kep.tr', clock: systemClock })
  await using _store = await openSqliteStore(folder.file('store'), Date.now())
})
afterAll(() => folder[Symbol.dispose]())

const ctl = (line: string) => kepctl(['--data', folder.path, ...line.split(' ')])
const code = async (line: string) => (await ctl(line)).code

test('an operator fills a purse, and exports what became of it', async () => {
  expect(await code(`account create ${ADDRESS} --holder Ali`)).toBe(0)
  expect(await code(`credit add ${ADDRESS} --deposit 100,50 --note =HYPERLINK("x") --receipt 4711`)).toBe(0)
  const again = await ctl(`credit add ${ADDRESS} --deposit 100,50 --receipt 4711 --json`)
  expect(JSON.parse(again.out)).toMatchObject({ balance: 10_050, repeated: true })
  const another = await ctl(`credit refund ${ADDRESS} --amount 100,50 --receipt 4711`)
  expect(another).toMatchObject({ code: 1, err: expect.stringContaining('booked under this receipt') })
  expect(await code(`credit add ${ADDRESS} --package kep --units 10 --price 20 --until 2099-12-31`)).toBe(0)
  expect(await code(`credit refund ${ADDRESS} --amount 0.50`)).toBe(0)
  const shown = await ctl(`credit show ${ADDRESS} --json`)
  expect(JSON.parse(shown.out)).toMatchObject({
    balance: 8000,
    reserved: 0,
    packages: [{ unit: 'kep', left: 10, until: '2099-12-31T21:00:00.000Z' }],
  })
  const list = await ctl(`credit list ${ADDRESS}`)
  expect(list.out).toMatch(/Para Yatırma\n {2}Açıklama +Tutar \(TL\) +Tarih\n {2}=HYPERLINK\("x"\) +100\.50/)
  const csv = await ctl(`credit list ${ADDRESS} --list deposits --csv`)
  expect(csv.out.split('\n').slice(0, 2)).toEqual([
    'Açıklama,Tutar (TL),Tarih',
    expect.stringMatching(/^"'=HYPERLINK\(""x""\)",100\.50,20/),
  ])
  expect(await ctl('credit check')).toMatchObject({
    code: 0,
    out: expect.stringContaining('1 accounts, 3 entries'),
  })
})

test.each([
  ['no such account', 'credit show yok@hs98.kep.tr', 1],
  ['money and a package', `credit add ${ADDRESS} --deposit 1 --package kep --units 1`, 2],
  ['a day that is over', `credit add ${ADDRESS} --package kep --units 1 --until 2020-01-01`, 2],
  ['more than there is', `credit refund ${ADDRESS} --amount 9999`, 1],
])('%s is refused', async (_, line, expected) => {
  expect(await code(line)).toBe(expected)
})
