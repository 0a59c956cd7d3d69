/** Two whole providers of one CA that know each other, over real sockets. */

import { configSchema } from '../../config/schema.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import type { PeerText } from '../../server/relay/peer-entry.ts'
import { eventually } from './eventually.ts'
import type { MovedClock } from './moved-clock.ts'
import { startProvider, type TestProvider, type TestProviderOptions } from './provider.ts'

export const THERE = 'hs99.kep.tr'
export const RECIPIENT_THERE = `deneme.alici@${THERE}`

export interface Exchange extends AsyncDisposable {
  readonly here: TestProvider
  readonly there: TestProvider
}

export async function startExchange(
  options: { here?: TestProviderOptions; there?: TestProviderOptions } = {},
): Promise<Exchange> {
  await using stack = new AsyncDisposableStack()
  const [here, there] = await Promise.all([
    startProvider(options.here),
    startProvider({ domain: THERE, ...options.there }),
  ])
  stack.use(here)
  stack.use(there)
  await introduce(here, there)
  await introduce(there, here)
  const open = stack.move()
  return { here, there, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

/** `to` knows `peer` from now on. */
export async function introduce(
  to: TestProvider,
  peer: TestProvider,
  changes: Partial<PeerText> = {},
): Promise<void> {
  await to.provider.peers.put({ ...entryOf(peer), ...changes })
}

/** What an operator would write of this provider. */
export function entryOf({ domain, tls, keys, provider }: TestProvider): PeerText {
  const pem = (holder: TestProvider['keys']) => toPem('CERTIFICATE', holder.certificate.der)
  return configSchema.shape.peers.parse([
    {
      provider: domain,
      name: `Deneme KEPHS ${domain}`,
      route: { host: '127.0.0.1', port: provider.ports.peer },
      tls: { certificates: [pem(tls)] },
      client: { certificates: [pem(tls)] },
      signing: [{ certificate: pem(keys) }],
    },
  ])[0]!
}

/**
 * Time goes by for both, as soon as neither has anything in hand but mail that waits for the other: what is being done would
 * look as old as the time that went by. Whoever sleeps looks at the clock again.
 */
export async function letPass(
  { here, there }: Exchange,
  clock: MovedClock,
  milliseconds: number,
): Promise<void> {
  const stores = [here, there].map(({ provider }) => provider.store)
  await eventually(async () => {
    const rows = (await Promise.all(stores.map(({ work }) => work.backlog(clock.now().getTime())))).flat()
    return rows.every(({ kind }) => kind === 'timer' || kind === 'send') ? true : undefined
  }, 'the end of what is in hand')
  clock.elapse(milliseconds)
  for (const { work } of stores) await work.insert([])
}
