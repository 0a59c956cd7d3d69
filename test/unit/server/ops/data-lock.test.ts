import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DataFolderLocked, lockDataFolder } from '../../../../server/ops/data-lock.ts'
import { takeExclusiveLock } from '../../../../storage/sqlite/exclusive-lock.ts'
import { TemporaryFolder } from '../../../fakes/temporary-folder.ts'

const source = (path: string): string => new URL(`../../../../${path}`, import.meta.url).href
const holder = (folder: string): string => `
  import { lockDataFolder } from '${source('server/ops/data-lock.ts')}'
  import { takeExclusiveLock } from '${source('storage/sqlite/exclusive-lock.ts')}'
  const lock = await lockDataFolder(${JSON.stringify(folder)}, takeExclusiveLock)
  console.log('held')
  setInterval(() => lock, 1000)`

test('a second one is refused and told who holds it; released, it can be taken again', async () => {
  using folder = new TemporaryFolder()
  const lock = await lockDataFolder(folder.path, takeExclusiveLock)
  expect(statSync(folder.file('run')).mode & 0o777).toBe(0o700)
  const second = lockDataFolder(folder.path, takeExclusiveLock)
  await expect(second).rejects.toBeInstanceOf(DataFolderLocked)
  await expect(second).rejects.toMatchObject({ pid: process.pid })
  await lock[Symbol.asyncDispose]()
  await using _again = await lockDataFolder(folder.path, takeExclusiveLock)
})

test('another process holds it, and kill -9 releases it', async () => {
  using folder = new TemporaryFolder()
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', holder(folder.path)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await once(child.stdout, 'data')
    await expect(lockDataFolder(folder.path, takeExclusiveLock)).rejects.toMatchObject({ pid: child.pid })
  } finally {
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  await using _mine = await lockDataFolder(folder.path, takeExclusiveLock)
})

test('only a process that holds it can leave it locked: a finished one leaves nothing', async () => {
  using folder = new TemporaryFolder()
  const once = `${holder(folder.path)}\nprocess.exit(0)`
  execFileSync(process.execPath, ['--input-type=module-typescript', '-e', once], { stdio: 'ignore' })
  await using _mine = await lockDataFolder(folder.path, takeExclusiveLock)
})
