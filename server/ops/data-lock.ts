import { chmod, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from '../durable-file.ts'

/** Somebody works with the data folder; `pid` is undefined where that process did not say its number yet. */
export class DataFolderLocked extends Error {
  readonly folder: string
  readonly pid: number | undefined
  constructor(folder: string, pid: number | undefined) {
    super(`${folder} is in use by ${pid === undefined ? 'another process' : `process ${pid}`}`)
    this.name = 'DataFolderLocked'
    this.folder = folder
    this.pid = pid
  }
}

/** Answers undefined where another process holds the file; released by the kernel when the process dies. */
export type TakeLock = (file: string) => Disposable | undefined

/**
 * Makes this process the only one that works with the data folder: two writers would break chains and numbers. Rejects
 * with DataFolderLocked. The lock is what counts; the number beside it is only told to people.
 */
export async function lockDataFolder(folder: string, take: TakeLock): Promise<AsyncDisposable> {
  const run = runFolder(folder)
  await mkdir(run, { recursive: true, mode: 0o700 })
  await chmod(run, 0o700)
  const pidFile = join(run, 'lock.pid')
  const lock = take(join(run, 'lock.db'))
  if (lock === undefined) throw new DataFolderLocked(folder, await readPid(pidFile))
  try {
    await writeDurably(pidFile, `${process.pid}\n`)
  } catch (error) {
    lock[Symbol.dispose]()
    throw error
  }
  return {
    [Symbol.asyncDispose]: async () => {
      await rm(pidFile, { force: true })
      lock[Symbol.dispose]()
    },
  }
}

/** Sockets and locks of the running process. */
export const runFolder = (folder: string): string => join(folder, 'run')
export const controlSocketPath = (folder: string): string => join(runFolder(folder), 'kepd.sock')

async function readPid(file: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt(await readFile(file, 'utf8'), 10)
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}
