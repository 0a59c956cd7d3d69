import type { SMTPServerAddress } from 'smtp-server'
import { MailError } from '../../mail/errors.ts'

/** A parameter that we do not know may mean something that we would not do. [RFC 5321 §4.1.1.11] */
export function checkParameters(address: SMTPServerAddress, known: readonly string[]): void {
  for (const name of Object.keys(address.args || {}))
    if (!known.includes(name)) throw new MailError('MAIL_PARAMETER', printable(name))
  if (/[^\x21-\x7e]/.test(address.address)) throw new MailError('ADDRESS_NOT_ASCII')
}

export function parameter(address: SMTPServerAddress, name: string): string | undefined {
  const found = Object.entries(address.args || {}).find(([key]) => key === name)?.[1]
  return typeof found === 'string' ? found : undefined
}

/** What a client wrote, fit for a reply line. */
export const printable = (text: string): string => text.replace(/[^\x21-\x7e]/g, '?').slice(0, 100)
