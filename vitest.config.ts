import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** One project per kind of test, so that a kind can be run alone; two workers, because two cores is the smallest machine. */
const kinds = ['unit', 'contract', 'dialogues', 'journeys', 'hostile', 'interop'] as const

/** The programs that tests start are compiled once, not at each of some hundred starts. */
const env = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)),
}

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: kinds.map((kind) => ({
      test: {
        name: kind,
        include: [`test/${kind}/**/*.test.ts`],
        environment: 'node',
        env,
        testTimeout: kind === 'unit' ? 10_000 : 60_000,
        hookTimeout: 60_000,
      },
    })),
  },
})
