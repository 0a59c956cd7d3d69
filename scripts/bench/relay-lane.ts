/** A process that does nothing but carry what waits for one peer, as the daemon does. Says what it took, and ends. */
import { setTimeout } from 'node:timers/promises'
import { loadConfig } from '../../config/load.ts'
import { systemClock } from '../../mail/clock.ts'
import { Events } from '../../server/ops/events.ts'
import { makeRelay } from '../../server/relay/make-relay.ts'
import { readOutbound } from '../../server/relay/outbound/settings.ts'
import { PeerDirectory } from '../../server/relay/peers.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'

const [file = '', folder = '', queue = ''] = process.argv.slice(2)
const config = loadConfig(file)
const { domain } = config.provider
await using store = await openSqliteStore(folder, Date.now())
const peers = await PeerDirectory.open(store.peers, domain, config.peers)
const outbound = await readOutbound(config)
const events = new Events('silent')
const { relay } = makeRelay(
  { store, clock: systemClock, events, peers, domain, clockIsCertain: () => true },
  () => outbound,
)

const cpu = process.cpuUsage()
const began = performance.now()
relay.start()
while ((await store.work.nextDue(queue)) !== undefined) await setTimeout(5)
const seconds = (performance.now() - began) / 1000
const { user, system } = process.cpuUsage(cpu)
await relay.stop()
console.log(JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6 }))
