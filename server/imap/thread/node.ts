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

/** `(3 6 (4 23)(44 7 96))`: who answers whom; brackets where several answer one. [RFC 5256 §4] */
export function formatThread(root: ThreadNode, number: (uid: number) => number): string {
  const words: string[] = []
  let node: ThreadNode | undefined = root
  while (node !== undefined) {
    if (node.message !== undefined) words.push(String(number(node.message.uid)))
    if (node.children.length > 1) {
      words.push(node.children.map((child) => formatThread(child, number)).join(''))
      break
    }
    node = node.children[0]
  }
  return `(${words.join(' ')})`
}
