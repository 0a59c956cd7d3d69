import { createHash } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Signer } from '../../../evidence/index.ts'
import { signMessage } from '../../client/signed-message.ts'
import { openSmtpSession, type SmtpSession } from '../../client/smtp-session.ts'
import type { ClientParts } from './client-parts.ts'
import type { SentMail } from './history.ts'
import type { Machine } from './machines.ts'
import { PASSWORD, RECIPIENTS, SENDER } from './provider.ts'
import { rest } from './weather.ts'

/** Octets of the text: of the last the body is too large for a row and lies in pieces. */
const SIZES = [200, 2_000, 20_000, 90_000]
const PAUSE_MS = { least: 300, most: 1_500 }
const BEFORE_AGAIN_MS = 250
/** Tries for one message: the last ones in calm weather. */
const TRIES = 200

/** Hands in one message after the other until it is over; each until it hears 250, whatever becomes of the machines. */
export async function submitMail(parts: ClientParts, signer: Signer): Promise<void> {
  const { chance, over, history } = parts
  const door = new Door(parts)
  while (!over.aborted) {
    const mail = await write(parts, signer)
    history.mails.push(mail)
    for (let time = 1; mail.messageId === undefined; time++) {
      if (time > TRIES) throw new Error(`a message could not be handed in ${TRIES} times`)
      mail.messageId = await door.send(mail)
      // The same octets again, to another: nobody knows whether they were accepted.
      if (mail.messageId === undefined) await setTimeout(BEFORE_AGAIN_MS)
    }
    await rest(chance.between(PAUSE_MS.least, PAUSE_MS.most), over)
  }
  await door.close()
}

async function write({ chance }: ClientParts, signer: Signer): Promise<SentMail> {
  const left = chance.happens(0.5) ? undefined : chance.one(RECIPIENTS)
  const to = RECIPIENTS.filter((one) => one !== left)
  const text = 'Sayin ilgili, bir deneme.\r\n'.repeat(Math.ceil(chance.one(SIZES) / 27))
  const part = Buffer.from(`Content-Type: text/plain; charset=utf-8\r\n\r\n${text}`)
  const date = new Date().toUTCString().replace('GMT', '+0000')
  const header = `From: ${SENDER}\r\nTo: ${to.join(', ')}\r\nSubject: deneme\r\nDate: ${date}\r\nMessage-ID: <${crypto.randomUUID()}@soak.example>\r\n`
  const octets = await signMessage(signer, header, part)
  return { octets, hash: createHash('sha256').update(octets).digest('hex'), to, messageId: undefined }
}

/** A session with one of the machines that take mail, for as long as it answers. */
class Door {
  readonly #parts: ClientParts
  #session: SmtpSession | undefined
  #machine: Machine | undefined

  constructor(parts: ClientParts) {
    this.#parts = parts
  }

  /** The id that was answered, or undefined where none was; then the next attempt goes to another machine. */
  async send({ octets, to }: SentMail): Promise<string | undefined> {
    try {
      this.#session ??= await this.#open()
      const answer = await this.#session.send(octets, { from: SENDER, to })
      const id = /^250 .*?(<[^<>]+>)/.exec(answer)?.[1]
      if (id !== undefined && answer.includes('repeated')) this.#parts.history.duplicates++
      if (id === undefined) await this.close()
      return id
    } catch {
      await this.close()
      return undefined
    }
  }

  async #open(): Promise<SmtpSession> {
    const others = this.#parts.provider.having('submission').filter((machine) => machine !== this.#machine)
    this.#machine = this.#parts.chance.one(others)
    const where = this.#machine.where('submissions')
    if (where === undefined) throw new Error(`${this.#machine.name} is down`)
    return openSmtpSession(where, { user: SENDER, password: PASSWORD })
  }

  async close(): Promise<void> {
    await this.#session?.[Symbol.asyncDispose]()
    this.#session = undefined
  }
}
