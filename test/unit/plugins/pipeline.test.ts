import { describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { configSchema } from '../../../config/schema.ts'
import { DEFAULT_PROFILE } from '../../../evidence/index.ts'
import {
  accept,
  definePlugin,
  type HookArguments,
  type Plugin,
  proceed,
  refuse,
  type Services,
} from '../../../plugins/api.ts'
import { catalog } from '../../../plugins/catalog.ts'
import { MANDATORY_EVIDENCE, Pipeline, PluginListError } from '../../../plugins/pipeline.ts'

const services: Services = {
  domain: 'hs98.kep.tr',
  provider: { name: 'Deneme', serviceAddress: 'kep@hs98.kep.tr' },
  profile: DEFAULT_PROFILE,
  settings: {
    sizeLocal: 1,
    sizePeer: 1,
    recipients: 1,
    localUnavailable: 'nondelivery',
    requireBes: false,
    certificates: 'any',
    signerMustBeLogin: false,
    otherSigners: 'refuse',
    revocation: 'require',
    eypContainer: 'warn',
  },
  accountOf: async () => undefined,
  usageOf: async () => 0,
  isPeer: () => false,
  scratch: {
    create: () => {
      throw new TypeError('no room')
    },
  },
  noticed: () => {},
}
const evidence = [...catalog.keys()].filter((name) => name.startsWith('evidence-'))
const plugin = (name: string, register: Plugin['register']): Plugin => ({ name, register })
const context: HookArguments['mail'] = { session: Object.create(null), from: '', declaredSize: undefined }

/** A pipeline of the given handlers of `mail` behind the mandatory evidence. */
function pipeline(handlers: Parameters<Parameters<Plugin['register']>[0]['on']>[1][], onError = vi.fn()) {
  const own = new Map(catalog)
  for (const [index, handler] of handlers.entries())
    own.set(
      `p${index}`,
      plugin(`p${index}`, (hooks) => hooks.on('mail', handler as never)),
    )
  const made = new Pipeline([...handlers.map((_, index) => `p${index}`), ...evidence], services, onError, own)
  return { ask: () => made.ask('mail', context), onError }
}

describe('the list of plugins', () => {
  test('the default configuration names plugins that exist and drafts every mandatory evidence once', () => {
    const { plugins } = configSchema.shape
    expect(() => new Pipeline(plugins.parse(undefined), services, vi.fn())).not.toThrow()
  })
  test.each(MANDATORY_EVIDENCE)(
    'a list without evidence for %s is refused, with one that drafts it twice too',
    (hook) => {
      const without = evidence.filter((name) => !drafts(name, hook))
      expect(() => new Pipeline(without, services, vi.fn())).toThrow(
        `no plugin drafts the evidence for '${hook}'`,
      )
      const twice = evidence.find((name) => drafts(name, hook)) ?? ''
      expect(() => new Pipeline([...evidence, twice], services, vi.fn())).toThrow('is a second one')
    },
  )
  test('all faults are told at once', () => {
    let faults: PluginListError['faults'] = []
    try {
      new Pipeline(['nope', '__proto__', { name: 'quota', settings: { unknown: 1 } }], services, vi.fn())
    } catch (error) {
      faults = error instanceof PluginListError ? error.faults : []
    }
    expect(faults.length).toBe(3 + MANDATORY_EVIDENCE.length)
    expect(faults.slice(0, 3).map(({ path }) => path)).toEqual(['plugins.0', 'plugins.1', 'plugins.2'])
  })
})

describe('I6: no failure of a plugin lets mail through', () => {
  const temporary = refuse('TEMPORARY')
  test('a throw, a rejection and a wrong promise are refusals for the time being', async () => {
    for (const handler of [
      () => {
        throw new Error('synchronous')
      },
      () => Promise.reject(new Error('asynchronous')),
    ]) {
      const { ask, onError } = pipeline([() => proceed, handler, () => accept])
      expect(await ask()).toEqual(temporary)
      expect(onError).toHaveBeenCalledOnce()
    }
  })
  test('a handler that takes too long is aborted and refuses', async () => {
    vi.useFakeTimers()
    try {
      const aborted = vi.fn()
      const { ask } = pipeline([
        (_context: unknown, signal: AbortSignal) => {
          signal.addEventListener('abort', aborted)
          return new Promise<never>(() => {})
        },
      ])
      const verdict = ask()
      await vi.advanceTimersByTimeAsync(31_000)
      expect(await verdict).toEqual(temporary)
      expect(aborted).toHaveBeenCalledOnce()
    } finally {
      vi.useRealTimers()
    }
  })
  test('plugins are asked in order until one decides', async () => {
    const asked: number[] = []
    const note = (index: number, verdict: typeof proceed) => () => {
      asked.push(index)
      return verdict
    }
    const { ask } = pipeline([note(0, proceed), note(1, accept), note(2, refuse('TEMPORARY'))])
    expect(await ask()).toEqual(accept)
    expect(asked).toEqual([0, 1])
  })
})

test('settings of a plugin are validated by its own schema', () => {
  const strict = definePlugin({
    name: 'strict',
    config: z.strictObject({ limit: z.number() }),
    register: () => {},
  })
  expect(() => strict.register(Object.create(null), {}, services)).toThrow(z.ZodError)
})

function drafts(name: string, hook: string): boolean {
  const seen: string[] = []
  catalog
    .get(name)
    ?.register({ on: () => {}, tap: () => {}, draft: (drafted) => void seen.push(drafted) }, {}, services)
  return seen.includes(hook)
}
