import { command } from '../command.ts'
import { bad } from '../failure.ts'
import { decodeUtf8 } from '../mailbox-name.ts'

/** [RFC 2971 §3.3] */
const MAX_FIELDS = 30
/** Of the client's name in evidence. */
const MAX_CLIENT_NAME = 100

/** The client says who it is; evidence of a reading shows it. [RFC 2971 §3.1] */
export const id = command({
  name: 'ID',
  state: 'any',
  sync: 'all',
  parse: (cursor) => {
    cursor.space()
    const fields = new Map<string, string>()
    if (cursor.take('NIL')) return fields
    const values = cursor.list(() => cursor.nstring(), 'may be empty')
    if (values.length > 2 * MAX_FIELDS || values.length % 2 !== 0) throw bad('ID has no such list')
    for (let at = 0; at < values.length; at += 2)
      fields.set((values[at] ?? '').toLowerCase(), values[at + 1] ?? '')
    return fields
  },
  run: async (session, fields) => {
    const shown = [fields.get('name'), fields.get('version')].filter(
      (text) => text !== undefined && text !== '',
    )
    session.clientName = printable(shown.join(' '))
    session.out.untagged('ID ("name" "OpenKEP" "support-url" NIL)')
    return 'ID done'
  },
})

const printable = (octets: string): string =>
  (decodeUtf8(octets) ?? octets.replace(/[^\x20-\x7e]/g, '?'))
    .replace(/[\p{Cc}\p{Cs}]/gu, '?')
    .slice(0, MAX_CLIENT_NAME)
