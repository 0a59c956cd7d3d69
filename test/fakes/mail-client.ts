/** A mail client's half: builds and signs messages, and hands them in over a real socket, octet for octet. */
import { createHash, randomUUID } from 'node:crypto'
import { connect } from 'node:tls'
import { signDetached, signEnclosed } from '../../evidence/cms/sign.ts'
import type { Signer } from '../../evidence/ports.ts'
import { multipartSigned } from './mime-shapes.ts'
import { PASSWORD, RECIPIENT, SENDER } from './provider.ts'

export interface MessageOptions {
  readonly from?: string
  readonly to?: readonly string[]
  readonly cc?: readonly string[]
  readonly subject?: string
  readonly messageId?: string
  /** Further header lines, each with its CRLF. */
  readonly extra?: string
  /** Replaces the whole header but MIME-Version and Content-Type. */
  readonly header?: string
}

export function headerOf(options: MessageOptions = {}): string {
  if (options.header !== undefined) return options.header
  const to = options.to ?? [RECIPIENT]
  return [
    `From: ${options.from ?? `"Ayse Isik" <${SENDER}>`}\r\n`,
    `To: ${to.join(',\r\n ')}\r\n`,
    options.cc === undefined ? '' : `Cc: ${options.cc.join(',\r\n ')}\r\n`,
    `Subject: ${options.subject ?? 'Deneme'}\r\n`,
    `Date: Sat, 21 Nov 2026 12:00:00 +0300\r\n`,
    `Message-ID: ${options.messageId ?? `<${randomUUID()}@istemci.example>`}\r\n`,
    options.extra ?? '',
  ].join('')
}

export const PLAIN_PART: Buffer = Buffer.from('Content-Type: text/plain; charset=utf-8\r\n\r\nMerhaba\r\n')

/** multipart/signed around `part`, signed detached. */
export async function signedMessage(
  signer: Signer,
  part = PLAIN_PART,
  options: MessageOptions = {},
): Promise<Buffer> {
  const digest = createHash(signer.hash).update(part).digest()
  const cms = await signDetached({ digest, signer, signingTime: new Date() })
  return multipartSigned(headerOf(options), part, base64Lines(cms))
}

/** application/pkcs7-mime with the content inside. */
export async function opaqueMessage(
  signer: Signer,
  part = PLAIN_PART,
  options: MessageOptions = {},
): Promise<Buffer> {
  const cms = await signEnclosed(part, { signer, signingTime: new Date() })
  return Buffer.from(
    `${headerOf(options)}MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n` +
      `Content-Transfer-Encoding: base64\r\n\r\n${base64Lines(cms)}\r\n`,
  )
}

export const base64Lines = (octets: Uint8Array): string =>
  (
    Buffer.from(octets)
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  ).join('\r\n')

export interface SubmitOptions {
  readonly port: number
  readonly ca: string
  readonly user?: string
  readonly password?: string
  readonly from?: string
  readonly to?: readonly string[]
}

/** One SMTP session over implicit TLS; answers with the last reply, whatever it is. */
export async function submit(message: Buffer, options: SubmitOptions): Promise<string> {
  await using session = await openSession(options)
  const user = options.user ?? SENDER
  const plain = Buffer.from(`\0${user}\0${options.password ?? PASSWORD}`).toString('base64')
  const reply = await session.command(`AUTH PLAIN ${plain}`)
  if (!reply.startsWith('235')) return reply
  return await session.send(message, { from: options.from ?? SENDER, to: options.to ?? [RECIPIENT] })
}

export interface SmtpSession extends AsyncDisposable {
  command(line: string): Promise<string>
  /** Octets as they are; no reply is read. */
  write(octets: Buffer): Promise<void>
  reply(): Promise<string>
  send(message: Buffer, envelope: { from: string; to: readonly string[] }): Promise<string>
}

/** Connected, greeted and EHLO said. */
export async function openSession({ port, ca }: { port: number; ca: string }): Promise<SmtpSession> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca })
  const replies = readReplies(socket)
  const reply = async (): Promise<string> => {
    const next = await replies.next()
    if (next.done === true) throw new Error('the server closed the connection')
    return next.value
  }
  const write = (octets: Buffer | string) =>
    new Promise<void>((resolve, reject) =>
      socket.write(octets, (error) => (error ? reject(error) : resolve())),
    )
  const command = async (line: string): Promise<string> => {
    await write(`${line}\r\n`)
    return reply()
  }
  await reply()
  await command('EHLO istemci.example')
  return {
    command,
    write,
    reply,
    send: async (message, { from, to }) => {
      let answer = await command(`MAIL FROM:<${from}> SIZE=${message.length}`)
      if (!answer.startsWith('250')) return answer
      for (const recipient of to) {
        answer = await command(`RCPT TO:<${recipient}>`)
        if (!answer.startsWith('250')) return answer
      }
      answer = await command('DATA')
      if (!answer.startsWith('354')) return answer
      await write(dotStuffed(message))
      return reply()
    },
    [Symbol.asyncDispose]: async () => {
      socket.destroy()
    },
  }
}

/** [RFC 5321 §4.5.2] */
export function dotStuffed(message: Buffer): Buffer {
  const text = message.toString('latin1').replace(/^\./gm, '..')
  return Buffer.from(`${text}${text.endsWith('\r\n') ? '' : '\r\n'}.\r\n`, 'latin1')
}

async function* readReplies(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let text = ''
  let lines: string[] = []
  for await (const chunk of source) {
    text += chunk.toString('utf8')
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end).replace(/\r$/, '')
      text = text.slice(end + 1)
      lines.push(line)
      if (/^\d{3} /.test(line)) {
        yield lines.join('\n')
        lines = []
      }
    }
  }
}
