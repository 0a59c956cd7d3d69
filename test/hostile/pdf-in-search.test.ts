/** PDF documents that are made to take all memory and time of who reads them. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { PdfReader, UnknownText } from '../../server/imap/search/documents/pdf-reader.ts'
import { newBudget, PdfText } from '../../server/imap/search/documents/pdf-text.ts'
import { Slice } from '../../server/imap/slice.ts'
import { PdfStream, pagesOf, pdf, pdfOf } from '../fakes/pdf.ts'

const fake = (name: string) => join(import.meta.dirname, '../fakes', name)
const SMALL = { memory: 209_715_200, processorMs: 1_500 }

async function* inPieces(octets: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < octets.length; at += 65_536) yield octets.subarray(at, at + 65_536)
}
const read = async (reader: PdfReader, octets: Buffer): Promise<string> =>
  (await Array.fromAsync(reader.textOf(inPieces(octets)))).join('').trim()

/** A page whose operators are this. */
function withContent(content: PdfStream): Buffer {
  const objects = pagesOf(['()Tj'])
  objects[3] = content
  return pdf(objects)
}
const bomb = new PdfStream(
  deflateSync(deflateSync(Buffer.alloc(2 ** 29, 'a'))),
  '/Filter[/FlateDecode/FlateDecode]',
)
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

const reader = new PdfReader(SMALL)
afterAll(() => reader.end())

test.each<[string, Buffer]>([
  ['a deflate bomb within another', withContent(bomb)],
  [
    'a page of fifty million letters',
    withContent(PdfStream.deflated(`BT /F 12 Tf ${'(abcdefgh) Tj '.repeat(6_000_000)} ET`)),
  ],
  [
    'a million pages',
    pdf([
      '<</Type/Catalog/Pages 2 0 R>>',
      `<</Type/Pages/Kids[${'3 0 R '.repeat(1_000_000)}]/Count 1000000>>`,
      ...pagesOf(['(a)Tj']).slice(2),
    ]),
  ],
])('%s is given up with its process, and the next document is read', async (_, octets) => {
  expect(await read(reader, pdfOf('once'))).toBe('once')
  const before = reader.pid
  await expect(read(reader, octets)).rejects.toBeInstanceOf(UnknownText)
  expect(await read(reader, pdfOf('sonra'))).toBe('sonra')
  expect(reader.pid).not.toBe(before)
})

test.each<[string, Buffer, string]>([
  ['no PDF at all', Buffer.alloc(3_000_000, 'obj endobj 1 0 obj << '), ''],
  ['nothing', Buffer.alloc(0), ''],
  ['cut short', pdfOf('metin').subarray(0, 400), ''],
  [
    'a page tree that is its own branch',
    pdf(['<</Type/Catalog/Pages 2 0 R>>', '<</Type/Pages/Kids[2 0 R 2 0 R]/Count 1000000>>']),
    '',
  ],
  [
    'a table that leads to itself',
    Buffer.from(pdfOf('metin').toString('latin1').replace('/Root', '/Prev 9/Root'), 'latin1'),
    'metin',
  ],
  [
    'a form that draws itself',
    pdf(
      pagesOf(['/X Do (metin) Tj']).map((each) =>
        typeof each === 'string' ? each.replace('/Font<<', '/XObject<</X 4 0 R>>/Font<<') : each,
      ),
    ),
    'metin',
  ],
  [
    'a million nested arrays',
    pdf([`<</Type/Catalog/Pages 2 0 R/X ${nested(1_000_000)}>>`, ...pagesOf(['(a)Tj']).slice(1)]),
    '',
  ],
  ['nested arrays among operators', withContent(PdfStream.deflated(nested(1_000_000))), ''],
])('%s: the same process reads the next document', async (_, octets, expected) => {
  await read(reader, pdfOf('once'))
  const before = reader.pid
  expect(await read(reader, octets)).toBe(expected)
  expect(await read(reader, pdfOf('sonra'))).toBe('sonra')
  expect(reader.pid).toBe(before)
})

test('a document that is given up after two pages: the next time they are found again, and no more is tried', async () => {
  const texts = new PdfText(SMALL)
  const objects = pagesOf(['(bir)Tj', '(iki)Tj', ''])
  objects[7] = bomb
  const told: string[] = []
  const asking = { slice: new Slice(), parts: { events: { pdfUnread: (why: string) => told.push(why) } } }
  const pages = async (id: string) => {
    const found: string[] = []
    try {
      for await (const text of texts.of(inPieces(pdf(objects)), id, newBudget(), asking))
        found.push(text.trim())
    } catch (error) {
      found.push(error instanceof UnknownText ? 'given up' : String(error))
    }
    return found.filter((text) => text !== '')
  }
  expect(await pages('a')).toEqual(['bir', 'iki', 'given up'])
  expect(texts.pid).toBeUndefined()
  expect(await pages('a')).toEqual(['bir', 'iki', 'given up'])
  expect(texts.pid).toBeDefined()
  expect(told).toEqual(['given-up'])
  texts.end()
})

test('many documents in one message have one budget: what they take lessens it, and nothing more is tried when it is spent', async () => {
  const texts = new PdfText(SMALL)
  const asking = { slice: new Slice(), parts: { events: { pdfUnread: () => {} } } }
  const budget = { processorMs: 1_000_000 }
  const find = (octets: Buffer, id: string) =>
    Array.fromAsync(texts.of(inPieces(octets), id, budget, asking)).then(
      (found) => found.join('').trim(),
      (error) => (error instanceof UnknownText ? 'unknown' : String(error)),
    )
  expect(await find(pdfOf('bir'), '1')).toBe('bir')
  const before = budget.processorMs
  expect(before).toBeLessThan(1_000_000)
  expect(await find(withContent(bomb), '2')).toBe('unknown')
  expect(budget.processorMs).toBe(before - SMALL.processorMs)
  budget.processorMs = 0
  expect(await find(pdfOf('uc'), '3')).toBe('unknown')
  expect(texts.pid).toBeUndefined()
  budget.processorMs = 1
  expect(await find(pdfOf('uc'), '3')).toBe('uc')
  texts.end()
})

test('where no process can be started: nothing is remembered of the document', async () => {
  const none = new PdfReader()
  const { execPath } = process
  process.execPath = '/nowhere/node'
  try {
    await expect(read(none, pdfOf('x'))).rejects.toMatchObject({ isLasting: false })
  } finally {
    process.execPath = execPath
  }
  expect(await read(none, pdfOf('sonra'))).toBe('sonra')
  none.end()
})

test('a reader that never answers is ended', async () => {
  const silent = new PdfReader({ answerMs: 300 }, fake('silent-reader.ts'))
  await expect(read(silent, pdfOf('x'))).rejects.toMatchObject({ isLasting: true })
  expect(silent.pid).toBeUndefined()
})

test('a reader that dies, with little and with much still to be sent', async () => {
  const dying = new PdfReader({}, fake('dying-reader.ts'))
  for (const octets of [pdfOf('x'), Buffer.alloc(5_000_000)])
    await expect(read(dying, octets)).rejects.toBeInstanceOf(UnknownText)
})

test('a reader that was killed while it had nothing to do is replaced', async () => {
  const idle = new PdfReader()
  await read(idle, pdfOf('x'))
  const before = idle.pid!
  process.kill(before, 'SIGKILL')
  await expect.poll(() => idle.pid).toBeUndefined()
  expect(await read(idle, pdfOf('sonra'))).toBe('sonra')
  idle.end()
})

test('a reader that has nothing to do goes, and not before', async () => {
  const short = new PdfReader({ idleMs: 50 })
  await read(short, pdfOf('x'))
  expect(short.pid).toBeDefined()
  await expect.poll(() => short.pid).toBeUndefined()
})

test('who stops in the middle of a document, or fails to send it, leaves nothing of it to the next', async () => {
  for await (const text of reader.textOf(inPieces(pdfOf('bir', 'iki', 'uc')))) if (text.includes('bir')) break
  expect(await read(reader, pdfOf('sonra'))).toBe('sonra')
  const failing = async function* () {
    yield pdfOf('yarim').subarray(0, 300)
    throw new Error('the store is gone')
  }
  await expect(Array.fromAsync(reader.textOf(failing()))).rejects.toThrow('the store is gone')
  expect(await read(reader, pdfOf('sonra'))).toBe('sonra')
})

test('the process that reads may read its own code and nothing else: no file, net, program, environment, code from strings', async () => {
  const server = createServer((socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  // The limit on memory is the first argument.
  const prying = new PdfReader({ memory: port }, fake('prying-reader.ts'))
  expect(await read(prying, pdfOf('x'))).toBe('reads what it is made of')
  prying.end()
  server.close()
})
