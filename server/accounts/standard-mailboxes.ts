import { setImmediate } from 'node:timers/promises'
import { type MailboxStore, StoreError } from '../../storage/port.ts'

/** The mailboxes that every account has; neither deleted nor renamed. [RFC 6154 §2] */
export const STANDARD_MAILBOXES = [
  { name: 'INBOX' },
  { name: 'Giden Kutusu', specialUse: '\\Sent' },
  { name: 'Taslaklar', specialUse: '\\Drafts' },
  { name: 'Çöp Kutusu', specialUse: '\\Trash' },
  { name: 'Arşiv', specialUse: '\\Archive' },
  { name: 'Arşiv/Gelen' },
  { name: 'Arşiv/Giden' },
  { name: 'Deliller' },
] as const

export const INBOX = 'INBOX'
export const SENT = 'Giden Kutusu'
export const TRASH = 'Çöp Kutusu'
export const ARCHIVE = 'Arşiv'
export const EVIDENCE = 'Deliller'

/** Whether a mailbox is that one, or below it. */
export const isIn = (name: string, top: string): boolean => name === top || name.startsWith(`${top}/`)

/** Mailboxes that hold only what came through the pipeline, by whatever command one tries. */
export const PIPELINE_ONLY: ReadonlySet<string> = new Set([INBOX, EVIDENCE])
/** Not counted against the quota. */
export const NOT_COUNTED: ReadonlySet<string> = new Set([EVIDENCE])

/** Makes those that are missing; safe to repeat, and for several processes at once. */
export async function makeStandardMailboxes(mailboxes: MailboxStore, account: string): Promise<void> {
  for (const box of STANDARD_MAILBOXES) {
    if ((await mailboxes.byName(account, box.name)) !== undefined) continue
    await makeUnlessThere(mailboxes, account, box)
    await mailboxes.subscribe(account, box.name, true)
  }
}

async function makeUnlessThere(
  mailboxes: MailboxStore,
  account: string,
  { name, ...use }: { readonly name: string; readonly specialUse?: string },
): Promise<void> {
  try {
    await mailboxes.create(account, name, { fixed: true, ...use })
  } catch (error) {
    // Another process that starts at the same moment was first.
    if (!(error instanceof StoreError) || error.code !== 'MAILBOX_EXISTS') throw error
  }
}

/** Mailboxes looked at before others have their turn: an account may have two thousand. */
const HEADS_AT_ONCE = 200

/** Octets that count against the quota. */
export async function countedOctets(mailboxes: MailboxStore, account: string): Promise<number> {
  let sum = 0
  for (const [at, box] of (await mailboxes.list(account)).entries()) {
    if (at % HEADS_AT_ONCE === HEADS_AT_ONCE - 1) await setImmediate()
    if (NOT_COUNTED.has(box.name)) continue
    sum += (await mailboxes.head(box.id))?.bytes ?? 0
  }
  return sum
}
