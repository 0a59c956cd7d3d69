import { dateField } from '../../../mail/header-write.ts'

/** How a message came. */
export interface Arrived {
  readonly id: string
  readonly at: Date
  readonly ip: string
  readonly clientName: string
  readonly mailFrom: string
  /** Protocol and cipher. */
  readonly tls: string
}

/**
 * What stands in front of a message that is stored: where errors would go, and one hop. [RFC 5321 §4.4] Nothing
 * below it is touched.
 */
export function traceFields({ id, at, ip, clientName, mailFrom, tls }: Arrived, domain: string): Buffer {
  const literal = ip.includes(':') ? `[IPv6:${ip}]` : `[${ip}]`
  const date = dateField('Date', at).slice('Date: '.length)
  return Buffer.from(
    `Return-Path: <${plain(mailFrom)}>\r\n` +
      `Received: from ${plain(clientName)} (${literal})\r\n` +
      ` (using ${plain(tls).slice(0, 100)})\r\n` +
      ` by ${domain} with ESMTPS id ${id};\r\n ${date}`,
    'latin1',
  )
}

/** What a client said cannot end its place in the field, nor make a line too long. [RFC 5321 §4.5.3.1.3] */
const plain = (text: string): string => text.replace(/[^\x20-\x7e]|[<>()\\]/g, '').slice(0, 256)
