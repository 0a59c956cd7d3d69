/** What processes have run, as the kernel counts it. */
import { readdir, readFile } from 'node:fs/promises'
import { treeOf } from './process-tree.ts'

/** Nanoseconds that each process of a tree has run, over all its threads. */
export type Ran = ReadonlyMap<number, number>

export async function ranOf(root: number): Promise<Ran> {
  const tree = await treeOf(root)
  return new Map(await Promise.all(tree.map(async (pid) => [pid, await ranSoFar(pid)] as const)))
}

/** ms between the two, of processes that still run. */
export function cpuBetween(before: Ran, after: Ran): number {
  let sum = 0
  for (const [pid, ran] of after) sum += ran - (before.get(pid) ?? 0)
  return sum / 1e6
}

/** 0 where it ended meanwhile. */
async function ranSoFar(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  const each = await Promise.all(
    threads.map(async (thread) => {
      const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').catch(() => '0')
      return Number(text.split(' ')[0])
    }),
  )
  return each.reduce((sum, one) => sum + one, 0)
}
