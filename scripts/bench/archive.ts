/**
 * What the archive's daily seal, and a change of its digest, cost: beside the same octets hashed by the same algorithms and
 * nothing else, and beside what the loop may be held for. A year has some of the first, twenty years two of the second.
 */
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type CertificateValidator,
  deskHere,
  type HashName,
  HttpTimestamper,
  parsePemCertificates,
  signerFromPem,
  validatePath,
} from '../../evidence/index.ts'
import { systemClock } from '../../mail/clock.ts'
import { EVIDENCE_CHAIN } from '../../server/archive/chain-archive.ts'
import { makeArchive } from '../../server/archive/make-archive.ts'
import { renew } from '../../server/archive/renewing.ts'
import { type SealingParts, seal } from '../../server/archive/sealing.ts'
import { MAX_SPAN } from '../../server/archive/span.ts'
import { startAuthority } from '../../server/development/authority.ts'
import { developmentFiles } from '../../server/development/files.ts'
import { ensureDevelopmentPki } from '../../server/development/pki.ts'
import { EventLog } from '../../server/event-log/event-log.ts'
import { openSqliteStore } from '../../storage/sqlite/store.ts'

const ENTRIES = 20_000
/** Octets; what an evidence has. */
const SIZE = 8_000
const BATCH = 128
/** ms of the thread's CPU between two turns of the loop (I9), with what the collector takes. */
const LOOP_BOUND_MS = 20

interface Timed {
  /** Entries a second of the thread's CPU. */
  readonly entriesPerSecond: number
  /** The longest stretch between two turns of the loop, ms of the thread's CPU. */
  readonly longestMs: number
}

export interface ArchiveFigures {
  readonly entries: number
  readonly octetsEach: number
  /** SHA-256 twice and SHA-512 twice over the same octets, as the seal needs them. */
  readonly bareHashesPerSecond: number
  readonly seal: Timed
  readonly rehash: Timed
  readonly bound: { readonly longestMs: number }
}

export async function measureArchive(note: (text: string) => void): Promise<ArchiveFigures> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'openkep-archive-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const store = stack.use(await openSqliteStore(join(folder, 'store'), Date.now()))
  const eventLog = new EventLog({ store, clock: systemClock, keepYears: 30, lost: () => {} })
  const archive = makeArchive(store, eventLog, { clock: systemClock, owner: undefined })
  note(`${ENTRIES} entries of ${SIZE} octets`)
  await fill(archive.archives.evidence)
  let hash: HashName = 'sha256'
  const parts: SealingParts = {
    ...archive,
    ...(await keysIn(folder, stack)),
    store,
    clock: systemClock,
    hash: () => hash,
    seals: archive.archives.seals,
    keepYears: 30,
    spanSize: MAX_SPAN,
    onDamage: (error) => {
      throw error
    },
  }
  note('sealing')
  const sealed = await timed(() => seal(parts))
  hash = 'sha512'
  note('another digest')
  const rehashed = await timed(() => renew(parts, new Date(0)))
  return {
    entries: ENTRIES,
    octetsEach: SIZE,
    bareHashesPerSecond: bareHashes(),
    seal: sealed,
    rehash: rehashed,
    bound: { longestMs: LOOP_BOUND_MS },
  }
}

export const missedInArchive = ({ seal: sealed, rehash, bound }: ArchiveFigures): string[] =>
  [sealed, rehash].some(({ longestMs }) => longestMs > bound.longestMs) ? ['archive'] : []

async function fill(archive: ReturnType<typeof makeArchive>['archives']['evidence']): Promise<void> {
  for (let first = 0; first < ENTRIES; first += BATCH)
    await Promise.all(
      Array.from({ length: Math.min(BATCH, ENTRIES - first) }, (_, index) => {
        const bytes = Buffer.alloc(SIZE, 'x')
        bytes.writeUInt32BE(first + index)
        const eventId = `${EVIDENCE_CHAIN}-${first + index}`
        return archive.append({
          eventId,
          bytes,
          intake: undefined,
          meta: '{}',
          parties: [],
          at: 1,
          keepUntil: 1,
        })
      }),
    )
}

/** Signs and stamps as the development provider does, and asks nobody for a status. */
async function keysIn(
  folder: string,
  stack: AsyncDisposableStack,
): Promise<Pick<SealingParts, 'signer' | 'timestamper' | 'providersTrust' | 'tsasTrust'>> {
  await ensureDevelopmentPki(folder, { domain: 'hs98.kep.tr', clock: systemClock })
  const { urls } = stack.use(await startAuthority(folder, { port: 0, host: '127.0.0.1', clock: systemClock }))
  const files = developmentFiles(folder)
  const anchors = parsePemCertificates(await readFile(files.authority.certificate, 'utf8'))
  const trust = { anchors, intermediates: [], crls: [], revocation: 'if-present' } as const
  const timestamper = new HttpTimestamper({
    urls: [urls.tsa],
    trust: () => trust,
    clock: systemClock,
    timeoutMs: 10_000,
  })
  stack.defer(() => timestamper.close())
  const signer = signerFromPem({
    key: await readFile(files.provider.key, 'utf8'),
    certificates: await readFile(files.provider.certificate, 'utf8'),
    hash: 'sha256',
  })
  const validate: CertificateValidator['validate'] = async (leaf, { at }) =>
    validatePath(leaf, { ...trust, at })
  return {
    signer: () => signer,
    timestamper,
    providersTrust: { validate, desk: deskHere },
    tsasTrust: { validate },
  }
}

async function timed(work: () => Promise<unknown>): Promise<Timed> {
  const cpu = (): number => {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1000
  }
  let isOver = false
  let longestMs = 0
  let last = cpu()
  const began = last
  const look = (): void => {
    const now = cpu()
    longestMs = Math.max(longestMs, now - last)
    last = now
    if (!isOver) setImmediate(look)
  }
  setImmediate(look)
  await work()
  isOver = true
  return { entriesPerSecond: Math.round((ENTRIES / (cpu() - began)) * 1000), longestMs }
}

function bareHashes(): number {
  const octets = Buffer.alloc(SIZE, 'x')
  const { user, system } = process.threadCpuUsage()
  for (let turn = 0; turn < ENTRIES; turn++)
    for (const name of ['sha256', 'sha256', 'sha512', 'sha512']) createHash(name).update(octets).digest()
  const after = process.threadCpuUsage()
  return Math.round((ENTRIES / (after.user + after.system - user - system)) * 1_000_000)
}
