/** What messages do to a purse. */
import { writePositions } from '../../mail/positions.ts'
import type { Cost, MessageType, Undelivered } from '../../mail/tariff.ts'
import { allot, totalOf } from './allot.ts'
import { type Act, post } from './books.ts'
import { giveBack, setAside, useHeld } from './document.ts'
import { linesOf, type Take } from './ledger.ts'
import { openHolds, type Reservation } from './reservation.ts'

export interface ReserveRequest {
  readonly intake: string
  readonly messageId: string
  readonly type: MessageType
  readonly cost: Cost
  readonly recipients: number
  readonly undelivered: Undelivered
  /** The person who sends. */
  readonly by: string
}

/** For a message, before it is accepted. `void`: it was given up meanwhile. */
export const reserve =
  (request: ReserveRequest): Act<'reserved' | 'insufficient' | 'void'> =>
  (books) => {
    const { intake, messageId, type, undelivered, by } = request
    const known = books.reservations.get(intake)
    if (known !== undefined) return { books, answer: openHolds(known).size > 0 ? 'reserved' : 'void' }
    const holds = allot(books.purse, request.cost, request.recipients, books.at)
    if (holds === undefined) return { books, answer: 'insufficient' }
    const takes = totalOf(holds)
    const entry = {
      kind: 'reserve',
      lines: linesOf(takes, 'taken', 'reserved'),
      by,
      subject: intake,
      messageId,
      type,
      holds,
      undelivered,
    } as const
    const purse = { ...setAside(books.purse, takes), lastReserved: books.at.getTime() }
    return { books: post(books, purse, entry), answer: 'reserved' }
  }

/** The outcome of one recipient. `unknown`: nothing was ever set aside for it. */
export const settle =
  (
    intake: string,
    position: number,
    { delivered, to }: { readonly delivered: boolean; readonly to: string },
  ): Act<'settled' | 'given-back' | 'known' | 'unknown'> =>
  (books) => {
    const known = books.reservations.get(intake)
    const takes = known && openHolds(known).get(position)
    if (known === undefined) return { books, answer: 'unknown' }
    if (takes === undefined) return { books, answer: 'known' }
    const about = { ...aboutMessage(known), recipients: `${position}`, to, by: 'system' }
    return delivered || known.undelivered === 'charge'
      ? {
          books: post(books, useHeld(books.purse, takes), {
            kind: 'settle',
            lines: linesOf(takes, 'reserved', 'used'),
            ...about,
          }),
          answer: 'settled',
        }
      : {
          books: post(books, giveBack(books.purse, takes), {
            kind: 'give-back',
            lines: linesOf(takes, 'reserved', 'taken'),
            ...about,
          }),
          answer: 'given-back',
        }
  }

/**
 * The message was not accepted, and never will be under this id. Where nothing was set aside yet, nothing will be: the
 * entry without lines says so to whoever is late.
 */
export const abandon =
  (intake: string): Act<'given-back' | 'known'> =>
  (books) => {
    const known = books.reservations.get(intake)
    const open = known === undefined ? new Map<number, readonly Take[]>() : openHolds(known)
    if (known !== undefined && open.size === 0) return { books, answer: 'known' }
    const takes = [...open.values()].flat()
    const entry = {
      kind: 'give-back',
      lines: linesOf(takes, 'reserved', 'taken'),
      by: 'system',
      subject: intake,
      ...(known && aboutMessage(known)),
      recipients: writePositions(open.keys()),
    } as const
    return { books: post(books, giveBack(books.purse, takes), entry), answer: 'given-back' }
  }

const aboutMessage = ({ subject, messageId, type }: Reservation) => ({
  subject,
  ...(messageId === undefined ? {} : { messageId }),
  ...(type === undefined ? {} : { type }),
})
