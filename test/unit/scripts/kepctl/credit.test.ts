import { describe, expect, test } from 'vitest'
import { CREDIT_LISTS, JOURNAL } from '../../../../scripts/kepctl/credit-lists.ts'
import { csvLine } from '../../../../scripts/kepctl/csv.ts'
import { kurusOf, liraOf } from '../../../../scripts/kepctl/money.ts'
import type { LedgerEntry } from '../../../../server/purse/ledger.ts'

test.each([
  ['12', 1200],
  ['12,5', undefined],
  ['12.50', 1250],
  ['0,01', 1],
  ['-1', undefined],
  ['1e3', undefined],
  ['1.234,50', undefined],
  ['', undefined],
])('%s TL are %s kuruş', (text, kurus) => {
  expect(kurusOf(text)).toBe(kurus)
})

test.each([
  [0, '0.00'],
  [5, '0.05'],
  [150, '1.50'],
  [-150, '-1.50'],
  [1_000_000_000_000_001, '10000000000000.01'],
])('%i kuruş are %s TL', (kurus, text) => {
  expect(liraOf(kurus)).toBe(text)
})

describe('a cell of a table', () => {
  test.each([
    ['plain', 'plain'],
    ['-1.50', '-1.50'],
    ['a,b', '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ['=1+1', `"'=1+1"`],
    ['+90 555', `"'+90 555"`],
    ['-cmd|x', `"'-cmd|x"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"'\t=1"`],
    ['  =1', `"'  =1"`],
    ['＝1+1', `"'＝1+1"`],
    ['-1.5+2', `"'-1.5+2"`],
    ['a;b', '"a;b"'],
    ['two\r\nlines', '"two\r\nlines"'],
  ])('%j is written %s', (text, written) => {
    expect(csvLine([text])).toBe(written)
  })
})

describe('movements as holders know them', () => {
  const entry = (over: Partial<LedgerEntry>): LedgerEntry => ({
    id: 'le-1',
    seq: 1,
    at: '2026-11-22T09:00:00.000Z',
    account: 'a@hs98.kep.tr',
    kind: 'settle',
    lines: [],
    by: 'system',
    ...over,
  })
  const paid = (unit: 'kep' | 'kurus', amount: number) => [
    { book: 'reserved', unit, amount: -amount } as const,
    { book: 'used', unit, amount } as const,
  ]
  const about = { to: 'b@hs98.kep.tr', messageId: '<m>', recipients: '1', type: 'eTebligat' } as const
  const at = '2026-11-22 12:00:00'
  const shown = (one: LedgerEntry) =>
    CREDIT_LISTS.flatMap(({ name, rows }) => rows(one).map((row) => [name, ...row]))

  test.each<[string, LedgerEntry, string[][]]>([
    [
      'units',
      entry({ ...about, lines: paid('kep', 3) }),
      [['package', 'b@hs98.kep.tr', 'E-Tebligat', '3', '<m>', at]],
    ],
    [
      'money',
      entry({ ...about, lines: paid('kurus', 450) }),
      [['balance', 'b@hs98.kep.tr', 'E-Tebligat', '4.50', at]],
    ],
    ['what is set aside', entry({ ...about, kind: 'reserve', lines: paid('kurus', 450) }), []],
    [
      'a deposit',
      entry({ kind: 'deposit', note: 'havale', lines: [{ book: 'balance', unit: 'kurus', amount: 100 }] }),
      [['deposits', 'havale', '1.00', at]],
    ],
    [
      'a refund',
      entry({ kind: 'refund', lines: [{ book: 'balance', unit: 'kurus', amount: -100 }] }),
      [['deposits', 'İade', '-1.00', at]],
    ],
    [
      'a package',
      entry({
        kind: 'package-bought',
        package: { id: 'pk', unit: 'sms' },
        lines: [
          { book: 'packages', unit: 'sms', amount: 100 },
          { book: 'used', unit: 'kurus', amount: 2000 },
        ],
      }),
      [['purchases', 'SMS Paketi (100)', '20.00', at]],
    ],
    [
      'a notice',
      entry({ kind: 'sms', subject: 'sms/x', lines: paid('kurus', 20) }),
      [['balance', '', 'SMS', '0.20', at]],
    ],
  ])('%s', (_, one, rows) => {
    expect(shown(one)).toEqual(rows)
  })

  test('the journal has a row for each line', () => {
    const rows = JOURNAL.rows(entry({ ...about, lines: paid('kurus', 450) }))
    expect(rows.map((row) => row.slice(8, 11))).toEqual([
      ['reserved', 'TL', '-4.50'],
      ['used', 'TL', '4.50'],
    ])
    for (const row of rows) expect(row).toHaveLength(JOURNAL.columns.length)
  })
})
