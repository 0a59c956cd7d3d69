import { readFile } from 'node:fs/promises'
import { treeOf } from './process-tree.ts'

/** Resident octets of a process and all that it started; what they share is counted once. */
export async function memoryOf(root: number): Promise<number> {
  const each = await Promise.all(
    (await treeOf(root)).map(async (pid) => {
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1').catch(() => '')
      return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024
    }),
  )
  return each.reduce((sum, one) => sum + one, 0)
}
