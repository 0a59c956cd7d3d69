import { StoreError } from '../port.ts'
import { type Database, isDiskFailure } from './database.ts'
import { type WriteReply, type WriteRequest, writes } from './operations.ts'

/** One request, in a savepoint of its own. What the disk refused ends the whole transaction: SQLite may have rolled it back. */
export function perform(db: Database, { id, name, args }: WriteRequest): WriteReply {
  db.run('SAVEPOINT request')
  try {
    const operation: (db: Database, ...rest: never[]) => unknown = writes[name]
    const value = operation(db, ...(args as never[]))
    db.run('RELEASE request')
    return { id, value }
  } catch (error) {
    if (isDiskFailure(error) || (error instanceof StoreError && error.code === 'FULL')) throw error
    db.run('ROLLBACK TO request')
    db.run('RELEASE request')
    if (error instanceof StoreError) return { id, code: error.code, message: error.message }
    return { id, code: 'UNAVAILABLE', message: String(error) }
  }
}
