import { type DocumentRow, type DocumentStore, StoreError } from '../storage/port.ts'

/** Where others came first so often, the store is asked too much. */
const MAX_TRIES = 50

/**
 * Puts what `change` makes of a document as it is now. Rejects with UNAVAILABLE where others always come first, and with what
 * `change` throws.
 *
 * @param change undefined leaves the document as it is; asked again where somebody else wrote in between
 */
export async function changeDocument(
  documents: Pick<DocumentStore, 'get' | 'put'>,
  key: string,
  change: (row: DocumentRow | undefined) => string | undefined | Promise<string | undefined>,
  maxTries = MAX_TRIES,
): Promise<void> {
  for (let tries = 0; tries < maxTries; tries++) {
    const row = await documents.get(key)
    const document = await change(row)
    if (document === undefined || (await documents.put(key, document, row?.version ?? 0))) return
  }
  throw new StoreError('UNAVAILABLE', 'others change this document all the time')
}

/** Takes it away as it is now. What somebody else wrote meanwhile stays. */
export async function forgetDocument(
  documents: Pick<DocumentStore, 'get' | 'remove'>,
  key: string,
): Promise<void> {
  const row = await documents.get(key)
  if (row !== undefined) await documents.remove(key, row.version)
}
