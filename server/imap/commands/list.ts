import { command } from '../command.ts'
import type { Cursor } from '../cursor.ts'
import { bad } from '../failure.ts'
import { matchesPattern } from '../list-pattern.ts'
import { attributesOf, listResponse } from '../list-response.ts'
import { parentsOf, SEPARATOR } from '../mailbox-name.ts'
import { parseStatusItems, statusLine } from '../mailbox-status.ts'
import { type MailboxTree, readTree } from '../mailbox-tree.ts'
import { readAnnotations } from '../metadata/annotations.ts'
import { tellMetadata } from '../metadata/answer.ts'
import type { EntryName } from '../metadata/entry-name.ts'
import { rightsIn } from '../rights.ts'
import type { Session } from '../session.ts'
import { mailbox } from '../wire-text.ts'
import { parseEntries } from './metadata.ts'

/** A client asks for two or three patterns at once. */
const MAX_PATTERNS = 20

interface ListArguments {
  readonly selection: ReadonlySet<string>
  readonly reference: string
  readonly patterns: readonly string[]
  readonly returns: ReadonlySet<string>
  readonly status: readonly string[] | undefined
  readonly metadata: readonly EntryName[] | undefined
  /** Written in the extended form. */
  readonly extended: boolean
}

/** [RFC 9051 §6.3.9] with the selection and return options of [RFC 5258 §3], [RFC 6154 §5.2] and [RFC 5819 §2]. */
export const list = command({
  name: 'LIST',
  state: 'authenticated',
  sync: 'all',
  parse: parseList,
  run: async (session, args) => {
    if (!args.extended && args.patterns[0] === '') session.out.untagged(`LIST (\\Noselect) "${SEPARATOR}" ""`)
    else await tellAll(session, args)
    return 'LIST done'
  },
})

async function tellAll(session: Session, args: ListArguments): Promise<void> {
  const tree = await readTree(session)
  const patterns = args.patterns.flatMap((octets) => session.pattern(args.reference, octets) ?? [])
  const isNamed = async (name: string): Promise<boolean> => {
    for (const pattern of patterns) {
      if (matchesPattern(pattern, name)) return true
      // A long pattern takes a slice of time by itself.
      await session.slice.breathe()
    }
    return false
  }
  const withUnnamed = args.selection.has('RECURSIVEMATCH') ? await aboveUnnamed(tree, isNamed) : NOBODY
  const annotations =
    args.metadata && session.may('read')
      ? await readAnnotations(session.parts.store, session.account)
      : undefined
  for (const name of tree.names) {
    await session.slice.breathe()
    session.requireClient()
    if (!(await isNamed(name)) || !selected(tree, name, args, withUnnamed)) continue
    const row = tree.rows.get(name)
    session.out.untagged(
      `${listResponse(attributes(tree, name, args), name, session.enabled.utf8)}${withUnnamed.has(name) ? ' ("CHILDINFO" ("SUBSCRIBED"))' : ''}`,
    )
    // [RFC 8440 §4]
    if (row !== undefined && args.returns.has('MYRIGHTS'))
      session.out.untagged(`MYRIGHTS ${mailbox(name, session.enabled.utf8)} ${rightsIn(session, row)}`)
    const status = row && args.status && (await statusLine(session, row, args.status))
    if (status !== undefined) session.out.untagged(status)
    // [RFC 9590 §3]
    if (row !== undefined && args.metadata !== undefined && annotations !== undefined)
      await tellMetadata(session, row, { ...EXACTLY, entries: args.metadata }, annotations)
    await session.out.room()
  }
}

const NOBODY: ReadonlySet<string> = new Set()

/** Names with a subscription below them that no pattern names by itself: the reason for their line lies there. [RFC 5258 §3.5] */
async function aboveUnnamed(
  tree: MailboxTree,
  isNamed: (name: string) => Promise<boolean>,
): Promise<ReadonlySet<string>> {
  const above = new Set<string>()
  for (const name of tree.subscribed)
    if (!(await isNamed(name))) for (const level of parentsOf(name)) above.add(level)
  return above
}

function selected(
  tree: MailboxTree,
  name: string,
  { selection }: ListArguments,
  withUnnamed: ReadonlySet<string>,
): boolean {
  if (selection.has('SPECIAL-USE') && tree.rows.get(name)?.specialUse === undefined) return false
  if (!selection.has('SUBSCRIBED')) return tree.rows.has(name) || tree.withChildren.has(name)
  return tree.subscribed.has(name) || withUnnamed.has(name)
}

function attributes(tree: MailboxTree, name: string, args: ListArguments): string[] {
  const row = tree.rows.get(name)
  const found: string[] = []
  if (row === undefined) found.push(args.extended ? '\\NonExistent' : '\\Noselect')
  found.push(...attributesOf(name, row, tree.withChildren.has(name)))
  if (tree.subscribed.has(name) && (args.returns.has('SUBSCRIBED') || args.selection.has('SUBSCRIBED')))
    found.push('\\Subscribed')
  return found
}

const EXACTLY = { depth: 0, maxSize: Number.POSITIVE_INFINITY } as const

const SELECTION = new Set(['SUBSCRIBED', 'REMOTE', 'RECURSIVEMATCH', 'SPECIAL-USE'])
const RETURN = new Set(['SUBSCRIBED', 'CHILDREN', 'SPECIAL-USE', 'STATUS', 'MYRIGHTS', 'METADATA'])

function parseList(cursor: Cursor): ListArguments {
  cursor.space()
  const extendedSelection = cursor.sees('(')
  const selection = new Set(
    extendedSelection ? cursor.list(() => option(cursor, SELECTION), 'may be empty') : [],
  )
  if (extendedSelection) cursor.space()
  if (selection.has('RECURSIVEMATCH') && !selection.has('SUBSCRIBED'))
    throw bad('RECURSIVEMATCH needs another selection option')
  const reference = cursor.astring()
  cursor.space()
  const several = cursor.sees('(')
  const patterns = several ? cursor.list(() => cursor.pattern(), 'has items') : [cursor.pattern()]
  if (patterns.length > MAX_PATTERNS) throw bad('There are too many patterns')
  let status: readonly string[] | undefined
  let metadata: readonly EntryName[] | undefined
  const returns = new Set<string>()
  const returning = cursor.take(' RETURN ')
  if (returning)
    cursor.list(() => {
      const name = option(cursor, RETURN)
      returns.add(name)
      if (name !== 'STATUS' && name !== 'METADATA') return
      cursor.space()
      if (name === 'STATUS') status = parseStatusItems(cursor)
      else metadata = parseEntries(cursor)
    }, 'may be empty')
  const extended = extendedSelection || several || returning
  return { selection, reference, patterns, returns, status, metadata, extended }
}

function option(cursor: Cursor, known: ReadonlySet<string>): string {
  const name = cursor.keyword()
  if (!known.has(name)) throw bad('There is no such LIST option')
  return name
}
