/** Whole IMAP sessions, one or two on the same mailboxes, against a server in memory. */
import { Random } from '../../soak/power-loss/random.ts'
import { FuzzClient } from '../imap/client.ts'
import { ACCOUNT, type ImapHouse, makeHouse, PASSWORD } from '../imap/house.ts'
import { numbersIn } from '../imap/mailbox-model.ts'
import type { Response } from '../imap/responses.ts'
import { growScript, readScript } from '../imap/script.ts'
import { Broken, type Target } from '../target.ts'

const SEEDS = 150
/** A further session is as dear as what it follows; one of so many is followed. */
const LATER_SESSIONS = 5

export const imapSession: Target = {
  name: 'imap-session',
  kind: 'imap-session',
  weight: 40,
  async seeds() {
    const random = new Random(3501)
    return Array.from({ length: SEEDS }, () => Buffer.from(growScript(random), 'latin1'))
  },
  async run(input) {
    const house = await makeHouse()
    const { cold, steps } = readScript(Buffer.from(input).toString('latin1'))
    const clients = new Map<string, FuzzClient>()
    let words = ''
    for (const { client: name, act, octets } of steps) {
      const client = clients.get(name) ?? (await connected(house, cold))
      clients.set(name, client)
      if (client.over) continue
      if (act === 'end') client.end()
      else if (act === 'raw') client.sendRaw(octets)
      else client.send(octets)
      if (act === 'send') continue
      // The other one may be told too.
      for (const one of clients.values()) await one.settle()
      words = wordsOf(client.take(), words)
    }
    for (const client of clients.values()) await client.settle()
    for (const client of clients.values()) await checkView(house, client)
    for (const client of clients.values()) await client.finish()
    await checkStore(house)
    if (input.length % LATER_SESSIONS === 0) await checkAfter(house)
    if (house.errors.length > 0) throw house.errors[0]
    if (house.parts.census.size > 0) throw new Broken('a place is kept for who is gone')
    return words
  },
  growth: [],
}

async function connected(house: ImapHouse, cold: boolean): Promise<FuzzClient> {
  const client = new FuzzClient(house)
  await client.settle()
  if (!cold) await client.ask(`l LOGIN ${ACCOUNT} ${PASSWORD}`)
  return client
}

/** What was answered last: that is what a session is kept for. */
function wordsOf(responses: readonly Response[], before: string): string {
  const last = responses.at(-1)
  const kinds = new Set(responses.map(({ tag, text }) => (tag === '*' ? /[A-Z]+/.exec(text)?.[0] : '')))
  const end = last?.text.replace(/[0-9]+|"[^"]*"/g, '#').slice(0, 60)
  return last === undefined ? before : `${[...kinds].sort().join(' ')} ${end}`
}

/** What a client was told is what it would be told anew. [RFC 9051 §7.4.1] */
async function checkView(house: ImapHouse, client: FuzzClient): Promise<void> {
  if (!client.usable || client.exists === undefined) return
  await client.ask('zz NOOP')
  if (!client.usable) return
  const { exists } = client
  const uids = uidsIn(await client.ask('zz UID SEARCH ALL'))
  if (uids === undefined) throw new Broken('no answer to a search for all')
  if (uids.length > exists || (uids.length < exists && !client.unsaid))
    throw new Broken(`${exists} messages were told of, ${uids.length} are found`)
  if (client.unsaid) return
  const { mailboxes } = house.store
  for (const { id } of await mailboxes.list(ACCOUNT))
    if (String(await mailboxes.uids(id)) === String(uids)) return
  throw new Broken(`a session sees ${uids}, and no mailbox has these`)
}

/** Mailboxes are in order: UIDs that only grow, and as many as are counted. */
async function checkStore(house: ImapHouse): Promise<void> {
  const { mailboxes } = house.store
  for (const { id, name } of await mailboxes.list(ACCOUNT)) {
    const [uids, head] = [await mailboxes.uids(id), await mailboxes.head(id)]
    if (uids.some((uid, at) => at > 0 && uid <= uids[at - 1]!))
      throw new Broken(`UIDs of ${name} are out of order`)
    if (head?.exists !== uids.length || (uids.at(-1) ?? 0) >= head.uidNext)
      throw new Broken(`${name} counts other messages than it has`)
  }
}

/** A session that comes later is served as ever. */
async function checkAfter(house: ImapHouse): Promise<void> {
  const { mailboxes } = house.store
  const client = await connected(house, false)
  await client.ask('s SELECT INBOX')
  const inbox = await mailboxes.byName(ACCOUNT, 'INBOX')
  const uids = uidsIn(await client.ask('u UID SEARCH ALL'))
  if (
    inbox === undefined ||
    String(uids) !== String(await mailboxes.uids(inbox.id)) ||
    client.exists !== uids?.length
  )
    throw new Broken('a new session is not served')
  await client.finish()
}

function uidsIn(responses: readonly Response[]): number[] | undefined {
  for (const { tag, text } of responses) {
    if (tag !== '*') continue
    if (/^SEARCH\b/.test(text)) return text.split(' ').slice(1).map(Number)
    if (/^ESEARCH \(TAG "(?:zz|u)"\)/.test(text)) {
      const set = / ALL ([0-9:,]+)/.exec(text)?.[1]
      return set === undefined ? [] : numbersIn(set)
    }
  }
  return undefined
}
