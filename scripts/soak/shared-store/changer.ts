import { createHash } from 'node:crypto'
import { INBOX } from '../../../server/accounts/standard-mailboxes.ts'
import type { ImapSession } from '../../client/imap-session.ts'
import { type ClientParts, inSessions, lines, uidsIn } from './client-parts.ts'
import type { Act } from './history.ts'
import { FOLDERS } from './provider.ts'
import { rest } from './weather.ts'

const PAUSE_MS = { least: 50, most: 500 }
/** In one session, then another machine is asked. */
const ACTS = 8
const [FIRST, SECOND] = FOLDERS
/** Where messages go from a mailbox: each mailbox has one source, so that every copy says where it comes from. */
const NEXT: ReadonlyMap<string, string> = new Map([
  [INBOX, FIRST],
  [FIRST, SECOND],
])

/** Changes an account's mailboxes in every way that a mail program does, with the same mailbox open elsewhere. */
export function change(parts: ClientParts, account: string, client: number): Promise<void> {
  const { chance, over } = parts
  return inSessions(parts, account, async (session) => {
    const box = chance.one([INBOX, ...FOLDERS])
    await lines(session, `SELECT ${box}`)
    const changer = new Changer(parts, session, { client, account, box })
    for (let time = 0; time < ACTS && !over.aborted; time++) {
      const uids = await uidsIn(session)
      await changer.one(uids)
      await rest(chance.between(PAUSE_MS.least, PAUSE_MS.most), over)
    }
  })
}

class Changer {
  readonly #parts: ClientParts
  readonly #session: ImapSession
  readonly #who: { readonly client: number; readonly account: string; readonly box: string }

  constructor(
    parts: ClientParts,
    session: ImapSession,
    who: { readonly client: number; readonly account: string; readonly box: string },
  ) {
    this.#parts = parts
    this.#session = session
    this.#who = who
  }

  async one(uids: readonly number[]): Promise<void> {
    const { chance } = this.#parts
    const [dice, to] = [chance.next(), NEXT.get(this.#who.box)]
    if (uids.length === 0 || dice < 0.2) return this.#append()
    const uid = chance.one(uids)
    if (dice < 0.6) return this.#store(uid)
    if (dice < 0.7) return this.#expunge(uid)
    if (to !== undefined) return this.#transfer(dice < 0.85 ? 'COPY' : 'MOVE', uid, to)
  }

  #begins<K extends Act['kind']>(act: Extract<Act, { kind: K }>): Extract<Act, { kind: K }> {
    this.#parts.history.acts.push(act)
    return act
  }

  /** Each client has a keyword of its own, so nobody else takes back what it did. */
  async #store(uid: number): Promise<void> {
    const adds = this.#parts.chance.happens(0.6)
    const flag = `istemci${this.#who.client}`
    const act = this.#begins<'STORE'>({ ...this.#who, kind: 'STORE', outcome: 'unknown', uid, flag, adds })
    if (await this.#flags(uid, `${adds ? '+' : '-'}FLAGS (${flag})`)) act.outcome = 'OK'
  }

  /** Whether the message was there, and has the flags now. */
  async #flags(uid: number, change: string): Promise<boolean> {
    const { status, text, lines } = await this.#session.command(`UID STORE ${uid} ${change}`)
    const isTold = lines.some((line) => line.includes(`FETCH (UID ${uid} FLAGS`))
    return status === 'OK' && !text.includes('EXPUNGEISSUED') && isTold
  }

  async #expunge(uid: number): Promise<void> {
    const act = this.#begins<'EXPUNGE'>({ ...this.#who, kind: 'EXPUNGE', outcome: 'unknown', uid })
    if (!(await this.#flags(uid, '+FLAGS (\\Deleted)'))) return
    const { status } = await this.#session.command(`UID EXPUNGE ${uid}`)
    if (status === 'OK') act.outcome = 'OK'
  }

  async #transfer(kind: 'COPY' | 'MOVE', uid: number, to: string): Promise<void> {
    const act = this.#begins<'COPY' | 'MOVE'>({
      ...this.#who,
      kind,
      outcome: 'unknown',
      uid,
      to,
      target: undefined,
    })
    const { status, text, lines } = await this.#session.command(`UID ${kind} ${uid} ${to}`)
    if (status !== 'OK') return
    act.outcome = 'OK'
    const found = /COPYUID \d+ \d+ (\d+)/.exec([...lines, text].join('\n'))
    if (found !== null) act.target = Number(found[1])
  }

  async #append(): Promise<void> {
    const box = this.#who.box === INBOX ? FIRST : this.#who.box
    const id = `<${crypto.randomUUID()}@soak.example>`
    const octets = `From: <a@soak.example>\r\nMessage-ID: ${id}\r\nSubject: taslak\r\n\r\nBir taslak.\r\n`
    const hash = createHash('sha256').update(octets).digest('hex')
    const act = this.#begins<'APPEND'>({
      ...this.#who,
      box,
      kind: 'APPEND',
      outcome: 'unknown',
      hash,
      uid: undefined,
    })
    const { status, text } = await this.#session.command(`APPEND ${box} {${octets.length}+}\r\n${octets}`)
    if (status !== 'OK') return
    act.outcome = 'OK'
    act.uid = Number(/APPENDUID \d+ (\d+)/.exec(text)?.[1])
  }
}
