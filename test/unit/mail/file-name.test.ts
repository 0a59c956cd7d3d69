import { expect, test } from 'vitest'
import { fileNamesOf } from '../../../mail/file-name.ts'
import { MimeIndexer } from '../../../mail/mime-index.ts'

const namesIn = (header: string) => {
  const indexer = new MimeIndexer()
  indexer.push(Buffer.from(`${header}\r\n\r\n`, 'latin1'))
  return fileNamesOf(indexer.end().root)
}

test.each([
  ['Content-Disposition: attachment; filename=a.eyp', 'a.eyp'],
  ['Content-Disposition: attachment; filename="=?utf-8?B?WWF6xLEuZXlw?="', 'Yazı.eyp'],
  ["Content-Disposition: attachment; filename*=utf-8'tr'Yaz%C4%B1.eyp", 'Yazı.eyp'],
  [
    "Content-Disposition: attachment; filename*0*=utf-8''Yaz%C4; filename*1*=%B1; filename*2=.eyp",
    'Yazı.eyp',
  ],
  ['Content-Disposition: attachment; filename*0=a.; filename*1=eyp', 'a.eyp'],
  ["Content-Disposition: attachment; filename=a.pdf; filename*=utf-8''a.eyp", 'a.eyp'],
  ['Content-Type: application/octet-stream; name=a.eyp', 'a.eyp'],
  ['Content-Type: x/y; name=a.pdf\r\nContent-Disposition: attachment; filename=a.eyp', 'a.eyp'],
  ["Content-Disposition: attachment; filename*=iso-8859-9''Yaz%FD.eyp", 'Yazı.eyp'],
  ["Content-Disposition: attachment; filename*=none''a%ZZ.eyp", 'a%ZZ.eyp'],
  ['Content-Disposition: attachment', undefined],
  ['Subject: x', undefined],
])('%s', (header, name) => expect(namesIn(header)[0]).toBe(name))

test('none of several names is hidden by another', () => {
  const header =
    "Content-Type: x/y; name=a.eyp\r\nContent-Disposition: attachment; filename=b.eyp; filename*=utf-8''c.pdf"
  expect(namesIn(header)).toEqual(['c.pdf', 'b.eyp', 'a.eyp'])
})
