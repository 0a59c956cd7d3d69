import type { Peer } from '../peer.ts'
import { type ConnectParts, connectTo, Unreachable } from './connect.ts'
import { sizeOffered } from './reply.ts'

export interface ProbeStep {
  readonly step: 'route' | 'connect' | 'identity' | 'extensions' | 'quit'
  readonly ok: boolean
  readonly details: string
}

export interface ProbeReport {
  readonly ok: boolean
  readonly steps: readonly ProbeStep[]
}

/** What is worth telling of an EHLO. */
const WANTED = ['8BITMIME', 'SIZE', 'PIPELINING', 'REQUIRETLS', 'ENHANCEDSTATUSCODES']

/** Goes as far as a message would, and sends none: route, connection, TLS, identity, EHLO, QUIT. */
export async function probePeer(peer: Peer, parts: ConnectParts): Promise<ProbeReport> {
  const steps: ProbeStep[] = []
  const say = (step: ProbeStep['step'], ok: boolean, details: string): void => {
    steps.push({ step, ok, details })
  }
  try {
    const connection = await connectTo(peer, parts, {
      steps: {
        found: (targets) =>
          say(
            'route',
            true,
            targets.map(({ host, address, port }) => `${host} [${address}]:${port}`).join(', '),
          ),
        failed: (_, error) => say('connect', false, `${error.reason}: ${error.message}`),
        reached: ({ host, address, port, implicitTls }) =>
          say('connect', true, `${host} [${address}]:${port} ${implicitTls ? 'TLS' : 'STARTTLS'}`),
      },
    })
    const { fingerprint, by } = connection.identity
    say('identity', true, `${by} ${fingerprint}`)
    const { extensions } = connection
    const size = sizeOffered(extensions)
    const offered = WANTED.filter((name) => extensions.has(name))
    // Only this one stops mail: nothing is converted for a peer of 7 bits.
    say('extensions', extensions.has('8BITMIME'), [...offered, ...(size ? [`SIZE=${size}`] : [])].join(' '))
    connection.quit()
    say('quit', true, '')
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    if (!steps.some(({ step, ok }) => step === 'connect' && !ok))
      say(steps.length === 0 ? 'route' : 'connect', false, `${error.reason}: ${error.message}`)
  }
  return {
    ok: steps.some(({ step }) => step === 'quit') && steps.every(({ step, ok }) => ok || step === 'connect'),
    steps,
  }
}
