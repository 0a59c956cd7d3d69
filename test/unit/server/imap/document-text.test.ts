import { describe, expect, test } from 'vitest'
import { documentText, isDocument } from '../../../../server/imap/search/documents/document-text.ts'
import { Turn } from '../../../../server/imap/search/documents/turn.ts'
import { XmlText } from '../../../../server/imap/search/documents/xml-text.ts'
import { attachedDocument } from '../../../fakes/attached-document.ts'
import { type ZipPart, zip } from '../../../fakes/zip.ts'

const WORD = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'

async function textOf(parts: readonly ZipPart[], type = WORD, name?: string): Promise<string> {
  const { part, source, body } = attachedDocument(zip(parts), type, name)
  return (await Array.fromAsync(documentText(source, body, part))).join('')
}

const xml = (text: string): string => {
  const reader = new XmlText()
  return reader.push(text) + reader.end()
}

describe('XML 1.0 §2.4: characters between tags', () => {
  test.each([
    [
      'runs of letters are joined',
      '<w:p><w:r><w:t>keli</w:t></w:r>\n<w:r><w:t>me</w:t></w:r></w:p>',
      '\nkelime\n',
    ],
    ['references', '<a>&lt;&#199;&#xE7;&amp;lt;&apos;&quot;&gt;</a>', '<Çç&lt;\'">'],
    ['what is no reference stays', '<a>a & b &yok; &#x110000; &#xZ;</a>', 'a & b &yok; &#x110000; &#xZ;'],
    ['no declared entity', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a>&a;</a>', '&a;'],
    ['comments, instructions', '<?xml version="1.0"?><a>x<!-- <p>gizli</p> -->y</a>', 'xy'],
    ['CDATA', '<a>x<![CDATA[<y>]]>z</a>', 'x<y>z'],
    ['ODF 1.3-3 §6.1: tabs and spaces', '<text:p>a<text:tab/>b<text:s text:c="2"/>c</text:p>', '\na\nb\nc\n'],
    [
      'ECMA-376-1 §18.3.1.4: indexes of shared texts',
      '<c r="A1" t="s"><v>7</v></c><c><v>1453</v></c>',
      '\n\n\n\n\n\n1453\n\n',
    ],
    ['cut short', '<a>metin<b', 'metin'],
  ])('%s', (_, given, expected) => {
    expect(xml(given)).toBe(expected)
    const reader = new XmlText()
    expect([...given].map((each) => reader.push(each)).join('') + reader.end()).toBe(expected)
  })
})

describe('ECMA-376, ODF 1.3: the text of packages', () => {
  const line = (text: string) => `<w:document><w:p><w:r><w:t>${text}</w:t></w:r></w:p></w:document>`
  const cases: [string, string, string | undefined, string][] = [
    ['Word', WORD, undefined, 'word/document.xml'],
    ['Word, its foot', WORD, undefined, 'word/footnotes.xml'],
    [
      'Excel',
      WORD.replace('wordprocessingml.document', 'spreadsheetml.sheet'),
      undefined,
      'xl/sharedStrings.xml',
    ],
    [
      'PowerPoint',
      WORD.replace('wordprocessingml.document', 'presentationml.presentation'),
      undefined,
      'ppt/slides/slide1.xml',
    ],
    ['OpenDocument', 'application/vnd.oasis.opendocument.text', undefined, 'content.xml'],
    ['by its name alone', 'application/octet-stream', 'Rapor.DOCX', 'word/document.xml'],
    ['e-Yazisma', 'application/octet-stream', 'yazi.eyp', 'Ustveri/Ustveri.xml'],
  ]
  test.each(cases)('%s', async (_, type, name, path) => {
    const found = await textOf([{ name: path, content: line('İhale şartnamesi') }], type, name)
    expect(found.trim()).toBe('İhale şartnamesi')
  })

  test('what its readers do not see is not looked at', async () => {
    expect(await textOf([{ name: 'word/settings.xml', content: line('gizli') }])).toBe('')
  })

  test('only what is a document by type or name is opened', () => {
    expect(isDocument(attachedDocument(Buffer.of(), 'application/octet-stream', 'a.bin').part)).toBe(false)
    expect(isDocument(attachedDocument(Buffer.of(), 'image/png', 'a.docx').part)).toBe(false)
    expect(isDocument(attachedDocument(Buffer.of(), WORD).part)).toBe(true)
  })
})

test('turns are taken in order, and one that is given back lets the next begin', async () => {
  const turn = new Turn()
  const order: string[] = []
  const first = await turn.take()
  const second = turn.take().then((done) => {
    order.push('second')
    done()
  })
  const third = turn.take().then(() => order.push('third'))
  order.push('first')
  first()
  await Promise.all([second, third])
  expect(order).toEqual(['first', 'second', 'third'])
})
