import { DOMParser } from '@xmldom/xmldom'
import { describe, expect, test } from 'vitest'
import { C14nCanonicalization, ExclusiveCanonicalization } from 'xml-crypto'
import { canonicalize } from '../../../../evidence/xml/c14n.ts'
import { parseXml } from '../../../../evidence/xml/parse.ts'

const c14n = (text: string, mode: 'exclusive' | 'inclusive' = 'exclusive'): string =>
  canonicalize(parseXml(Buffer.from(text)), { mode })

describe('canonical forms agree with xml-crypto', () => {
  test.each([
    ['empty element', '<a/>'],
    ['attribute order', '<a z="1" b="2" xmlns:p="urn:p" p:a="3" xmlns:o="urn:a" o:z="4"/>'],
    ['unused declaration', '<a xmlns:p="urn:p"><b/></a>'],
    ['used below', '<a xmlns:p="urn:p"><p:b><p:c/></p:b><p:d/></a>'],
    ['redeclared', '<p:a xmlns:p="urn:1"><p:b xmlns:p="urn:2"><p:c xmlns:p="urn:2"/></p:b></p:a>'],
    ['escapes', '<a b="&lt;&amp;&quot;&#9;&#10;&#13;&gt;">&lt;&amp;&gt;&#13;"\'</a>'],
    ['line ends', '<a>\r\n<b/>\r</a>'],
    ['CDATA', '<a><![CDATA[<&>]]></a>'],
    ['xml:lang', '<a xml:lang="tr" xmlns="urn:a"><b xml:space="preserve"> </b></a>'],
    ['beyond the BMP', '<a>\u{1f600}ğüşıöç</a>'],
  ])('%s', (_name, text) => {
    const document = new DOMParser().parseFromString(text, 'text/xml').documentElement
    expect(c14n(text)).toBe(new ExclusiveCanonicalization().process(document, {}).toString())
    expect(c14n(text, 'inclusive')).toBe(new C14nCanonicalization().process(document, {}).toString())
  })
})

test('a default namespace is undone once [XML C14N 1.0 §2.3]', () => {
  // xml-crypto repeats xmlns="" on each child; libxml2 does not.
  const text = '<a xmlns="urn:a"><b xmlns=""><c></c></b></a>'
  expect(c14n(text)).toBe(text)
  expect(c14n(text, 'inclusive')).toBe(text)
})

test('an apex inherits namespaces and xml: attributes in the inclusive form only [XML C14N 1.0 §2.4]', () => {
  const root = parseXml(Buffer.from('<a xmlns="urn:a" xmlns:q="urn:q" xml:lang="tr"><b/></a>'))
  const [apex] = root.children
  if (apex?.kind !== 'element') throw new Error('no element')
  expect(canonicalize(apex, { mode: 'inclusive' })).toBe(
    '<b xmlns="urn:a" xmlns:q="urn:q" xml:lang="tr"></b>',
  )
  expect(canonicalize(apex, { mode: 'exclusive' })).toBe('<b xmlns="urn:a"></b>')
  expect(canonicalize(apex, { mode: 'exclusive', inclusivePrefixes: ['q'] })).toBe(
    '<b xmlns="urn:a" xmlns:q="urn:q"></b>',
  )
})

test('attributes stand in the order of code points, not of UTF-16 [XML C14N 1.0 §2.2]', () => {
  // U+F900 comes before U+20000, whose first surrogate is D840.
  expect(canonicalize(parseXml(Buffer.from('<a \u{20000}="2" \uf900="1"/>')), { mode: 'exclusive' })).toBe(
    '<a \uf900="1" \u{20000}="2"></a>',
  )
})

describe('what is not well-formed is refused', () => {
  test.each([
    ['nothing', ''],
    ['text only', 'x'],
    ['two roots', '<a/><b/>'],
    ['text after the root', '<a/>x'],
    ['crossed tags', '<a><b></a></b>'],
    ['no end', '<a><b></b>'],
    ['same attribute', '<a b="1" b="2"/>'],
    ['same attribute under two prefixes', '<a xmlns:p="urn:x" xmlns:q="urn:x" p:b="1" q:b="2"/>'],
    ['undeclared prefix', '<p:a/>'],
    ['undeclared attribute prefix', '<a p:b="1"/>'],
    ['prefix without name', '<a xmlns:p=""/>'],
    ['xmlns as prefix', '<a xmlns:xmlns="urn:x"/>'],
    ['xml bound elsewhere', '<a xmlns:xml="urn:x"/>'],
    ['unquoted value', '<a b=1/>'],
    ['< in a value', '<a b="<"/>'],
    ['no space between attributes', '<a b="1"c="2"/>'],
    [']]> in text', '<a>]]></a>'],
    ['bare &', '<a>& b</a>'],
    ['& without end', '<a>&amp</a>'],
    ['reference to NUL', '<a>&#0;</a>'],
    ['reference to a surrogate', '<a>&#xD800;</a>'],
    ['reference beyond Unicode', '<a>&#x110000;</a>'],
    ['unknown entity', '<a>&nbsp;</a>'],
    ['control character', '<a>\u0001</a>'],
    ['XML 1.1', '<?xml version="1.1"?><a/>'],
    ['other encoding', '<?xml version="1.0" encoding="UTF-16"?><a/>'],
    ['name of digits', '<1a/>'],
    ['two colons', '<a:b:c xmlns:a="urn:a"/>'],
  ])('%s', (_name, text) => {
    expect(() => parseXml(Buffer.from(text))).toThrow(expect.objectContaining({ name: 'XmlError' }))
  })
})
