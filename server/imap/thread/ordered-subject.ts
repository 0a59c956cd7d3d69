import { sortedInTurns } from '../sort/in-turns.ts'
import { byDate, type ThreadMessage, type ThreadNode } from './node.ts'

/** One thread for each subject: its first message, and all others below that one. [RFC 5256 §3] */
export async function orderedSubject(
  messages: readonly ThreadMessage[],
  breathe: () => Promise<void>,
): Promise<ThreadNode[]> {
  const bySubject = new Map<string, ThreadNode[]>()
  for (const message of messages) {
    const node = { message, parent: undefined, children: [] }
    const same = bySubject.get(message.subject)
    if (same === undefined) bySubject.set(message.subject, [node])
    else same.push(node)
  }
  const roots: ThreadNode[] = []
  for (const same of bySubject.values()) {
    const [first, ...rest] = await sortedInTurns(same, byDate, breathe)
    if (first === undefined) continue
    first.children = rest
    roots.push(first)
  }
  return sortedInTurns(roots, byDate, breathe)
}
