import { z } from 'zod'
import type { PackReport } from '../../archive/audit-pack.ts'
import type { PackSelection, SealReport } from '../../archive/desk.ts'
import type { RenewalReport } from '../../archive/renewing.ts'
import { asFolderRefusal, asSigningRefusal } from './folder-refusal.ts'
import { change, OperationError, type OperationParts } from './operation.ts'
import { addressSchema, folderSchema, idSchema, timeSchema, untilSchema } from './schemas.ts'
import { intakesFor } from './trace.ts'

/** The keys are the daemon's. */
function deskOf({ archiveDesk }: OperationParts): NonNullable<OperationParts['archiveDesk']> {
  if (archiveDesk === undefined)
    throw new OperationError('NO_DAEMON', 'the archive is sealed with keys that only a running kepd has')
  return archiveDesk
}

/** Seals now what was appended since the last seal. */
export const archiveSeal = change(
  'archive seal',
  z.strictObject({}),
  () => ({}),
  (parts): Promise<SealReport> => told(deskOf(parts).seal(), 'nothing was sealed'),
)

/** Gives seals a further time-stamp, and digests everything anew where the digest of now is another. */
export const archiveRenew = change(
  'archive renew',
  z.strictObject({
    /** Also what would hold for long yet. */
    all: z.boolean().default(false),
  }),
  ({ all }) => ({ details: { all } }),
  (parts, { all }): Promise<RenewalReport> =>
    told(deskOf(parts).renew(all), 'what was not renewed yet holds as before'),
)

const told = <Result>(act: Promise<Result>, left: string): Promise<Result> =>
  act.catch((error: unknown) => {
    throw asSigningRefusal(error, left) ?? error
  })

const exportSchema = z
  .strictObject({
    /** Of the daemon's machine; absolute, and not there yet. */
    folder: folderSchema,
    /** Of messages, evidence or queue rows. */
    ids: z.array(idSchema).max(1_000).default([]),
    from: timeSchema.optional(),
    to: untilSchema.optional(),
    party: addressSchema.toLowerCase().optional(),
    /** Every entry of every chain. */
    everything: z.boolean().default(false),
  })
  .refine(
    ({ ids, from, to, party, everything }) =>
      [ids.length > 0, everything, from !== undefined || to !== undefined || party !== undefined].filter(
        Boolean,
      ).length === 1,
    'name messages, or a time or a party, or everything',
  )

/** An audit pack (denetim paketi) into a new folder of the machine where the daemon runs. */
export const archiveExport = change(
  'archive export',
  exportSchema,
  ({ folder, ids, from, to, party, everything }) => ({
    details: {
      folder,
      ...(everything ? { everything } : {}),
      ...(ids.length === 0 ? {} : { ids }),
      ...(from === undefined ? {} : { from: new Date(from).toISOString() }),
      ...(to === undefined ? {} : { to: new Date(to).toISOString() }),
    },
    account: party,
  }),
  async (parts, args, progress): Promise<PackReport> => {
    deskOf(parts)
    const { exportPack } = parts
    if (exportPack === undefined)
      throw new OperationError('NOT_HERE', 'a pack is written on the machine itself: kepctl archive export')
    const selection = await selectionOf(parts, args)
    try {
      return await exportPack(args.folder, selection, progress)
    } catch (error) {
      throw asFolderRefusal(error, args.folder)
    }
  },
)

async function selectionOf(
  { store, peers, domain }: OperationParts,
  { ids, from, to, party, everything }: z.output<typeof exportSchema>,
): Promise<PackSelection> {
  if (everything) return { kind: 'everything' }
  if (ids.length === 0)
    return {
      kind: 'evidence',
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(party === undefined ? {} : { party }),
    }
  const providers = peers.all().map(({ provider }) => provider)
  const intakes = new Set<string>()
  for (const id of ids) {
    const found = await intakesFor(store, id, providers, domain)
    if (found.length === 0) throw new OperationError('NOT_FOUND', `nothing is known of ${id}`)
    for (const row of found) intakes.add(row.id)
  }
  return { kind: 'messages', intakes: [...intakes] }
}
