import type { EvidenceDraft } from '../evidence/index.ts'
import {
  type Drafter,
  type Handler,
  type HookArguments,
  type HookName,
  type Hooks,
  type Plugin,
  proceed,
  refuse,
  type Services,
  type Tap,
  type Transaction,
  type Verdict,
} from './api.ts'
import { catalog } from './catalog.ts'
import type { EvidenceEvent } from './events.ts'

/** A handler that has not answered by then refuses for the time being; CRLs of a slow CA are the longest honest wait. */
const HANDLER_TIME_MS = 30_000

/** Each of these is drafted by exactly one plugin, or the provider could not answer for what it does. */
export const MANDATORY_EVIDENCE = [
  'accepted',
  'refused',
  'delivered',
  'nondelivered',
  'retrieved',
  'retrieval_expired',
  'relay_in',
  'relay_failed',
  'peer_silent',
] as const satisfies readonly EvidenceEvent['hook'][]

/** One entry of the configured list. */
export type PluginChoice =
  | string
  | { readonly name: string; readonly settings: Readonly<Record<string, unknown>> }

interface Registered<H extends HookName> {
  readonly plugin: string
  readonly handler: Handler<H>
}

/** The configured plugins in their order, and the one way to ask them. */
export class Pipeline {
  readonly #handlers: { [H in HookName]: Registered<H>[] } = {
    auth: [],
    mail: [],
    rcpt: [],
    data: [],
    data_post: [],
    relay_post: [],
  }
  readonly #taps: ((transaction: Transaction) => Tap)[] = []
  readonly #drafters = new Map<EvidenceEvent['hook'], (event: EvidenceEvent) => EvidenceDraft>()
  readonly #onError: (plugin: string, hook: HookName, error: unknown) => void

  /** Throws PluginListError with all faults of the list. */
  constructor(
    choices: readonly PluginChoice[],
    services: Services,
    onError: (plugin: string, hook: HookName, error: unknown) => void,
    known: ReadonlyMap<string, Plugin> = catalog,
  ) {
    this.#onError = onError
    const faults: PluginFault[] = []
    choices.forEach((choice, index) => {
      const name = typeof choice === 'string' ? choice : choice.name
      const plugin = known.get(name)
      if (plugin === undefined) {
        const reason = `there is no plugin '${name}'; there are ${[...known.keys()].join(', ')}`
        faults.push({ path: `plugins.${index}`, reason })
        return
      }
      try {
        plugin.register(
          this.#hooksOf(name, faults),
          typeof choice === 'string' ? {} : choice.settings,
          services,
        )
      } catch (error) {
        const reason = `${name}: ${error instanceof Error ? error.message : String(error)}`
        faults.push({ path: `plugins.${index}`, reason })
      }
    })
    for (const hook of MANDATORY_EVIDENCE)
      if (!this.#drafters.has(hook))
        faults.push({ path: 'plugins', reason: `no plugin drafts the evidence for '${hook}'` })
    if (faults.length > 0) throw new PluginListError(faults)
  }

  /** Asks in order; the first refusal or acceptance ends it. Throwing and taking too long are refusals (I6). */
  async ask<H extends HookName>(hook: H, context: HookArguments[H]): Promise<Verdict> {
    for (const { plugin, handler } of this.#handlers[hook]) {
      const verdict = await this.#askOne(plugin, hook, handler, context)
      if (verdict.kind !== 'proceed') return verdict
    }
    return proceed
  }

  openTaps(transaction: Transaction): Tap[] {
    return this.#taps.map((open) => open(transaction))
  }

  draft(event: EvidenceEvent): EvidenceDraft {
    const drafter = this.#drafters.get(event.hook)
    if (drafter === undefined)
      throw new PluginListError([
        { path: 'plugins', reason: `no plugin drafts the evidence for '${event.hook}'` },
      ])
    return drafter(event)
  }

  async #askOne<H extends HookName>(
    plugin: string,
    hook: H,
    handler: Handler<H>,
    context: HookArguments[H],
  ): Promise<Verdict> {
    const abort = new AbortController()
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      abort.abort()
      reject(new Error(`no verdict in ${HANDLER_TIME_MS} ms`))
    }, HANDLER_TIME_MS)
    try {
      return await Promise.race([handler(context, abort.signal), late])
    } catch (error) {
      this.#onError(plugin, hook, error)
      return refuse('TEMPORARY')
    } finally {
      clearTimeout(timer)
    }
  }

  #hooksOf(plugin: string, faults: PluginFault[]): Hooks {
    const drafters = this.#drafters
    const taps = this.#taps
    return {
      on: (hook, handler) => {
        const list: Registered<typeof hook>[] = this.#handlers[hook]
        list.push({ plugin, handler })
      },
      tap: (open) => {
        taps.push(open)
      },
      draft<K extends EvidenceEvent['hook']>(hook: K, drafter: Drafter<K>) {
        if (drafters.has(hook))
          faults.push({
            path: 'plugins',
            reason: `'${plugin}' is a second one to draft the evidence for '${hook}'`,
          })
        const isOurs = (event: EvidenceEvent): event is Extract<EvidenceEvent, { hook: K }> =>
          event.hook === hook
        drafters.set(hook, (event) => {
          if (!isOurs(event)) throw new TypeError(`'${plugin}' drafts ${hook}, not ${event.hook}`)
          return drafter(event)
        })
      },
    }
  }
}

/** What is wrong, and at which place of the configuration. */
export interface PluginFault {
  readonly path: string
  readonly reason: string
}

export class PluginListError extends Error {
  readonly faults: readonly PluginFault[]
  constructor(faults: readonly PluginFault[]) {
    super(faults.map(({ path, reason }) => `${path}: ${reason}`).join('\n'))
    this.name = 'PluginListError'
    this.faults = faults
  }
}
