/** Threads by what messages refer to, and by subject where they refer to nothing. [RFC 5256 §3] */
import { sortedInTurns } from '../sort/in-turns.ts'
import { byDate, type ThreadMessage, type ThreadNode } from './node.ts'

/** Steps up a thread in search of a loop; below so many nobody is put any more: whoever writes messages chooses how long threads are. */
const MAX_STEPS_UP = 500

/** Messages between two looks at the time. */
const AT_ONCE = 50

type Breathe = () => Promise<void>

/** @param breathe lets others run where a slice of time is over */
export async function byReferences(
  messages: readonly ThreadMessage[],
  breathe: Breathe,
): Promise<ThreadNode[]> {
  const roots = await pruned(await linked(messages, breathe), breathe)
  return sortedBelow(await gathered(await sortedInTurns(roots, byDate, breathe), breathe), breathe)
}

const missing = (): ThreadNode => ({ message: undefined, parent: undefined, children: [] })

/** Steps 1 and 2: every message below the last one that it refers to. */
async function linked(messages: readonly ThreadMessage[], breathe: Breathe): Promise<ThreadNode[]> {
  const byId = new Map<string, ThreadNode>()
  const all: ThreadNode[] = []
  const newNode = (): ThreadNode => {
    const made = missing()
    all.push(made)
    return made
  }
  const nodeOf = (id: string): ThreadNode => {
    const known = byId.get(id)
    if (known !== undefined) return known
    const made = newNode()
    byId.set(id, made)
    return made
  }
  for (const message of messages) {
    // Each may refer to twenty others, each of them deep in a thread.
    await breathe()
    // A second message of the same id is a message of its own.
    const named = message.id === undefined ? undefined : nodeOf(message.id)
    const node = named === undefined || named.message !== undefined ? newNode() : named
    node.message = message
    let above: ThreadNode | undefined
    for (const reference of message.references) {
      const one = nodeOf(reference)
      if (above !== undefined && one.parent === undefined) putBelow(one, above)
      above = one
    }
    // What the message says of itself counts more than what others say of it.
    if (node.parent !== undefined) takeOut(node)
    if (above !== undefined) putBelow(node, above)
  }
  const roots: ThreadNode[] = []
  for (const [at, node] of all.entries()) {
    if (node.parent === undefined) roots.push(node)
    if (at % AT_ONCE === 0) await breathe()
  }
  return roots
}

/** Nothing happens where it would be below itself, or too deep. */
function putBelow(node: ThreadNode, parent: ThreadNode): void {
  let depth = 0
  for (let above: ThreadNode | undefined = parent; above !== undefined; above = above.parent)
    if (above === node || ++depth >= MAX_STEPS_UP) return
  node.parent = parent
  parent.children.push(node)
}

function takeOut(node: ThreadNode): void {
  const siblings = node.parent?.children
  siblings?.splice(siblings.indexOf(node), 1)
  node.parent = undefined
}

/**
 * Step 3: places of missing messages that hold nothing together are taken out, from below, so that what is taken out has at most the
 * children that stay.
 */
async function pruned(roots: readonly ThreadNode[], breathe: Breathe): Promise<ThreadNode[]> {
  const all = await downwards(roots, breathe)
  for (const [at, node] of all.reverse().entries()) {
    if (node.children.length > 0) node.children = keptOf(node.children, 'below')
    if (at % AT_ONCE === 0) await breathe()
  }
  return keptOf(roots, 'at the top')
}

function keptOf(nodes: readonly ThreadNode[], where: 'below' | 'at the top'): ThreadNode[] {
  const kept: ThreadNode[] = []
  for (const node of nodes)
    if (node.message !== undefined || (where === 'at the top' && node.children.length > 1)) kept.push(node)
    else for (const child of node.children) kept.push(child)
  return kept
}

/** All of them, each before those below it. */
async function downwards(roots: readonly ThreadNode[], breathe: Breathe): Promise<ThreadNode[]> {
  const all = [...roots]
  for (let at = 0; at < all.length; at++) {
    for (const child of all[at]?.children ?? []) all.push(child)
    if (at % AT_ONCE === 0) await breathe()
  }
  return all
}

/** Step 5: threads of one subject become one. */
async function gathered(roots: readonly ThreadNode[], breathe: Breathe): Promise<ThreadNode[]> {
  const table = new Map<string, ThreadNode>()
  const kept = new Set<ThreadNode>()
  for (const [at, root] of roots.entries()) {
    if (at % AT_ONCE === 0) await breathe()
    kept.add(root)
    const { subject } = head(root)
    const known = table.get(subject)
    if (subject !== '' && (known === undefined || isBetter(root, known))) table.set(subject, root)
  }
  for (const [at, root] of roots.entries()) {
    if (at % AT_ONCE === 0) await breathe()
    const { subject } = head(root)
    const first = table.get(subject)
    if (first === undefined || first === root) continue
    kept.delete(root)
    if (first.message === undefined && root.message === undefined)
      for (const child of root.children) first.children.push(child)
    else if (first.message === undefined) first.children.push(root)
    else if (head(root).isAnswer && !first.message.isAnswer) first.children.push(root)
    else {
      const both = missing()
      both.children = [first, root]
      kept.delete(first)
      kept.add(both)
      table.set(subject, both)
    }
  }
  return [...kept]
}

/** Of a missing one its first child speaks. */
const head = (node: ThreadNode): { subject: string; isAnswer: boolean } =>
  node.message ?? node.children[0]?.message ?? { subject: '', isAnswer: false }

const isBetter = (root: ThreadNode, known: ThreadNode): boolean =>
  known.message !== undefined &&
  (root.message === undefined || (known.message.isAnswer && !root.message.isAnswer))

/** Step 6: a place of a missing message stands where its first child does, so from below. */
async function sortedBelow(roots: readonly ThreadNode[], breathe: Breathe): Promise<ThreadNode[]> {
  const all = await downwards(roots, breathe)
  for (const [at, node] of all.reverse().entries()) {
    if (node.children.length > 1) node.children = await sortedInTurns(node.children, byDate, breathe)
    if (at % AT_ONCE === 0) await breathe()
  }
  return sortedInTurns(roots, byDate, breathe)
}
