import { turkishCasemap } from '../../../mail/turkish-fold.ts'
import { Needle } from '../../search-index/text-filter.ts'
import { dayOfDateField, dayOfInstant } from '../dates.ts'
import { isExpunged } from '../failure.ts'
import { emailId, threadId } from '../object-id.ts'
import type { Session } from '../session.ts'
import { type SearchedMailbox, uidTest } from './glance.ts'
import { textsOfAddresses } from './header-texts.ts'
import type { SearchKey } from './keys.ts'
import { messageIdMatcher } from './message-ids.ts'
import type { SearchedMessage } from './searched-message.ts'
import { textMatches } from './text.ts'

export type Matcher = (message: SearchedMessage) => boolean | Promise<boolean>

/** What is expunged while it is looked at is not found. */
export async function isMatch(matches: Matcher, message: SearchedMessage): Promise<boolean> {
  try {
    return await matches(message)
  } catch (error) {
    if (isExpunged(error)) return false
    throw error
  }
}

/** Makes one function of a tree; sets are resolved and texts folded once. Depth is bounded by the parser. */
export function matcherOf(session: Session, key: SearchKey, box: SearchedMailbox): Matcher {
  switch (key.kind) {
    case 'all':
    case 'recent':
    case 'messages': {
      const test = uidTest(session, key, box)
      return ({ row }) => test(row.uid)
    }
    case 'flag':
      return (message) => message.has(key.flag) === key.set
    case 'date':
      return dateMatcher(key)
    case 'size':
      return ({ row }) => (key.is === 'larger' ? row.size > key.octets : row.size < key.octets)
    case 'age': {
      const border = session.parts.clock.now().getTime() - key.seconds * 1000
      return ({ row }) => (key.is === 'older' ? row.date <= border : row.date >= border)
    }
    case 'modseq':
      return ({ row }) => row.modseq >= key.atLeast
    case 'emailId':
      return ({ row }) => emailId(row) === key.id
    case 'threadId':
      return async (message) => threadId(await message.envelope()) === key.id
    case 'header': {
      if (key.name === 'message-id') return messageIdMatcher(session, key.text)
      const folded = turkishCasemap(key.text)
      return async (message) => {
        for (const value of await message.header(key.name)) {
          if (turkishCasemap(value).includes(folded)) return true
          await session.slice.breathe()
        }
        return false
      }
    }
    case 'addresses': {
      const folded = turkishCasemap(key.text)
      const texts = textsOfAddresses(key.name)
      return async (message) => (await texts.of(message)).some((text) => text.includes(folded))
    }
    case 'text': {
      const needle = new Needle(turkishCasemap(key.text))
      return (message) => textMatches(message, needle, key.headers)
    }
    case 'not': {
      const inner = matcherOf(session, key.key, box)
      return async (message) => !(await inner(message))
    }
    case 'or': {
      const [first, second] = [...key.keys].sort(byCost).map((inner) => matcherOf(session, inner, box))
      return async (message) => ((await first?.(message)) || (await second?.(message))) ?? false
    }
    case 'and': {
      const inner = [...key.keys].sort(byCost).map((each) => matcherOf(session, each, box))
      return async (message) => {
        for (const each of inner) if (!(await each(message))) return false
        return true
      }
    }
  }
}

function dateMatcher(key: Extract<SearchKey, { kind: 'date' }>): Matcher {
  const compare = (day: number) =>
    key.is === 'before' ? day < key.day : key.is === 'on' ? day === key.day : day >= key.day
  if (key.of === 'internal') return ({ row }) => compare(dayOfInstant(row.date))
  if (key.of === 'saved') return ({ row }) => compare(dayOfInstant(row.saved))
  return async (message) => {
    const [value] = await message.header('date')
    const day = value === undefined ? undefined : dayOfDateField(value)
    return compare(day ?? dayOfInstant(message.row.date))
  }
}

/** What needs no reading is asked first. */
const byCost = (a: SearchKey, b: SearchKey): number => cost(a) - cost(b)

function cost(key: SearchKey): number {
  switch (key.kind) {
    case 'text':
      return 1_000
    case 'header':
    case 'addresses':
    case 'threadId':
      return 10
    case 'date':
      return key.of === 'sent' ? 10 : 1
    case 'not':
      return cost(key.key)
    case 'or':
    case 'and':
      return key.keys.reduce((sum, inner) => sum + cost(inner), 0)
    default:
      return 1
  }
}
