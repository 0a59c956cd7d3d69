import { randomId } from '../../../mail/ids.ts'
import { encodeIndex } from '../../../mail/mime-codec.ts'
import type { MimeIndex } from '../../../mail/mime-part.ts'
import type { MailboxRow, NewMessage, StagedBlob } from '../../../storage/port.ts'
import { SENT } from '../../accounts/standard-mailboxes.ts'
import { type ReceivedMessage, receiveMessage } from '../../received-message.ts'
import { sentJoinKey } from '../../sent-join-key.ts'
import { no } from '../failure.ts'
import { admitKeywords } from '../mailbox-keywords.ts'
import { overQuota } from '../quota.ts'
import { permittedFlags } from '../rights.ts'
import type { Session } from '../session.ts'
import type { CommandTail } from './command-tail.ts'
import { type DataSources, MAX_PARTS, messageData, tooManyParts } from './message-data.ts'
import { messageOptions } from './message-options.ts'
import { UrlParts } from './url-parts.ts'
import { binaryParts, inBase64 } from './without-nul.ts'

/** Messages of one command: of each that is small the octets, and of each the index, are held until all are there. */
const MAX_MESSAGES = 100
/** Octets of their indexes together, where there are several; an index grows with what a client makes up. */
const MAX_INDEXES = 8_388_608

export interface Destination {
  readonly target: MailboxRow
  /** Octets that the quota leaves to all of them together. */
  readonly room: number
  /** As evidence names it where the messages take content of deliveries. */
  readonly command: string
  /** Refuses what this person may not do (any more). */
  readonly permit: () => void
}

/**
 * Messages that a command brings, each streamed to the store before the next is asked for (I8). What is not put into a
 * mailbox is dropped.
 */
export class Incoming implements AsyncDisposable {
  readonly #session: Session
  readonly #target: MailboxRow
  readonly #tail: CommandTail
  readonly #sources: DataSources
  readonly #urls: UrlParts
  readonly #staged: StagedBlob[] = []
  readonly #messages: NewMessage[] = []
  readonly #permit: () => void
  #room: number
  /** Of the message that is coming. */
  #size = 0
  #parts = 0
  #indexes = 0

  constructor(session: Session, tail: CommandTail, { target, room, command, permit }: Destination) {
    this.#session = session
    this.#tail = tail
    this.#target = target
    this.#room = room
    this.#permit = permit
    this.#urls = new UrlParts(session, command)
    this.#sources = {
      tail,
      urls: this.#urls,
      admit: (octets) => this.#admit(octets),
      count: () => {
        if (++this.#parts > MAX_PARTS) throw tooManyParts()
      },
    }
  }

  /** The next message of the command. */
  async take(): Promise<void> {
    const session = this.#session
    if (this.#messages.length === MAX_MESSAGES)
      throw no(
        'LIMIT',
        `Bir kerede en cok ${MAX_MESSAGES} ileti eklenir`,
        `At most ${MAX_MESSAGES} messages can be appended at once`,
      )
    const { flags: named, date } = messageOptions(this.#tail.cursor)
    const flags = permittedFlags(session, named)
    this.#size = 0
    const { staged, index, wire, bodyDigest } = await this.#received()
    // [RFC 6855 §4]
    if (wire.eightBitHeader && !session.enabled.utf8)
      throw no(
        'CANNOT',
        'Baslikta 127 uzeri sekizli var, UTF8=ACCEPT acik degil',
        'A header has octets over 127, and UTF8=ACCEPT is not enabled',
      )
    const now = session.parts.clock.now().getTime()
    const joinKey = this.#target.name === SENT ? joinKeyOf(index, bodyDigest) : undefined
    this.#messages.push({
      opId: randomId('append'),
      body: staged.ref,
      staged: [staged],
      index: this.#held(encodeIndex(index)),
      flags,
      date: date ?? now,
      saved: now,
      origin: 'client',
      ...(joinKey === undefined ? {} : { joinKey }),
    })
  }

  async #received(): Promise<ReceivedMessage> {
    const received = await this.#receive(messageData(this.#sources))
    const { staged, index, wire } = received
    if (staged.ref.size === 0) throw no(undefined, 'Ileti bos', 'The message is empty')
    if (!wire.nul) return received
    const parts = binaryParts(index)
    if (parts === undefined || parts.length === 0) throw unknownEncoding()
    const encoded = await this.#receive(inBase64(staged, parts))
    this.#admit(encoded.staged.ref.size - staged.ref.size)
    if (encoded.wire.nul) throw unknownEncoding()
    return encoded
  }

  async #receive(octets: AsyncIterable<Buffer>): Promise<ReceivedMessage> {
    const { store, limits } = this.#session.parts
    const received = await receiveMessage(octets, {
      blobs: store.blobs,
      maxBytes: limits.appendMax,
      limits: limits.mimeLimits,
      taps: [],
    })
    this.#staged.push(received.staged)
    return received
  }

  /** All of them, once what they took of deliveries counts as read. */
  async messages(): Promise<readonly NewMessage[]> {
    // Octets may have come for hours: meanwhile the account may have been closed, or a permission taken back.
    await this.#session.refresh()
    this.#permit()
    await admitKeywords(
      this.#session,
      this.#target,
      this.#messages.map(({ flags }) => flags),
    )
    await this.#urls.read()
    return this.#messages
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const staged of this.#staged) await staged.discard()
  }

  #admit(octets: number): void {
    this.#size += octets
    if (this.#size > this.#session.parts.limits.appendMax)
      throw no('TOOBIG', 'Ileti cok buyuk', 'The message is too large')
    if (octets > this.#room) throw overQuota()
    this.#room -= octets
  }

  #held(index: Uint8Array): Uint8Array {
    this.#indexes += index.length
    if (this.#indexes > MAX_INDEXES && this.#messages.length > 0)
      throw no(
        'LIMIT',
        'Bu iletilerin bolumleri bir kerede eklenemeyecek kadar cok',
        'These messages have too many parts to be appended at once',
      )
    return index
  }
}

/** A literal of IMAP cannot carry NUL, so such a message could never be fetched as it is. [RFC 9051 §4.3.1] */
const unknownEncoding = () =>
  no(
    'UNKNOWN-CTE',
    'Iletide base64 yazilamayan bir yerde NUL var',
    'The message has a NUL octet outside of binary parts that may be written in base64',
  )

/** A client's copy of what it sent is the copy that the provider files: one message, whichever comes first. */
function joinKeyOf(index: MimeIndex, bodyDigest: string): string | undefined {
  const messageId = index.root.envelope?.messageId
  return messageId === undefined ? undefined : sentJoinKey(messageId, bodyDigest)
}
