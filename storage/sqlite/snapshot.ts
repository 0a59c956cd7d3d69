import { rm } from 'node:fs/promises'
import { backup, DatabaseSync } from 'node:sqlite'
import { StoreError } from '../port.ts'

/** Pages copied before the next look at the log. */
const PAGES_A_STEP = 1_000
/**
 * A copy of the database as it is at this moment, while others write: the state is held by a read of its own, so nothing
 * begins anew, and the log grows by all that they write: at `mostPages` it gives up. The file is not synced.
 */
export async function copyOf(
  file: string,
  to: string,
  { pagesInLog, mostPages }: { pagesInLog: () => number; mostPages: number },
): Promise<void> {
  await rm(to, { force: true })
  const source = new DatabaseSync(file, { readOnly: true, timeout: 5000 })
  try {
    source.exec('BEGIN; SELECT count(*) FROM sqlite_schema')
    await backup(source, to, {
      rate: PAGES_A_STEP,
      progress: () => {
        const pages = pagesInLog()
        if (pages > mostPages)
          throw new StoreError(
            'FULL',
            `so much was written meanwhile that the log has ${pages} pages: copy it when there is less to do`,
          )
      },
    })
  } finally {
    source.close()
  }
}
