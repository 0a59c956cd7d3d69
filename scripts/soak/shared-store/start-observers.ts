import { INBOX } from '../../../server/accounts/standard-mailboxes.ts'
import type { MailboxRow, Store } from '../../../storage/port.ts'
import type { ClientParts } from './client-parts.ts'
import { observe } from './observer.ts'
import { FOLDERS, RECIPIENTS } from './provider.ts'
import { Sightings } from './sightings.ts'
import { observeStore } from './store-observer.ts'

/** Five sessions, and each mailbox through the store. */
export async function startObservers(
  store: Store,
  client: () => ClientParts,
  atRest: AbortSignal,
): Promise<Promise<void>[]> {
  const { findings, provider } = client()
  const machines = provider.having('imap')
  const mailboxes: MailboxRow[] = []
  for (const account of RECIPIENTS)
    for (const row of await store.mailboxes.list(account))
      if ([INBOX, ...FOLDERS].includes(row.name)) mailboxes.push(row)
  const sightings = new Map(
    mailboxes.map(({ account, name }) => [
      `${account} ${name}`,
      new Sightings(findings, `${account} ${name}`),
    ]),
  )
  const [first, second] = RECIPIENTS
  const sessions = [
    { account: first, box: INBOX, by: 'IDLE' },
    { account: first, box: INBOX, by: 'IDLE' },
    { account: second, box: INBOX, by: 'NOOP' },
    { account: first, box: FOLDERS[0], by: 'NOOP' },
    { account: second, box: FOLDERS[0], by: 'IDLE' },
  ] as const
  return [
    ...sessions.map((watched, at) => {
      const seen = sightings.get(`${watched.account} ${watched.box}`)
      const machine = machines[at % machines.length]
      if (seen === undefined || machine === undefined)
        throw new Error(`nobody serves ${watched.box} of ${watched.account}`)
      return observe(client(), { ...watched, machine, sightings: seen }, atRest)
    }),
    ...mailboxes.map((row) => observeStore(store, row, findings, atRest)),
  ]
}
