import { canonicalize } from '../../../evidence/xml/c14n.ts'
import { MAX_DEPTH, parseXml } from '../../../evidence/xml/parse.ts'
import { type XmlElement, XmlError } from '../../../evidence/xml/tree.ts'
import { listXml } from '../../../test/fakes/trust-list.ts'
import { Broken, codeOf, type Target } from '../target.ts'

export const xml: Target = {
  name: 'xml',
  kind: 'xml',
  weight: 3,
  seeds: async () => [
    Buffer.from(
      '<?xml version="1.0" encoding="UTF-8"?>\n<a xmlns="urn:a" xmlns:b="urn:b" b:c="1" d=\'2\'><b:e xml:lang="tr">ş &amp; &#x1F600;<f/></b:e><![CDATA[<x>]]></a>\n',
    ),
    Buffer.from(
      '<a xmlns:p="urn:1" xmlns:q="urn:2" xml:space="preserve"><p:b p:x="1" q:x="2" x="&lt;&#9;"/><b xmlns=""><c xmlns="urn:c"/></b></a>',
    ),
    Buffer.from('<a><!-- b --><c/>\r\n<!-- d --></a>'),
    Buffer.from(listXml({ services: [] })),
  ],
  run: (input) =>
    (['refused', 'left-out'] as const)
      .map((comments) =>
        codeOf([XmlError], () => {
          const root = parseXml(input, { comments })
          return `${stable(root, 'exclusive')} ${stable(root, 'inclusive')}`
        }),
      )
      .join(' '),
  work(input) {
    codeOf([XmlError], () => {
      const root = parseXml(input, { comments: 'left-out' })
      canonicalize(root, { mode: 'exclusive' })
      return canonicalize(root, { mode: 'inclusive' })
    })
  },
  growth: [
    { name: 'elements', make: (octets) => Buffer.from(`<a>${'<b/>'.repeat(octets / 4)}</a>`) },
    {
      name: 'elements with a namespace',
      make: (octets) => deep(octets, (level) => ` xmlns:p${level}="u"`, '<b xmlns:c="d"/>'),
    },
    {
      name: 'elements in the deepest scope',
      make: (octets) => deep(octets, (level) => ` xmlns:p${level}="u"`, '<b/>'),
    },
    {
      name: 'prefixed elements',
      make: (octets) => deep(octets, (level) => ` xmlns:p${level}="u"`, '<p0:b/>'),
    },
    {
      name: 'attributes',
      make: (octets) =>
        deep(octets, () => '', `<b${Array.from({ length: 32 }, (_, at) => ` a${at}=""`).join('')}/>`),
    },
    { name: 'references', make: (octets) => Buffer.from(`<a>${'&#65;'.repeat(octets / 5)}</a>`) },
    {
      name: 'beginnings of references',
      make: (octets) => Buffer.from(`<a>${'&amp;&amp'.repeat(octets / 9)}</a>`),
    },
    { name: 'CDATA', make: (octets) => Buffer.from(`<a>${'<![CDATA[]]>'.repeat(octets / 12)}</a>`) },
    { name: 'comments', make: (octets) => Buffer.from(`<a>${'<!---->'.repeat(octets / 7)}</a>`) },
    { name: 'white space', make: (octets) => Buffer.from(`<a${' '.repeat(octets)}b="c"/>`) },
    { name: 'CRs', make: (octets) => Buffer.from(`<a>${'\r'.repeat(octets)}</a>`) },
    { name: 'one long name', make: (octets) => Buffer.from(`<${'a'.repeat(octets)}/>`) },
  ],
}

function deep(octets: number, attributes: (level: number) => string, element: string): Buffer {
  const levels = Array.from({ length: MAX_DEPTH - 2 }, (_, level) => `<a${attributes(level)}>`).join('')
  return Buffer.from(`${levels}${element.repeat(octets / element.length)}${'</a>'.repeat(MAX_DEPTH - 2)}`)
}

/** Canonical XML of canonical XML is itself, and reads as the same tree. */
function stable(root: XmlElement, mode: 'exclusive' | 'inclusive'): string {
  const once = canonicalize(root, { mode })
  const again = codeOf([XmlError], () => canonicalize(parseXml(Buffer.from(once)), { mode }))
  // What is canonical has more octets, and may be over the limit.
  if (again !== once && again !== 'TOO_LARGE') throw new Broken(`${mode} canonical XML is read otherwise`)
  return again === once ? 'stable' : again
}
