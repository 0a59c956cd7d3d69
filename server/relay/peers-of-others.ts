import type { Duty } from '../rounds.ts'
import type { PeerDirectory } from './peers.ts'

/** So long at most a peer that another process was told of is unknown here. */
const LOOK_MS = 10_000

/** Where several processes share a store, each looks now and then which peers an operator made known to another. */
export const peersOfOthers = (peers: Pick<PeerDirectory, 'reload'>): Duty => ({
  where: 'relay',
  pauseMs: () => LOOK_MS,
  round: () => peers.reload(),
})
