import { command } from '../command.ts'
import type { Enabled } from '../enabled.ts'
import { bad } from '../failure.ts'

type Switch = Exclude<keyof Enabled, 'utf8' | 'vanished'>

/** As ENABLED shows them, with what each switches on. QRESYNC brings CONDSTORE along. [RFC 7162 §3.2.3] */
const KNOWN: readonly {
  readonly shown: string
  readonly switches: readonly Switch[]
  readonly alias?: string
}[] = [
  { shown: 'IMAP4rev2', switches: ['rev2'] },
  { shown: 'CONDSTORE', switches: ['condstore'] },
  { shown: 'QRESYNC', switches: ['qresync', 'condstore'] },
  { shown: 'UIDONLY', switches: ['uidOnly'] },
  { shown: 'UTF8=ACCEPT', switches: ['utf8Accept'] },
  { shown: 'METADATA', switches: ['metadata'], alias: 'METADATA-SERVER' },
]

/** Unknown names are passed over. [RFC 9051 §6.3.1] */
export const enable = command({
  name: 'ENABLE',
  state: 'authenticated',
  sync: 'nothing',
  parse: (cursor) => {
    const names = new Set<string>()
    do {
      cursor.space()
      names.add(cursor.keyword())
    } while (!cursor.done)
    return names
  },
  run: async (session, names) => {
    if (session.selected !== undefined) throw bad('ENABLE comes before a mailbox is selected')
    const now = KNOWN.filter(
      ({ shown, alias }) => names.has(shown.toUpperCase()) || (alias !== undefined && names.has(alias)),
    )
    for (const { switches } of now) for (const name of switches) session.enabled[name] = true
    if (session.enabled.metadata) await session.annotations.begin()
    session.out.untagged(['ENABLED', ...now.map(({ shown }) => shown)].join(' '))
    return 'ENABLE done'
  },
})
