/** A message in a thread, or a place where one is missing that others refer to. */
export interface ThreadNode {
  /** undefined for a missing one. */
  message: ThreadMessage | undefined
  parent: ThreadNode | undefined
  children: ThreadNode[]
}

/** What threads are made of. */
export interface ThreadMessage {
  readonly uid: number
  /** When it was sent, ms. */
  readonly sentAt: number
  /** Folded, without what answers put around it. */
  readonly subject: string
  readonly isAnswer: boolean
  /** Message-IDs: its own, and those that it refers to, the oldest first. */
  readonly id: string | undefined
  readonly references: readonly string[]
}

/** A missing one stands where its first child stood. */
export const dateOf = (node: ThreadNode): number =>
  node.message?.sentAt ?? node.children[0]?.message?.sentAt ?? 0

const uidOf = (node: ThreadNode): number => node.message?.uid ?? node.children[0]?.message?.uid ?? 0

/** By the date of sending, then by the order in the mailbox. [RFC 5256 §3] */
export const byDate = (a: ThreadNode, b: ThreadNode): number => dateOf(a) - dateOf(b) || uidOf(a) - uidOf(b)

/** Brackets among the UIDs; nobody has the largest number of 32 bits, as a next one is told of each mailbox. */
const [OPEN, CLOSE] = [0, 0xffff_ffff]

/**
 * Who answers whom, as it is told: UIDs, and brackets around each thread and around answers where one has several. What the threads
 * were made of is not needed any more, and how deep they are is nothing to the stack.
 */
export async function flattened(
  roots: readonly ThreadNode[],
  breathe: () => Promise<void>,
): Promise<Uint32Array> {
  const steps: number[] = []
  for (const root of roots) {
    const waiting: (ThreadNode | typeof CLOSE)[] = [root]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      await breathe()
      if (typeof next === 'number') {
        steps.push(CLOSE)
        continue
      }
      steps.push(OPEN)
      waiting.push(CLOSE)
      let node: ThreadNode | undefined = next
      while (node !== undefined) {
        if (node.message !== undefined) steps.push(node.message.uid)
        if (node.children.length > 1) for (const child of node.children.toReversed()) waiting.push(child)
        node = node.children.length > 1 ? undefined : node.children[0]
      }
    }
  }
  return Uint32Array.from(steps)
}

/** Steps that are told at once. */
const AT_ONCE = 5_000

/** `(3 6 (4 23)(44 7 96))` in pieces. [RFC 5256 §4] */
export function* formatThreads(steps: Uint32Array, number: (uid: number) => number): Generator<string> {
  let isAfterNumber = false
  for (let from = 0; from < steps.length; from += AT_ONCE) {
    let piece = ''
    for (const step of steps.subarray(from, from + AT_ONCE)) {
      if (isAfterNumber && step !== CLOSE) piece += ' '
      isAfterNumber = step !== OPEN && step !== CLOSE
      piece += step === OPEN ? '(' : step === CLOSE ? ')' : number(step)
    }
    yield piece
  }
}
