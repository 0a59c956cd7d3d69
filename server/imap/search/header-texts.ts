import { turkishCasemap } from '../../../mail/turkish-fold.ts'
import { type Lasting, octetsOfText } from './lasting.ts'
import type { SearchedMessage } from './searched-message.ts'

/** Folded texts of a header field that clients search again and again, with each letter that is typed. */
export type HeaderTexts = Lasting<readonly string[]>

const headerTexts = (name: string, texts: (message: SearchedMessage) => Promise<string[]>): HeaderTexts => ({
  name,
  of: async (message) => (await texts(message)).map(turkishCasemap),
  octets: (folded) => folded.reduce((sum, text) => sum + octetsOfText(text), 32),
})

const SUBJECT = headerTexts('subject', (message) => message.header('subject'))

const ADDRESSES = {
  bcc: headerTexts('bcc', (message) => message.addresses('bcc')),
  cc: headerTexts('cc', (message) => message.addresses('cc')),
  from: headerTexts('from', (message) => message.addresses('from')),
  to: headerTexts('to', (message) => message.addresses('to')),
} as const

export const textsOfAddresses = (name: keyof typeof ADDRESSES): HeaderTexts => ADDRESSES[name]

/** undefined of other fields than that. */
export const textsOfSubject = (field: string): HeaderTexts | undefined =>
  field === 'subject' ? SUBJECT : undefined
