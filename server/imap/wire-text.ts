import { quoted } from '../../mail/imap-string.ts'
import { nameToWire } from './mailbox-name.ts'

/** A mailbox name; UTF-8 may be quoted after ENABLE IMAP4rev2. [RFC 9051 §5.1] */
export const mailbox = (name: string, utf8: boolean): string => quoted(nameToWire(name, utf8))

/** The tag of a command, as answers that come apart from it name it. [RFC 9051 §7.3.4] */
export const tagString = (tag: string): string => quoted(tag)
