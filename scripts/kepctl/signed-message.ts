import { hash } from 'node:crypto'
import { type Signer, signDetached } from '../../evidence/index.ts'
import { base64Lines } from '../../mail/base64-lines.ts'
import {
  addressField,
  dateField,
  idField,
  parameterField,
  textField,
  type WrittenMailbox,
} from '../../mail/header-write.ts'
import { randomHex } from '../../mail/ids.ts'
import type { MessageType } from '../../mail/message-type.ts'

export interface MessageToSign {
  readonly from: WrittenMailbox
  readonly to: readonly WrittenMailbox[]
  readonly cc: readonly WrittenMailbox[]
  readonly subject: string
  /** X-TR-REM-iletiTip; absent: standart. */
  readonly type?: MessageType | undefined
  /** Text; line ends of any kind. */
  readonly body: string
  readonly attachments: readonly { readonly name: string; readonly octets: Uint8Array }[]
  readonly date: Date
  /** With brackets. */
  readonly messageId: string
}

/**
 * A complete message under a detached signature, 7bit throughout so that no transport has a reason to change it.
 * [RFC 8551 §3.5.3] Rejects with what the signer rejects with, or HeaderError for an address that no header can carry.
 */
export async function signedMessage(message: MessageToSign, signer: Signer): Promise<Buffer> {
  const part = contentPart(message)
  const signature = await signDetached({
    digest: hash(signer.hash, part, 'buffer'),
    signer,
    signingTime: message.date,
  })
  const boundary = newBoundary()
  const header =
    addressField('From', [message.from]) +
    addressField('To', message.to) +
    (message.cc.length === 0 ? '' : addressField('Cc', message.cc)) +
    textField('Subject', message.subject) +
    dateField('Date', message.date) +
    idField('Message-ID', [message.messageId]) +
    (message.type === undefined ? '' : textField('X-TR-REM-iletiTip', message.type)) +
    'MIME-Version: 1.0\r\n' +
    parameterField('Content-Type', 'multipart/signed', {
      protocol: 'application/pkcs7-signature',
      micalg: signer.hash.replace('sha', 'sha-'),
      boundary,
    })
  const signaturePart =
    parameterField('Content-Type', 'application/pkcs7-signature', { name: 'smime.p7s' }) +
    'Content-Transfer-Encoding: base64\r\n' +
    parameterField('Content-Disposition', 'attachment', { filename: 'smime.p7s' })
  return Buffer.concat([
    Buffer.from(`${header}\r\n--${boundary}\r\n`),
    part,
    Buffer.from(`\r\n--${boundary}\r\n${signaturePart}\r\n${base64Lines(signature)}\r\n--${boundary}--\r\n`),
  ])
}

/** What is signed: header and content without the line end that belongs to the boundary after it. [RFC 2046 §5.1.1] */
function contentPart({ body, attachments }: MessageToSign): Buffer {
  const text =
    parameterField('Content-Type', 'text/plain', { charset: 'UTF-8' }) +
    'Content-Transfer-Encoding: base64\r\n' +
    `\r\n${base64Lines(Buffer.from(body.replace(/\r\n?|\n/g, '\r\n'), 'utf8'))}`
  if (attachments.length === 0) return Buffer.from(text)
  const boundary = newBoundary()
  return Buffer.concat([
    Buffer.from(
      `${parameterField('Content-Type', 'multipart/mixed', { boundary })}\r\n--${boundary}\r\n${text}\r\n`,
    ),
    ...attachments.map(({ name, octets }) =>
      Buffer.from(
        `--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n` +
          `Content-Disposition: attachment;\r\n ${filenameParameter(name)}\r\n\r\n${base64Lines(octets)}\r\n`,
      ),
    ),
    Buffer.from(`--${boundary}--`),
  ])
}

/** Not in base64 nor in any text of ours: it begins with an underscore. */
const newBoundary = (): string => `_${randomHex()}`

/** Always the extended form, which carries Turkish names and cannot be broken out of. [RFC 2231 §4] */
function filenameParameter(name: string): string {
  const plain = name.toWellFormed()
  const encoded = [...Buffer.from(plain, 'utf8')]
    .map((octet) => {
      const character = String.fromCharCode(octet)
      return /[A-Za-z0-9._-]/.test(character)
        ? character
        : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
  return `filename*=UTF-8''${encoded}`
}
