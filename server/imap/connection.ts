import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type SecureContext, TLSSocket } from 'node:tls'
import type { ShownCertificate } from '../accounts/shown-certificate.ts'
import type { Admission } from '../connection-census.ts'
import { type Channel, channelOf } from '../sasl/channel.ts'
import { readCommand } from './command-text.ts'
import { capabilities } from './commands/capability.ts'
import { Cursor } from './cursor.ts'
import { deflated } from './deflated.ts'
import { bad, CommandError, ConnectionLost, Farewell, no, refusalOf } from './failure.ts'
import { MAX_BAD_COMMANDS } from './limits.ts'
import { listen } from './notify/listen.ts'
import { OctetReader } from './octet-reader.ts'
import { Output } from './output.ts'
import type { ImapParts } from './parts.ts'
import { findCommand } from './registry.ts'
import { Session } from './session.ts'

/** How long the last word may take before the connection is cut. */
const FAREWELL_MS = 1_000

export interface ConnectionOptions {
  readonly parts: ImapParts
  readonly socket: Socket
  readonly ip: string
  readonly admission: Admission
  /** Where TLS is there already. */
  readonly channel: Channel | undefined
  /** Clients log in by what they showed, and by nothing else. */
  readonly byCertificate: { readonly shown: ShownCertificate | undefined } | undefined
  /** Asked when STARTTLS comes, since certificates may be renewed meanwhile. */
  readonly context: () => SecureContext
}

/** One client from its greeting to its end. Nothing that it sends ends more than itself (I9). */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #session: Session
  #socket: Socket
  /** In front of the socket, where there is compression. */
  #sink: Duplex | undefined
  #badInRow = 0
  #ended = false

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#socket = options.socket
    const { parts, ip, admission, channel, byCertificate } = options
    const input = new OctetReader(options.socket)
    this.#session = new Session(parts, input, new Output(options.socket), {
      ip,
      channel,
      admission,
      byCertificate,
    })
    input.beforeWait = () => this.#session.out.flush()
    this.#socket.on('error', this.#onError)
  }

  readonly #onError = (error: Error): void => this.#options.parts.events.socketError('imap', error)

  /** Serves until the end; never rejects. */
  async serve(): Promise<void> {
    const { parts } = this.#options
    const login = setTimeout(() => this.end('Too slow to log in'), parts.limits.loginTimeMs)
    try {
      this.#session.out.untagged(`OK [CAPABILITY ${capabilities(this.#session)}] ${parts.domain} OpenKEP`)
      while (!this.#ended) {
        await listen(this.#session)
        const command = await readCommand(this.#session)
        if (command === undefined) break
        await this.#execute(command.text, command.refusal)
        if (this.#session.state !== 'not-authenticated') clearTimeout(login)
        if (this.#session.next === 'end') break
        if (this.#session.next === 'start TLS') this.#startTls()
        if (this.#session.next === 'compress') await this.#compress()
        await this.#session.out.room()
        await this.#session.slice.breathe()
      }
      if (!this.#ended) await this.#session.out.flush()
    } catch (error) {
      if (error instanceof Farewell) this.end(error.message)
      else if (!(error instanceof ConnectionLost)) parts.events.internalError('imap', error)
    } finally {
      clearTimeout(login)
      this.#session.notifications?.stop()
      this.#close()
    }
  }

  /** Ends the connection with a last word. */
  end(why: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#session.out.untagged(`BYE ${why}`)
    this.#session.out.push()
    this.#close()
  }

  async #execute(text: string, refusal: CommandError | undefined): Promise<void> {
    const session = this.#session
    session.tag = '*'
    try {
      const cursor = new Cursor(text)
      session.tag = tagOf(text)
      const { command } = findCommand(cursor, session)
      if (refusal !== undefined)
        throw command.tooLarge !== undefined && refusal.code === 'TOOBIG'
          ? new CommandError('NO', command.tooLarge, refusal.message)
          : refusal
      const run = command.prepare(cursor, session)
      await session.refresh()
      const done = await run()
      if (command.sync !== 'nothing') await session.sync(command.sync)
      this.#badInRow = 0
      session.out.raw(`${session.tag} OK ${done}\r\n`)
    } catch (error) {
      const told = this.#refusalFor(error)
      // What is not even a command has no tag to answer to.
      const code = told.code === undefined ? '' : `[${told.code}] `
      session.out.raw(`${session.tag} ${told.condition} ${code}${told.message}\r\n`)
      if (told.condition === 'BAD' && ++this.#badInRow > MAX_BAD_COMMANDS)
        throw new Farewell('Too many commands that cannot be read')
    } finally {
      const literal = session.literal
      session.literal = undefined
      await literal?.skip()
    }
  }

  /** Rethrows what ends the connection. */
  #refusalFor(error: unknown): CommandError {
    if (error instanceof ConnectionLost || error instanceof Farewell) throw error
    const known = refusalOf(error)
    if (known !== undefined) return known
    // The socket went away while a command was at work: no error of ours.
    if (this.#socket.destroyed) throw new ConnectionLost('closed', { cause: error })
    this.#options.parts.events.internalError('imap', error)
    return no('SERVERBUG', 'Bir hata olustu', 'Something went wrong on our side')
  }

  /**
   * Octets that came behind STARTTLS were sent by whoever sits on the line; taking them as part of the protected
   * session is the injection that this refuses. [RFC 9051 §11.1]
   */
  #startTls(): void {
    const { out, input } = this.#session
    this.#session.next = 'go on'
    if (input.pending > 0) throw new Farewell('Nothing may follow STARTTLS before TLS is there')
    out.push()
    const raw = this.#socket
    const tls = new TLSSocket(raw, { isServer: true, secureContext: this.#options.context() })
    tls.on('error', this.#onError)
    this.#socket = tls
    input.replace(tls)
    out.replace(tls)
    this.#session.channel = channelOf(tls)
    this.#session.clientName = ''
  }

  /** What came behind the command is not compressed, or its sender did not wait; nobody could tell. [RFC 4978 §3] */
  async #compress(): Promise<void> {
    const { out, input } = this.#session
    this.#session.next = 'go on'
    if (input.pending > 0) throw new Farewell('Nothing may follow COMPRESS before its answer')
    await out.flush()
    const tooEarly = input.pending > 0
    const streams = deflated()
    input.replace(streams.input)
    out.replace(streams.output)
    this.#sink = streams.output
    this.#session.compressed = true
    streams.join(this.#socket, () => this.end('Only what is compressed can be read'))
    if (tooEarly) throw new Farewell('Nothing may follow COMPRESS before its answer')
  }

  #close(): void {
    this.#ended = true
    const socket = this.#socket
    if (socket.destroyed) return
    // What is compressed and waits leaves before the end.
    const sink = this.#sink ?? socket
    sink.end()
    // A client that does not take our end is cut off.
    const cut = setTimeout(() => socket.destroy(), FAREWELL_MS).unref()
    socket.once('close', () => clearTimeout(cut))
  }
}

function tagOf(text: string): string {
  const tag = /^[^\x00-\x20\x7f-\xff(){%*"\\+]{1,200}(?= )/.exec(text)?.[0]
  if (tag === undefined) throw bad('A command begins with a tag and a space')
  return tag
}
