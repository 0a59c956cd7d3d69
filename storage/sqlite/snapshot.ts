import { rm, stat } from 'node:fs/promises'
import { backup, DatabaseSync } from 'node:sqlite'
import { StoreError } from '../port.ts'

/** Pages copied before the next look at the log. */
const PAGES_A_STEP = 1_000
/**
 * Octets to which the log may grow while an old state is copied: half of what stops the writer. Copying gives up before mail
 * has to wait for it.
 */
const MAX_LOG = 512 * 1_048_576

/**
 * A copy of the database as it is at this moment, while others write: the state is held by a read of its own, so nothing
 * begins anew. The file is not synced.
 */
export async function copyOf(file: string, to: string): Promise<void> {
  await rm(to, { force: true })
  const source = new DatabaseSync(file, { readOnly: true, timeout: 5000 })
  try {
    source.exec('BEGIN; SELECT count(*) FROM sqlite_schema')
    let logOctets = 0
    await backup(source, to, {
      rate: PAGES_A_STEP,
      progress: () => {
        if (logOctets > MAX_LOG)
          throw new StoreError(
            'FULL',
            `so much was written meanwhile that the log has ${logOctets} octets: copy it when there is less to do`,
          )
        void stat(`${file}-wal`).then(
          ({ size }) => {
            logOctets = size
          },
          () => {},
        )
      },
    })
  } finally {
    source.close()
  }
}
