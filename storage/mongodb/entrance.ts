import { hostname } from 'node:os'
import { StoreError } from '../port.ts'
import type { Database } from './database.ts'
import { optionalText, type Row, text } from './fields.ts'

/** How a process comes into a database. */
export interface Door {
  /** Before anything is read or written. */
  enter(): Promise<void>
  leave(): Promise<void>
}

/** The mark in `meta` of a database that is being filled, and the lease of whoever put it there. */
export const FILLING = 'filling'

const NOTES = 'open/'
export const isNote = { _id: { $gt: NOTES, $lt: 'open0' } }

/**
 * Whoever uses the store comes in here: BEING_FILLED where it is not whole. Into an empty one it comes with a note that it is
 * there, and looks for the mark after that; who fills it puts the mark down and looks for notes after that. So one of the two
 * always sees the other. Nobody begins to fill a store that holds something, so there no note is needed.
 */
export class Entrance implements Door {
  readonly #database: Database
  #note: string | undefined

  constructor(database: Database) {
    this.#database = database
  }

  async enter(): Promise<void> {
    const meta = this.#database.collection('meta')
    if (!(await this.#isInUseForGood())) {
      this.#note = `${NOTES}${this.#database.process}`
      await meta.insert({ _id: this.#note, host: hostname(), pid: process.pid, at: new Date() })
    }
    const mark = await meta.get({ _id: FILLING })
    if (mark !== undefined) throw beingFilled(mark)
  }

  /** What is in these is never removed: it will not be empty again. */
  async #isInUseForGood(): Promise<boolean> {
    for (const name of ['intakes', 'heads'])
      if ((await this.#database.collection(name).get({}, { _id: 1 })) !== undefined) return true
    return false
  }

  async leave(): Promise<void> {
    if (this.#note !== undefined) await this.#database.collection('meta').remove({ _id: this.#note })
  }
}

export const inUse = (note: Row) =>
  new StoreError(
    'IN_USE',
    `a process on ${optionalText(note, 'host')} (pid ${String(note['pid'])}) has the database open, in which nothing is yet: stop it; where it died, drop the database`,
  )

export function beingFilled(mark: Row | undefined): StoreError {
  const at = mark?.['at'] instanceof Date ? `, begun ${mark['at'].toISOString()}` : ''
  const what = mark === undefined ? 'another process' : `${text(mark, 'what')}, on ${text(mark, 'host')}${at}`
  if (mark?.['begun'] === false)
    return new StoreError(
      'BEING_FILLED',
      `the database was about to be filled (${what}), and nothing was written yet: let it go on or repeat that command, which says whether something is there`,
    )
  return new StoreError(
    'BEING_FILLED',
    `the database is not whole: it is being filled (${what}), or that failed half way. Let it end or repeat that command; to give up, drop the database`,
  )
}
