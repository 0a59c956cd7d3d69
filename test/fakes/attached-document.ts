import { MimeIndexer } from '../../mail/mime-index.ts'
import type { DocumentSource } from '../../server/imap/search/documents/document-text.ts'
import { Slice } from '../../server/imap/slice.ts'

/** A body that lies in memory, read as from a store. */
export const sourceOf = (octets: Buffer): DocumentSource => ({
  parts: {
    events: { pdfUnread: () => {} },
    store: {
      blobs: {
        read: async (_, { start, end } = { start: 0, end: octets.length }) => octets.subarray(start, end),
        open: async function* (_, { start, end } = { start: 0, end: octets.length }) {
          yield octets.subarray(start, end)
        },
      },
    },
  },
  slice: new Slice(),
})

/** A message that is one attachment, encoded in base64. */
export function attachment(document: Buffer, type: string, name = 'x'): Buffer {
  const lines = document.toString('base64').replace(/.{76}/g, '$&\r\n')
  return Buffer.from(
    `Content-Type: ${type}; name="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${lines}\r\n`,
  )
}

/** That message as it is read. @param hash by which its body is known */
export function attachedDocument(document: Buffer, type: string, name?: string, hash = '') {
  const octets = attachment(document, type, name)
  const indexer = new MimeIndexer()
  indexer.push(octets)
  const index = indexer.end()
  return { index, part: index.root, source: sourceOf(octets), body: { hash, size: octets.length } }
}
