import { readdir, readFile } from 'node:fs/promises'

/** A process with all that it started: a server may be many of them. */
export async function treeOf(root: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const parents = await Promise.all(pids.map(async (pid) => [pid, await parentOf(pid)] as const))
  const tree = [root]
  for (const pid of tree) tree.push(...parents.filter(([, parent]) => parent === pid).map(([child]) => child))
  return tree
}

async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  // The name in parentheses may hold spaces.
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}
