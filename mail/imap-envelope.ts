import { type Mailbox, readAddressList } from './address-list.ts'
import { nstring } from './imap-string.ts'
import type { MimeEnvelope } from './mime-part.ts'

/** ENVELOPE. [RFC 9051 §7.5.2] Values stand as they were written, encoded words and all. */
export function formatEnvelope(envelope: MimeEnvelope): string {
  let left = MAX_FIELDS
  const addresses = (value: string | undefined): string => {
    const read = value?.slice(0, left)
    left -= read?.length ?? 0
    return addressesIn(read)
  }
  const from = addresses(envelope.from)
  const senders = (value: string | undefined) => {
    const read = addresses(value)
    return read === 'NIL' ? from : read
  }
  return `(${[
    nstring(envelope.date),
    nstring(envelope.subject),
    from,
    senders(envelope.sender),
    senders(envelope.replyTo),
    addresses(envelope.to),
    addresses(envelope.cc),
    addresses(envelope.bcc),
    nstring(envelope.inReplyTo),
    nstring(envelope.messageId),
  ].join(' ')})`
}

/** Characters of all address fields together, twice what the most recipients need: reading more at once would hold the loop. */
const MAX_FIELDS = 131_072

function addressesIn(value: string | undefined): string {
  if (value === undefined) return 'NIL'
  const written = readAddressList(value).items.flatMap((item) =>
    item.kind === 'mailbox'
      ? [address(item.mailbox)]
      : // A group is a beginning with its name and an end without one.
        [`(NIL NIL ${nstring(item.name)} NIL)`, ...item.members.map(address), '(NIL NIL NIL NIL)'],
  )
  return written.length === 0 ? 'NIL' : `(${written.join('')})`
}

const address = ({ name, comment, route, local, domain }: Mailbox): string =>
  `(${nstring(name ?? comment)} ${nstring(route)} ${nstring(local)} ${nstring(domain)})`
