/** Searches that whole rows need not be read for: by number, by flag and by what is known of the header. */

import { turkishCasemap } from '../../../mail/turkish-fold.ts'
import type { MailboxRow } from '../../../storage/port.ts'
import { PAGE } from '../limits.ts'
import { type ListedMailbox, marksAt, positionsOf } from '../message-set.ts'
import { type Positions, within } from '../number-set.ts'
import type { Session } from '../session.ts'
import { type HeaderTexts, textsOfAddresses, textsOfSubject } from './header-texts.ts'
import type { SearchKey } from './keys.ts'
import { valuesOf } from './lasting.ts'

/** A mailbox of which it is known what is recent. */
export interface SearchedMailbox extends ListedMailbox {
  readonly recent: { has(uid: number): boolean }
}

/** What a message is asked for at a glance. */
interface Glanced {
  readonly uid: number
  readonly flags: readonly string[]
  texts(of: HeaderTexts): readonly string[]
}

type Glance = (message: Glanced) => boolean

interface Needs {
  flags: boolean
  readonly texts: Set<HeaderTexts>
}

/** Whether a message is meant, by its UID alone. */
export function uidTest(
  session: Session,
  key: Extract<SearchKey, { kind: 'all' | 'recent' | 'messages' }>,
  box: SearchedMailbox,
): (uid: number) => boolean {
  if (key.kind === 'all') return () => true
  if (key.kind === 'recent') return (uid) => box.recent.has(uid) === key.set
  const positions = positionsOf(session, key.set, key.byUid, 'nobody', box)
  return (uid) => within(positions, box.uids.indexOf(uid))
}

/**
 * UIDs of the messages that a key finds, in pages; undefined where it asks for more than a glance. A message that was expunged
 * meanwhile may be among them: its number is the client's until that is told.
 */
export function foundAtAGlance(
  session: Session,
  key: SearchKey,
  box: SearchedMailbox,
  positions: Positions,
): AsyncGenerator<{ readonly looked: number; readonly found: readonly number[] }> | undefined {
  const needs: Needs = { flags: false, texts: new Set() }
  const [first, then]: [Glance[], Glance[]] = [[], []]
  for (const each of key.kind === 'and' ? key.keys : [key]) {
    const own: Needs = { flags: false, texts: new Set() }
    const glance = glanceOf(session, each, box, own)
    if (glance === undefined) return undefined
    if (own.texts.size === 0) first.push(glance)
    else then.push(glance)
    needs.flags ||= own.flags
    for (const of of own.texts) needs.texts.add(of)
  }
  return walk(session, box, positions, [first, then], needs)
}

/** Messages whose texts are held at once: a header may be a mebibyte. */
const TEXTS_AT_ONCE = 32

/** Texts are worked out of those alone that all else lets through. */
async function* walk(
  session: Session,
  box: SearchedMailbox,
  positions: Positions,
  [first, then]: readonly [readonly Glance[], readonly Glance[]],
  needs: Needs,
): AsyncGenerator<{ readonly looked: number; readonly found: readonly number[] }> {
  const { slice } = session
  for await (const page of needs.flags ? marksAt(session, positions, box) : uidsIn(box, positions)) {
    const left: Pick<Glanced, 'uid' | 'flags'>[] = []
    for (const { uid, flags } of page) {
      // A search may have a thousand keys.
      await slice.breathe()
      if (first.every((glance) => glance({ uid, flags, texts: () => [] }))) left.push({ uid, flags })
    }
    const found: number[] = []
    for (let from = 0; from < left.length; from += TEXTS_AT_ONCE) {
      const some = left.slice(from, from + TEXTS_AT_ONCE)
      const columns = await textsOf(session, box.row, needs, some)
      for (const [at, { uid, flags }] of some.entries()) {
        if (then.length > 0) await slice.breathe()
        const message = { uid, flags, texts: (of: HeaderTexts) => columns.get(of)?.[at] ?? [] }
        if (then.every((glance) => glance(message))) found.push(uid)
      }
    }
    yield { looked: page.length, found }
  }
}

function* uidsIn({ uids }: ListedMailbox, positions: Positions): Generator<Pick<Glanced, 'uid' | 'flags'>[]> {
  for (const [from, to] of positions)
    for (let at = from; at < to; at += PAGE)
      yield Array.from(uids.slice(at, Math.min(at + PAGE, to)), (uid) => ({ uid, flags: [] }))
}

async function textsOf(
  session: Session,
  mailbox: MailboxRow,
  { texts }: Needs,
  page: readonly { readonly uid: number }[],
): Promise<ReadonlyMap<HeaderTexts, readonly (readonly string[] | undefined)[]>> {
  const columns = new Map<HeaderTexts, readonly (readonly string[] | undefined)[]>()
  for (const of of texts)
    columns.set(
      of,
      await valuesOf(
        session,
        mailbox,
        of,
        page.map(({ uid }) => uid),
      ),
    )
  return columns
}

function glanceOf(session: Session, key: SearchKey, box: SearchedMailbox, needs: Needs): Glance | undefined {
  switch (key.kind) {
    case 'all':
    case 'recent':
    case 'messages': {
      const test = uidTest(session, key, box)
      return ({ uid }) => test(uid)
    }
    case 'flag':
      needs.flags = true
      return ({ flags }) => flags.some((flag) => flag.toLowerCase() === key.flag) === key.set
    case 'header':
    case 'addresses': {
      const of = key.kind === 'addresses' ? textsOfAddresses(key.name) : textsOfSubject(key.name)
      if (of === undefined) return undefined
      needs.texts.add(of)
      const folded = turkishCasemap(key.text)
      return (message) => message.texts(of).some((text) => text.includes(folded))
    }
    case 'not': {
      const inner = glanceOf(session, key.key, box, needs)
      return inner && ((message) => !inner(message))
    }
    case 'or':
    case 'and': {
      const inner: Glance[] = []
      for (const each of key.keys) {
        const glance = glanceOf(session, each, box, needs)
        if (glance === undefined) return undefined
        inner.push(glance)
      }
      return key.kind === 'and'
        ? (message) => inner.every((each) => each(message))
        : (message) => inner.some((each) => each(message))
    }
    default:
      return undefined
  }
}
