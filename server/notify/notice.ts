import { type KepAccount, may, type Permission, type Person } from '../../mail/account.ts'
import type { NewWork, WorkKey } from '../../storage/port.ts'

/** How a person is told. */
export type NoticeChannel = 'email' | 'sms'

/** What a row holds: neither address nor number, which are looked up when it is done, so that who opts out is not told. */
export interface NoticePayload {
  readonly account: string
  readonly handle: string
  /** When the mail came, ms since 1970. */
  readonly at: number
}

/** Each channel has its own queue: a gateway that hangs holds up neither mail nor the other channel. */
export const noticeQueue = (channel: NoticeChannel): string => `notify-${channel}`

export const isNoticeQueue = (queue: string): boolean => queue.startsWith('notify-')

const RIGHTS = { email: 'email-notices', sms: 'sms-notices' } as const satisfies Record<
  NoticeChannel,
  Permission
>

/** Where this person wants to be told, and may be; undefined where not. */
export function wantedAt(person: Person, channel: NoticeChannel): string | undefined {
  if (!may(person, RIGHTS[channel])) return undefined
  return channel === 'email' ? person.notices?.email : person.notices?.phone
}

/** One row for each person of the account and each way. */
export const noticesOf = (
  account: KepAccount,
  channels: ReadonlySet<NoticeChannel>,
  { intake, recipient }: Pick<WorkKey, 'intake' | 'recipient'>,
  at: number,
): NewWork[] =>
  [...channels].flatMap((channel) =>
    account.persons
      .filter((person) => wantedAt(person, channel) !== undefined)
      .map(({ handle }) => ({
        intake,
        recipient,
        slot: `notice/${channel}/${handle}`,
        kind: 'notify',
        due: at,
        payload: JSON.stringify({ account: account.address, handle, at } satisfies NoticePayload),
        queue: noticeQueue(channel),
      })),
  )
