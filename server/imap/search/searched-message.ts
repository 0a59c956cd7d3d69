import { mailboxesOf, readAddressList } from '../../../mail/address-list.ts'
import { decodeHeaderText } from '../../../mail/encoded-word.ts'
import { headerFields } from '../../../mail/header-read.ts'
import { decodeIndex, envelopeFields } from '../../../mail/mime-codec.ts'
import type { MimeEnvelope, MimeIndex } from '../../../mail/mime-part.ts'
import type { MessageRow } from '../../../storage/port.ts'
import { TextFilter } from '../../search-index/text-filter.ts'
import type { Span } from '../retrieval-gate.ts'
import type { Session } from '../session.ts'
import type { SearchedPage } from './searched-page.ts'
import { headerSpan, SearchedTexts } from './texts.ts'

/** Fields that the MIME index holds, so that no body is opened for them. */
const INDEXED: ReadonlyMap<string, keyof MimeEnvelope> = new Map([
  ['bcc', 'bcc'],
  ['cc', 'cc'],
  ['date', 'date'],
  ['from', 'from'],
  ['subject', 'subject'],
  ['to', 'to'],
])

/** Twice what the most recipients that a message may have need. */
const MAX_FIELD = 131_072

/** One message while it is looked at; what costs is read once and only when a key asks. */
export class SearchedMessage {
  readonly session: Session
  readonly row: MessageRow
  readonly texts: SearchedTexts
  readonly #page: SearchedPage
  readonly #flags: ReadonlySet<string>
  #index: MimeIndex | undefined
  #envelope: MimeEnvelope | undefined
  #mayLookInside: boolean | undefined
  #isGone = false
  #fields: ReadonlyMap<string, readonly string[]> | undefined

  constructor(session: Session, row: MessageRow, page: SearchedPage) {
    this.session = session
    this.row = row
    this.texts = new SearchedTexts(session, row.body)
    this.#page = page
    this.#flags = new Set(row.flags.map((flag) => flag.toLowerCase()))
  }

  /** In lower case. */
  has(flag: string): boolean {
    return this.#flags.has(flag)
  }

  /** undefined where the message was expunged meanwhile. */
  async index(): Promise<MimeIndex | undefined> {
    if (this.#index !== undefined) return this.#index
    const octets = await this.#octets()
    this.#index = octets && decodeIndex(octets)
    return this.#index
  }

  /** Known once its index was asked for: a message was expunged meanwhile where there is none. */
  get isGone(): boolean {
    return this.#isGone
  }

  async #octets(): Promise<Uint8Array | undefined> {
    const octets = await this.#page.index(this.row.uid)
    this.#isGone = octets === undefined
    return octets
  }

  /** undefined where there is none, or where it says nothing. */
  async textFilter(): Promise<TextFilter | undefined> {
    const octets = await this.#page.textFilter(this.row.uid)
    return octets && TextFilter.read(octets)
  }

  /** Read by itself: whole mailboxes are sorted by it. */
  async envelope(): Promise<MimeEnvelope> {
    if (this.#index !== undefined) return this.#index.root.envelope ?? {}
    if (this.#envelope !== undefined) return this.#envelope
    const octets = await this.#octets()
    this.#envelope = octets === undefined ? {} : envelopeFields(octets)
    return this.#envelope
  }

  /** Decoded values of a header field. */
  async header(name: string): Promise<string[]> {
    const indexed = INDEXED.get(name)
    if (indexed !== undefined) {
      const value = (await this.envelope())[indexed]
      return value === undefined ? [] : [decodeHeaderText(value)]
    }
    const values: string[] = []
    for (const value of (await this.#readFields()).get(name) ?? []) {
      values.push(decodeHeaderText(value))
      await this.session.slice.breathe()
    }
    return values
  }

  /** As they are written, by their names; read once, whatever is asked of them. */
  async #readFields(): Promise<ReadonlyMap<string, readonly string[]>> {
    if (this.#fields !== undefined) return this.#fields
    const fields = new Map<string, string[]>()
    const index = await this.index()
    if (index === undefined) return fields
    const { start, end } = this.headerSpan(index)
    const block = await this.session.parts.store.blobs.read(this.row.body, { start, end })
    for (const { key, value } of headerFields(block)) {
      const same = fields.get(key)
      if (same === undefined) fields.set(key, [value])
      else same.push(value)
      await this.session.slice.breathe()
    }
    this.#fields = fields
    return fields
  }

  /** As written, and as the envelope shows them where a comment stands among them. */
  async addresses(name: 'bcc' | 'cc' | 'from' | 'to'): Promise<string[]> {
    const value = (await this.envelope())[name]
    if (value === undefined) return []
    const written = decodeHeaderText(value)
    if (!value.includes('(')) return [written]
    const texts = [written]
    for (const { name: called, comment, local, domain } of mailboxesOf(
      readAddressList(value.slice(0, MAX_FIELD)),
    )) {
      texts.push(`${decodeHeaderText(called ?? comment ?? '')} <${local}@${domain}>`)
      await this.session.slice.breathe()
    }
    return texts
  }

  headerSpan(index: MimeIndex): Span {
    return headerSpan(index, this.session.parts.limits.mimeLimits.headerOctets)
  }

  /** Whether something was not looked at that will be once the message was read. */
  get isHeldBack(): boolean {
    return this.#mayLookInside === false
  }

  /** Whether search may look at the content of a delivered message: only once it was read. */
  async mayLookInside(): Promise<boolean> {
    const { delivery } = this.row
    this.#mayLookInside ??= delivery === undefined || (await this.session.parts.retrievals.wasRead(delivery))
    return this.#mayLookInside
  }
}
