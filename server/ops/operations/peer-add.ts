import { createHash } from 'node:crypto'
import { peerEntry } from '../../../config/relay.ts'
import { checkPeer } from '../peer-check.ts'
import { change, OperationError } from './operation.ts'
import { told } from './peer-entries.ts'

/**
 * Stores a peer, with PEM text where the configuration names files: the daemon opens no path that somebody names to it.
 * One that an operator stored before is replaced, since between removing and adding its mail would fail.
 */
export const peerAdd = change(
  'peer add',
  peerEntry,
  (entry) => ({ details: { provider: entry.provider, entry: digestOf(entry) } }),
  async (
    { peers, mode, domain, clock },
    text,
  ): Promise<{ provider: string; change: 'added' | 'replaced' }> => {
    const faults: string[] = []
    await checkPeer(
      text,
      { ownDomain: domain, production: mode === 'production', now: clock.now(), textOf: async (pem) => pem },
      (path, reason) => faults.push(`${path}: ${reason}`),
    )
    if (faults.length > 0) throw new OperationError('BAD_PEER', faults.join('\n'))
    return { provider: text.provider, change: await told(peers.put(text)) }
  },
)

/** Whom it believes from now on can be told from whom it believed before. */
const digestOf = (entry: object): string => createHash('sha256').update(JSON.stringify(entry)).digest('hex')
