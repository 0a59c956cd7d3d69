/**
 * A MongoDB server of our own for tests, in the process of the test: one member of a replica set, its data in memory. It
 * speaks to the official driver, does the commands and operators that a store without transactions needs, refuses the
 * others by name, and fails on demand. It says nothing about what MongoDB does with disks, elections and plans.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Clients } from './clients.ts'
import { Concerns } from './concerns.ts'
import { type House, serve } from './connection.ts'
import { Data } from './data.ts'
import { Faults } from './faults.ts'
import { type WriteHook, WriteHooks } from './write-hooks.ts'

export type { Fault, Match, Seen } from './fault.ts'
export type { Chance, Rule } from './faults.ts'

export interface MongoServerOptions {
  readonly setName?: string
  /** Answers `$changeStream` with error 40573, as a server outside a replica set does. */
  readonly refuseChangeStreams?: boolean
  /** Of so many changes at least a stream can be resumed; with a few, it fails as after a long absence (286). */
  readonly keptChanges?: number
}

export interface MongoServer extends AsyncDisposable {
  readonly port: number
  /** For `new MongoClient`; of the one member of the replica set. */
  readonly uri: string
  readonly faults: Faults
  readonly clients: Clients
  readonly concerns: Concerns
  /** Called at each write command; answers how to end that. */
  onWrite(hook: WriteHook): () => void
  /** Another database with the same documents and indexes, of which no change stream tells. */
  copyDatabase(from: string, to: string): void
  /** Cuts every connection; clients may connect again. */
  disconnect(): void
}

export async function startMongoServer(options: MongoServerOptions = {}): Promise<MongoServer> {
  const { setName = 'rs0', refuseChangeStreams = false, keptChanges = 10_000 } = options
  const data = new Data({ refuseChangeStreams, keptChanges })
  const [faults, clients, concerns, hooks] = [new Faults(), new Clients(), new Concerns(), new WriteHooks()]
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    void serve(socket, ++connections, house)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const house: House = { data, faults, clients, concerns, hooks, setName, address: `127.0.0.1:${port}` }
  const disconnect = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port,
    uri: `mongodb://127.0.0.1:${port}/?replicaSet=${setName}`,
    faults,
    clients,
    concerns,
    onWrite: (hook) => hooks.add(hook),
    copyDatabase: (from, to) => data.copyDatabase(from, to),
    disconnect,
    [Symbol.asyncDispose]: async () => {
      data.cursors.closeAll()
      disconnect()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
