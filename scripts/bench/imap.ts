/** What clients do with large mailboxes, by this server and by Dovecot in turns, each side's CPU counted by the kernel. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { caOf, type SoakProvider, startProviders } from '../soak/providers.ts'
import { median } from './accepts.ts'
import { type Measured, startDovecot } from './imap/dovecot.ts'
import { type IdleFigures, measureIdle } from './imap/idle-connections.ts'
import { letter, notice } from './imap/letters.ts'
import { cpuBetween, ranOf } from './imap/process-cpu.ts'
import { RawClient } from './imap/raw-client.ts'
import { INDEXED_SCENES, LETTER_SCENES, LETTERS, NOTICES, OTHER_SCENES, type Scene } from './imap/scenes.ts'

const ROUNDS = 5
const ADDRESS = 'deneme.alici@hs98.kep.tr'
/** Filters are made in the background, by a third of a core. */
const FILTERS_MS = 600_000
const run = promisify(execFile)
const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
/** Of one APPEND. */
const TOGETHER = 100
/** The connections of one test are one client's, as far as a limit can tell. */
const LIMITS = { connections: 6_000, connectionsPerIp: 6_000, connectionsPerAccount: 6_000 }

export interface SceneFigures {
  readonly scene: string
  readonly ms: number
  readonly cpuMs: number
  readonly dovecotMs: number | undefined
  readonly dovecotCpuMs: number | undefined
  /** CPU of Dovecot ÷ CPU of ours, the median of neighbouring pairs; above 1 we are ahead. */
  readonly ahead: number | undefined
}

export interface ImapFigures {
  /** What each has made durable when it answers. */
  readonly durability: { readonly openkep: string; readonly dovecot: string }
  readonly scenes: readonly SceneFigures[]
  readonly behind: readonly string[]
  readonly idle: IdleFigures
}

export async function measureImap(note: (text: string) => void): Promise<ImapFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'openkep-bench-'))
  try {
    await using parts = new AsyncDisposableStack()
    const [provider] = await startProviders(folder, ['hs98.kep.tr'], parts, { limits: LIMITS })
    if (provider === undefined) throw new RangeError('one provider')
    const ca = await caOf(provider)
    const ours: Measured = {
      pid: provider.daemon.pid,
      port: provider.daemon.ports.imaps,
      ca,
      user: ADDRESS,
      password: 'deneme',
    }
    const dovecot = await startDovecot({ tls: provider.files.tls, ca }, parts)
    if (dovecot === undefined) note('no Dovecot here (package dovecot-imapd): our figures stand alone')
    const servers = dovecot === undefined ? [ours] : [dovecot, ours]
    const scenes: SceneFigures[] = []
    const measure = async (some: readonly Scene[]) => {
      for (const scene of some) {
        const figures = await measureScene(scene, ours, dovecot)
        note(lineOf(figures))
        scenes.push(figures)
      }
    }
    for (const server of servers) note(await fill(server, LETTERS, letter))
    await measure(LETTER_SCENES)
    await searchIndex(provider, 'on')
    await measure(INDEXED_SCENES)
    await searchIndex(provider, 'off')
    for (const server of servers) note(await fill(server, NOTICES, notice))
    await measure(OTHER_SCENES)
    note('idle connections')
    const idle = await measureIdle(ours, dovecot, provider.files.tls)
    return {
      idle,
      durability: {
        openkep: 'every change is synced (SQLite WAL, synchronous=FULL)',
        dovecot: 'sdbox, mail_fsync=optimized: messages are synced, changes of flags are not',
      },
      scenes,
      behind: scenes.filter(({ ahead }) => ahead !== undefined && ahead < 1).map(({ scene }) => scene),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Makes a mailbox of so many; answers how long it took. */
async function fill(
  server: Measured,
  { box, count }: { readonly box: string; readonly count: number },
  make: (n: number) => Buffer,
): Promise<string> {
  await using client = await RawClient.open(server)
  const began = performance.now()
  await client.command(`CREATE ${box}`)
  for (let n = 0; n < count; n += TOGETHER)
    await client.appendSmall(
      box,
      Array.from({ length: TOGETHER }, (_, i) => make(n + i)),
    )
  return `${count} messages in ${((performance.now() - began) / 1000).toFixed(1)} s`
}

/** As an operator opts in and out; returns when every letter has its filter, or when none has. */
async function searchIndex({ folder, daemon }: SoakProvider, state: 'on' | 'off'): Promise<void> {
  const done = async () => (await daemon.metric('openkep_text_filters_total')) - before
  const before = await daemon.metric('openkep_text_filters_total')
  const script = new URL(`../kepctl${extension}`, import.meta.url).pathname
  const where = ['--config', join(folder, 'config.json'), '--data', folder]
  await run(process.execPath, [script, 'account', 'update', ADDRESS, '--search-index', state, ...where])
  const until = performance.now() + FILTERS_MS
  while ((await done()) < LETTERS.count) {
    if (performance.now() > until) throw new Error(`only ${await done()} filters after ${FILTERS_MS} ms`)
    await setTimeout(500)
  }
}

interface Turn {
  readonly ms: number
  readonly cpu: number
}

async function measureScene(
  scene: Scene,
  ours: Measured,
  dovecot: Measured | undefined,
): Promise<SceneFigures> {
  const turns = { ours: [] as Turn[], dovecot: [] as Turn[] }
  // The first of each fills what a server keeps for the next.
  for (let round = 0; round <= ROUNDS; round++) {
    const own = await turnOf(scene, ours)
    const other = dovecot && (await turnOf(scene, dovecot))
    if (round === 0) continue
    turns.ours.push(own)
    if (other !== undefined) turns.dovecot.push(other)
  }
  const of = (all: readonly Turn[], which: keyof Turn): number | undefined =>
    all.length === 0 ? undefined : rounded(median(all.map((one) => one[which])))
  return {
    scene: scene.name,
    ms: of(turns.ours, 'ms') ?? 0,
    cpuMs: of(turns.ours, 'cpu') ?? 0,
    dovecotMs: of(turns.dovecot, 'ms'),
    dovecotCpuMs: of(turns.dovecot, 'cpu'),
    ahead: dovecot && rounded(median(turns.dovecot.map(({ cpu }, i) => cpu / (turns.ours[i]?.cpu ?? cpu)))),
  }
}

const lineOf = ({ scene, ms, cpuMs, dovecotMs, dovecotCpuMs, ahead }: SceneFigures): string =>
  `${scene}: ${ms} ms, ${cpuMs} ms CPU` +
  (ahead === undefined ? '' : `; Dovecot ${dovecotMs} ms, ${dovecotCpuMs} ms CPU: × ${ahead}`)

async function turnOf({ box, before, act }: Scene, server: Measured): Promise<Turn> {
  await using client = await RawClient.open(server)
  if (box !== undefined) await client.command(`SELECT ${box}`)
  await before?.(client)
  const ran = await ranOf(server.pid)
  const began = performance.now()
  await act(client)
  const ms = performance.now() - began
  return { ms, cpu: cpuBetween(ran, await ranOf(server.pid)) }
}

const rounded = (value: number): number => Math.round(value * 100) / 100
