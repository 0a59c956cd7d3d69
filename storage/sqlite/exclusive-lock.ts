import { DatabaseSync } from 'node:sqlite'

/** SQLITE_BUSY: another process (or another connection of this one) holds the lock. */
const BUSY = 5

/**
 * An exclusive lock that the kernel releases when this process dies, however it dies: Node has no flock, but SQLite
 * locks its file for as long as an exclusive transaction is open. The file holds nothing. Nobody may open it in any
 * other way: POSIX drops a process's locks on a file as soon as the process closes any descriptor of it.
 *
 * @returns undefined where somebody else holds it
 */
export function takeExclusiveLock(file: string): Disposable | undefined {
  const connection = new DatabaseSync(file, { timeout: 0 })
  try {
    connection.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    connection.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === BUSY) return undefined
    throw error
  }
  return { [Symbol.dispose]: () => connection.close() }
}
