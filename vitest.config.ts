import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** One project per kind of test, so that a kind can be run alone; two workers, because two cores is the smallest machine. */
const kinds = ['unit', 'contract', 'dialogues', 'journeys', 'hostile', 'interop'] as const

/** The programs that tests start are compiled once, not at each of some hundred starts. */
const env = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)),
}

/** What is tried on each store that there is. */
const STORE_CONTRACT = [
  'accept',
  'blobs',
  'chain',
  'documents',
  'keepers',
  'mailbox-model',
  'mailbox-names',
  'messages',
  'queues',
  'segments',
  'transfer',
  'transfer-in-use',
  'work',
]

/** What `npm test` does a slice of. */
const THOROUGH = [
  'contract/listings/listings-model',
  'contract/store/mongodb/crash-at-each-write',
  'contract/store/mongodb/filling',
  'hostile/single-octet',
  'journeys/exchange/kill-relay',
  'journeys/kill-nine',
  'journeys/kill-purse',
  'journeys/large-messages',
  'journeys/odd-but-lawful',
  'journeys/shared-store',
  'unit/server/relay/outcomes-model',
]

export default defineConfig({
  test: {
    maxWorkers: 2,
    // What a file loads and the keys that it makes are there for the next file of its kind; a test that replaces a module resets it.
    isolate: false,
    projects: [
      ...kinds.map((kind) => ({
        test: {
          name: kind,
          include: [`test/${kind}/**/*.test.ts`],
          environment: 'node' as const,
          env,
          testTimeout: kind === 'unit' ? 10_000 : 60_000,
          hookTimeout: 60_000,
        },
      })),
      {
        // The same contract on a server that is not ours, which install-test-tools brings.
        test: {
          name: 'contract-foreign',
          include: [`test/contract/store/{${STORE_CONTRACT.join(',')}}.test.ts`],
          environment: 'node' as const,
          env: { ...env, OPENKEP_CONTRACT_SERVER: 'mongo-java-server' },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'thorough',
          include: THOROUGH.map((name) => `test/${name}.test.ts`),
          environment: 'node' as const,
          env: { ...env, OPENKEP_THOROUGH: 'yes' },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
