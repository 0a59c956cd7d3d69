/** A mail client's half: builds and signs messages, and hands them in over a real socket, octet for octet. */
import { randomUUID } from 'node:crypto'
import { signEnclosed } from '../../evidence/cms/sign.ts'
import type { Signer } from '../../evidence/ports.ts'
import { base64Lines } from '../../mail/base64-lines.ts'
import { signMessage } from '../../scripts/client/signed-message.ts'
import { openSmtpSession, type Where } from '../../scripts/client/smtp-session.ts'
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
export const signedMessage = (
  signer: Signer,
  part = PLAIN_PART,
  options: MessageOptions = {},
): Promise<Buffer> => signMessage(signer, headerOf(options), part)

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

export interface SubmitOptions extends Where {
  readonly user?: string
  readonly password?: string
  readonly from?: string
  readonly to?: readonly string[]
}

/** One SMTP session over implicit TLS; answers with the last reply, whatever it is. */
export async function submit(message: Buffer, options: SubmitOptions): Promise<string> {
  await using session = await openSmtpSession(options)
  const user = options.user ?? SENDER
  const plain = Buffer.from(`\0${user}\0${options.password ?? PASSWORD}`).toString('base64')
  const reply = await session.command(`AUTH PLAIN ${plain}`)
  if (!reply.startsWith('235')) return reply
  return await session.send(message, { from: options.from ?? SENDER, to: options.to ?? [RECIPIENT] })
}
