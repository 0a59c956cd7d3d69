import { createCipheriv, createHash } from 'node:crypto'

/** Octets that anybody can make again. */
export interface Body {
  readonly seed: string
  readonly size: number
}

/** What a writer does with a store; all of it is in its words, and each changes the writer's own things alone. */
export type Act =
  | { readonly kind: 'mailbox'; readonly name: string }
  | { readonly kind: 'accept'; readonly id: string; readonly body: Body; readonly due: number }
  | { readonly kind: 'settle'; readonly id: string; readonly slot: Slot; readonly due: number }
  | { readonly kind: 'purge'; readonly id: string }
  | { readonly kind: 'append'; readonly name: string; readonly opId: string; readonly body: Body }
  | { readonly kind: 'flag'; readonly name: string; readonly uids: readonly number[]; readonly flag: string }
  | { readonly kind: 'expunge'; readonly name: string; readonly uids: readonly number[] }
  | { readonly kind: 'move'; readonly from: string; readonly to: string; readonly uids: readonly number[] }
  | { readonly kind: 'chain'; readonly from: number; readonly upTo: number }
  | { readonly kind: 'seal'; readonly from: number; readonly upTo: number; readonly body: Body }
  | { readonly kind: 'document'; readonly key: string; readonly version: number; readonly document: string }
  | { readonly kind: 'save'; readonly keeper: string; readonly body: Body }
  | { readonly kind: 'keep'; readonly keeper: string; readonly hash: string; readonly size: number }
  | { readonly kind: 'release'; readonly keeper: string }
  | { readonly kind: 'sweep' }

/** Work of an intake: the first is accepted with it, the second is spawned when the first is done. */
export type Slot = 'first' | 'second'

const hashes = new Map<string, string>()

export const octetsOf = ({ seed, size }: Body): Buffer => {
  const key = createHash('sha256').update(seed).digest()
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size))
}

export function hashOf(body: Body): string {
  const name = `${body.seed} ${body.size}`
  const known = hashes.get(name)
  if (known !== undefined) return known
  const hash = createHash('sha256').update(octetsOf(body)).digest('hex')
  hashes.set(name, hash)
  return hash
}

export const envelopeOf = (id: string): Body => ({ seed: `envelope of ${id}`, size: 900 })
export const namesOf = (id: string): string[] => [`<${id}@client.example>`, `<${id}@hs98.kep.tr>`]
