import { Readable } from 'node:stream'
import type { NodemailerError } from 'nodemailer/lib/errors'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { Peer } from '../peer.ts'
import type { RefusedRecipient, SendResult } from '../send-result.ts'
import type { ShownIdentity } from './identity.ts'
import { PhaseLimit } from './phase-limit.ts'
import { extensionsOf, replyCode, shownReply, sizeOffered } from './reply.ts'
import { MESSAGES_PER_CONNECTION, type SmtpTimes } from './smtp-times.ts'

export interface OutgoingMail {
  /** Empty: MAIL FROM:<>. */
  readonly from: string
  readonly to: readonly string[]
  /** Octets of {@link content}. */
  readonly size: number
  readonly eightBit: boolean
  /** Lines end with CRLF, also the last. Asked for only when the peer wants it. */
  readonly content: () => AsyncIterable<Uint8Array>
  /** Awaited before the last piece leaves: from then on the peer may have the whole message. Rejecting stops it. */
  readonly beforeLast: () => Promise<void>
}

type Phase = 'envelope' | 'transfer' | 'ended'

/** An SMTP connection to a peer after EHLO over TLS, over which one message after another is handed. */
export class PeerConnection {
  readonly identity: ShownIdentity
  readonly extensions: ReadonlyMap<string, string>
  readonly #smtp: SMTPConnection
  readonly #sizeLimit: number
  readonly #times: SmtpTimes
  #sent = 0
  #broken = false
  #stale = false
  #shaken = false

  constructor(
    smtp: SMTPConnection,
    identity: ShownIdentity,
    peer: Pick<Peer, 'sizeLimit'>,
    times: SmtpTimes,
  ) {
    this.#smtp = smtp
    this.identity = identity
    this.extensions = extensionsOf(smtp.lastServerResponse)
    this.#sizeLimit = Math.min(peer.sizeLimit, sizeOffered(this.extensions) ?? Number.POSITIVE_INFINITY)
    this.#times = times
  }

  /** Another message may be handed over. */
  get usable(): boolean {
    return !this.#broken && !this.#smtp.destroyed && this.#sent < MESSAGES_PER_CONNECTION
  }

  /** It was used before, and went before the peer had the first octet of the last message: another one may do. */
  get stale(): boolean {
    return this.#stale
  }

  /** The peer broke off, fell silent or said that it closes (421): others would fare no better just now. */
  get shaken(): boolean {
    return this.#shaken
  }

  /** Hands one message over. Rejects only with what {@link OutgoingMail.content} or `beforeLast` rejected with. */
  async send(mail: OutgoingMail): Promise<SendResult> {
    const never = this.#refusal(mail)
    if (never !== undefined) return never
    const { promise, resolve, reject } = Promise.withResolvers<SendResult>()
    const at: { phase: Phase; over: boolean } = { phase: 'envelope', over: false }
    this.#stale = false
    const lost = (why: string): SendResult => {
      this.#shaken = true
      if (at.phase === 'ended') return { kind: 'uncertain', details: why }
      return { kind: 'deferred', details: why }
    }
    const dropped = (why: string): SendResult => {
      this.#stale = at.phase === 'envelope' && this.#sent > 0
      return lost(why)
    }
    const limit = new PhaseLimit(() => {
      resolve(lost(`no answer in time (${at.phase})`))
      this.abort()
    })
    const until = performance.now() + this.#times.envelope + this.#times.transfer
    const step = (entered: Phase): void => {
      at.phase = entered
      const left = Math.max(1, until - performance.now())
      limit.enter(entered === 'ended' ? this.#times.ending : Math.min(this.#times.block, left))
    }
    const stream = Readable.from(
      paced(mail, step, () => at.over, reject),
      { objectMode: false },
    )
    // Whoever ends the connection ends the message; a tick later, since the reason is told right after.
    const gone = (): void => void setImmediate(() => resolve(dropped('the connection was closed')))
    this.#smtp.once('end', gone)
    limit.enter(this.#times.envelope)
    const { from, to, size } = mail
    const requireTLSExtensionEnabled = this.extensions.has('REQUIRETLS')
    const envelope = { from, to: [...to], size, use8BitMime: mail.eightBit, requireTLSExtensionEnabled }
    this.#smtp.send(envelope, stream, (error, info) => {
      this.#shaken ||= replyCode(error?.response) === 421
      if (error !== null) resolve(failureOf(error, at.phase, dropped))
      else if (at.phase !== 'ended') resolve(lost('the peer answered before the message had ended'))
      else if (replyCode(info.response) === undefined) resolve(lost('the peer answered with no reply'))
      else
        resolve({
          kind: 'answered',
          reply: shownReply(info.response),
          accepted: info.accepted,
          ...told(info.rejectedErrors ?? []),
        })
    })
    try {
      const result = await promise
      if (at.phase === 'transfer') this.abort()
      else await this.#rest(at.phase, result)
      return result
    } catch (error) {
      this.abort() // without the last piece the message never was
      throw error
    } finally {
      at.over = true
      limit.end()
      this.#smtp.off('end', gone)
    }
  }

  /** Takes leave in the background. */
  quit(): void {
    this.#broken = true
    if (this.#smtp.destroyed) return
    setTimeout(() => this.#smtp.close(), this.#times.leaving).unref()
    this.#smtp.quit()
  }

  /** Ends it at once; a message on its way ends as one whose connection was lost. */
  abort(): void {
    this.#broken = true
    this.#smtp.close()
  }

  /** What cannot be sent is not tried: nothing is converted, and nothing is sent that is sure to be refused. */
  #refusal({ eightBit, size }: OutgoingMail): SendResult | undefined {
    if (eightBit && !this.extensions.has('8BITMIME'))
      return {
        kind: 'failed',
        reason: 'TechnicalMalfunction',
        details: '5.6.3 the message has 8-bit octets and the peer takes 7 bits',
      }
    if (size > this.#sizeLimit)
      return {
        kind: 'failed',
        reason: 'PolicyViolation',
        details: `5.3.4 ${size} octets, and the peer takes ${this.#sizeLimit}`,
      }
    return undefined
  }

  /** After a message that was taken the next may follow; after any other the transaction is ended first. */
  async #rest(phase: Phase, result: SendResult): Promise<void> {
    if (result.kind === 'answered' && phase === 'ended') {
      this.#sent++
      return
    }
    if (!this.usable) return
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => resolve(false), this.#times.leaving)
    const gone = (): void => resolve(false)
    this.#smtp.once('end', gone)
    this.#smtp.reset((error) => resolve(error === null))
    if (!(await promise)) this.abort()
    clearTimeout(timer)
    this.#smtp.off('end', gone)
  }
}

/** One piece is held back until the next has come, so that the last is known before it leaves. */
async function* paced(
  { content, beforeLast }: OutgoingMail,
  step: (phase: Phase) => void,
  over: () => boolean,
  failed: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    step('transfer')
    let held: Uint8Array | undefined
    for await (const piece of content()) {
      if (held !== undefined) yield held
      step('transfer')
      held = piece
    }
    if (held === undefined) throw new Error('an empty message cannot be sent')
    if (over()) return // what was settled meanwhile is not noted any more
    await beforeLast()
    step('ended')
    yield held
  } catch (error) {
    failed(error)
    throw error
  }
}

function failureOf(error: NodemailerError, phase: Phase, lost: (why: string) => SendResult): SendResult {
  const { rejectedErrors } = error
  if (phase === 'envelope' && rejectedErrors !== undefined && rejectedErrors.length > 0)
    return {
      kind: 'answered',
      reply: shownReply(error.response ?? ''),
      accepted: [],
      ...told(rejectedErrors),
    }
  const code = replyCode(error.response)
  const details = shownReply(`${error.command ?? ''}: ${error.response ?? error.message}`)
  if (code !== undefined && code >= 500) return { kind: 'failed', reason: 'R_REMMD_Malfunction', details }
  if (code !== undefined && code >= 400) return { kind: 'deferred', details }
  return lost(details)
}

function told(errors: readonly NodemailerError[]): {
  refused: RefusedRecipient[]
  deferred: RefusedRecipient[]
} {
  const refused: RefusedRecipient[] = []
  const deferred: RefusedRecipient[] = []
  for (const { recipient = '', response = '' } of errors) {
    const forGood = (replyCode(response) ?? 0) >= 500
    const one = { address: recipient, reply: shownReply(response) }
    if (forGood) refused.push(one)
    else deferred.push(one)
  }
  return { refused, deferred }
}
