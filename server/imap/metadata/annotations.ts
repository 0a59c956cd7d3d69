import type { DocumentRow, Store } from '../../../storage/port.ts'
import { changeDocument } from '../../change-document.ts'
import { MAX_ANNOTATIONS, MAX_ENTRIES, MAX_SCOPE_OCTETS } from './limits.ts'

/** One entry of an account. Values are octets, one char each. */
export interface Annotation {
  /** Handle of the person whose own it is; '' for what all persons of the account share. */
  readonly person: string
  /** MAILBOXID; '' for the server. */
  readonly mailbox: string
  /** Lower case. */
  readonly key: string
  readonly value: string
}

/** As it is kept. Rows and no objects: names are strangers'. Written and read by this program only. */
type StoredAnnotation = readonly [person: string, mailbox: string, key: string, value: string]

/** All entries of an account: one document, so that one command changes entries of both kinds or none. */
export interface Annotations {
  readonly version: number
  readonly entries: readonly Annotation[]
}

export const readAnnotations = async (
  { annotations }: Pick<Store, 'annotations'>,
  account: string,
): Promise<Annotations> => annotationsIn(await annotations.get(keyOf(account)))

function annotationsIn(stored: DocumentRow | undefined): Annotations {
  if (stored === undefined) return { version: 0, entries: [] }
  const rows: readonly StoredAnnotation[] = JSON.parse(stored.document)
  return {
    version: stored.version,
    entries: rows.map(([person, mailbox, key, value]) => ({ person, mailbox, key, value })),
  }
}

/**
 * Puts what `change` makes of the entries as they are now; answers with both.
 *
 * @param change throws where it may not be; it is asked again where somebody else wrote in between
 */
export async function changeAnnotations(
  store: Pick<Store, 'annotations'>,
  account: string,
  change: (entries: readonly Annotation[]) => readonly Annotation[],
): Promise<{ before: Annotations; after: Annotations }> {
  let before = annotationsIn(undefined)
  let after = before
  await changeDocument(store.annotations, keyOf(account), (stored) => {
    before = annotationsIn(stored)
    after = { version: before.version + 1, entries: change(before.entries) }
    const text = textOf(after.entries)
    if (text !== (stored?.document ?? textOf([]))) return text
    after = before
    return undefined
  })
  return { before, after }
}

/** Whether there is room for so many: each person's, and the account's as a whole. */
export function fits(entries: readonly Annotation[]): boolean {
  const octets = new Map<string, number>()
  const counts = new Map<string, number>()
  let all = 0
  for (const { person, mailbox, key, value } of entries) {
    octets.set(person, (octets.get(person) ?? 0) + key.length + value.length)
    all += key.length + value.length
    const place = JSON.stringify([person, mailbox])
    counts.set(place, (counts.get(place) ?? 0) + 1)
  }
  return (
    [...octets.values()].every((sum) => sum <= MAX_SCOPE_OCTETS) &&
    [...counts.values()].every((count) => count <= MAX_ENTRIES) &&
    all <= MAX_ANNOTATIONS
  )
}

const textOf = (entries: readonly Annotation[]): string =>
  JSON.stringify(
    entries.map(({ person, mailbox, key, value }): StoredAnnotation => [person, mailbox, key, value]),
  )

const keyOf = (account: string): string => `account/${account}`
