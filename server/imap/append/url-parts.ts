import { decodeIndex } from '../../../mail/mime-codec.ts'
import type { MimeIndex } from '../../../mail/mime-part.ts'
import type { MailboxRow, MessageRow } from '../../../storage/port.ts'
import { type CommandError, isExpunged, no } from '../failure.ts'
import { planSection } from '../fetch/answer.ts'
import { formatSection } from '../fetch/items.ts'
import { readByContent, touchesContent } from '../retrieval-gate.ts'
import type { Session } from '../session.ts'
import { type MessageUrl, parseMessageUrl } from './imap-url.ts'

/** Octets of a message that is there, as FETCH would send them. */
export interface UrlPart {
  readonly size: number
  octets(): AsyncIterable<Buffer>
}

interface Source {
  readonly mailbox: string
  readonly row: MessageRow
  readonly index: MimeIndex | undefined
}

/**
 * What URLs of one command name. [RFC 4469 §3] Content of an unread delivery that comes into another message can be read
 * there, so taking it is a reading; it becomes durable before that message is there.
 */
export class UrlParts {
  readonly #session: Session
  readonly #command: string
  /** The parts of one message mostly follow each other. */
  #last: Source | undefined
  /** By delivery: what was taken of it first. */
  readonly #taken = new Map<string, { readonly row: MessageRow; readonly label: string }>()

  constructor(session: Session, command: string) {
    this.#session = session
    this.#command = command
  }

  async part(url: string): Promise<UrlPart> {
    this.#session.require('read')
    const named = parseMessageUrl(url)
    const source = named && (await this.#source(named))
    if (named === undefined || source === undefined) throw badUrl(url)
    await this.#session.slice.breathe()
    const { row, index } = source
    const label = `BODY[${formatSection(named.section)}]`
    const item = {
      kind: 'SECTION',
      label,
      section: named.section,
      partial: named.partial,
      peek: true,
    } as const
    const { value, carries } = await planSection(this.#session, row, index, item)
    if (typeof value === 'string') throw badUrl(url)
    if (carries !== undefined && row.delivery !== undefined && touchesContent(row, carries)) {
      const { intake, recipient } = row.delivery
      const key = `${intake}/${recipient}`
      if (!this.#taken.has(key)) this.#taken.set(key, { row, label })
    }
    return { size: value.size, octets: () => unlessGone(value.octets(), url) }
  }

  /** All that was taken is read now. */
  async read(): Promise<void> {
    for (const { row, label } of this.#taken.values())
      await readByContent(this.#session, row, `${this.#command} ${label}`)
  }

  async #source({ mailbox, uidValidity, uid }: MessageUrl): Promise<Source | undefined> {
    const box = await this.#mailbox(mailbox)
    if (box === undefined || (uidValidity !== undefined && uidValidity !== box.uidValidity)) return undefined
    if (this.#last?.mailbox === box.id && this.#last.row.uid === uid) return this.#last
    const { mailboxes } = this.#session.parts.store
    const [row] = await mailboxes.rows(box.id, [uid])
    const octets = row && (await mailboxes.index(box.id, uid))
    if (row === undefined || octets === undefined) return undefined
    this.#last = { mailbox: box.id, row, index: decodeIndex(octets) }
    return this.#last
  }

  async #mailbox(name: string | undefined): Promise<MailboxRow | undefined> {
    if (name === undefined) return this.#session.selected?.row
    return this.#session.parts.store.mailboxes.byName(this.#session.account, name)
  }
}

/** What was expunged while it was copied is as if it had never been there. */
async function* unlessGone(pieces: AsyncIterable<Buffer>, url: string): AsyncGenerator<Buffer> {
  try {
    yield* pieces
  } catch (error) {
    if (isExpunged(error)) throw badUrl(url)
    throw error
  }
}

/** Shown as it came, but for what would end the code or the line. [RFC 4469 §4.1] */
const badUrl = (url: string): CommandError =>
  no(`BADURL ${shown(url)}`, 'Adresteki ileti bulunamadi', 'The URL names no message that can be read here')

/** Octets of an answer, however long what was asked. */
const MAX_SHOWN = 1_000

const shown = (url: string): string => {
  const safe = url
    .slice(0, MAX_SHOWN)
    .replace(
      /[^\x21-\x5b\x5e-\x7e]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
  return safe === '' ? '""' : safe
}
