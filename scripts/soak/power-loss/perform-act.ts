import type { Keeper, NewChainEntry, NewWork, StagedBlob, Store } from '../../../storage/port.ts'
import { type Act, type Body, envelopeOf, namesOf, octetsOf } from './acts.ts'
import { entryOf, range, sealOf } from './facts.ts'

/** The time of all that is done here; work is due long before. */
const NOW = Date.UTC(2026, 0, 1)
const LEASE_MS = 3_600_000
/** As octets come from a socket. */
const CHUNK = 65_536

/** Does it, and checks what is answered; a wrong answer is an Error. In another attempt earlier leases have lapsed. */
export async function performAct(store: Store, writer: string, act: Act, attempt = 0): Promise<void> {
  switch (act.kind) {
    case 'mailbox':
      await store.mailboxes.create(writer, act.name, {})
      return
    case 'accept':
      return accept(store, writer, act)
    case 'settle':
      return settle(store, writer, act, NOW + attempt * LEASE_MS)
    case 'purge':
      return expect(await store.purge(act.id), true, act)
    case 'append':
      return append(store, writer, act)
    case 'flag': {
      const change = { mode: 'add', flags: [act.flag] } as const
      const { changed } = await store.mailboxes.store(await boxOf(store, writer, act.name), act.uids, change)
      return expect(changed.length, act.uids.length, act)
    }
    case 'expunge': {
      const gone = await store.mailboxes.expunge(await boxOf(store, writer, act.name), act.uids)
      return expect(String(gone), String(act.uids), act)
    }
    case 'move': {
      const [from, to] = [await boxOf(store, writer, act.from), await boxOf(store, writer, act.to)]
      const { pairs } = await store.mailboxes.move(from, act.uids, to, NOW)
      return expect(String(pairs.map(([uid]) => uid)), String(act.uids), act)
    }
    case 'chain':
      return store.chain.append(
        await fenceOf(store, writer),
        writer,
        range(act.from, act.upTo).map((seq) => entry(writer, seq)),
      )
    case 'seal':
      return seal(store, writer, act)
    case 'document':
      return expect(await store.accounts.put(act.key, act.document, act.version - 1), true, act)
    case 'save': {
      await using staged = await stage(store, act.body)
      await store.blobs.save(staged.blob, keeperOf(act.keeper))
      return
    }
    case 'keep':
      return store.blobs.keep({ hash: act.hash, size: act.size }, keeperOf(act.keeper))
    case 'release': {
      const keeper = keeperOf(act.keeper)
      return keeper === 'archive' ? undefined : store.blobs.release(keeper)
    }
    case 'sweep':
      await store.blobs.sweep(100)
      return
  }
}

type Of<K extends Act['kind']> = Extract<Act, { kind: K }>

async function accept(store: Store, writer: string, act: Of<'accept'>): Promise<void> {
  await using body = await stage(store, act.body)
  await using envelope = await stage(store, envelopeOf(act.id))
  const { duplicateOf } = await store.accept({
    id: act.id,
    at: act.due,
    body: body.blob.ref,
    envelope: envelope.blob.ref,
    names: namesOf(act.id),
    staged: [body.blob, envelope.blob],
    first: work(writer, act.id, 'first', act.due),
  })
  expect(duplicateOf, undefined, act)
}

async function settle(store: Store, writer: string, act: Of<'settle'>, now: number): Promise<void> {
  const kind = work(writer, act.id, act.slot, act.due).kind
  const options = { now, limit: 1, leaseMs: LEASE_MS, queue: writer }
  const [row] = await store.work.claim([kind], options)
  if (row === undefined || row.intake !== act.id)
    throw new Error(`${act.id} is due, and not ${row?.intake ?? 'nothing'}`)
  const spawn = act.slot === 'first' ? [work(writer, act.id, 'second', act.due)] : []
  expect(await store.work.settle(row, { done: true, spawn }), true, act)
}

async function append(store: Store, writer: string, act: Of<'append'>): Promise<void> {
  const box = await boxOf(store, writer, act.name)
  await using body = await stage(store, act.body)
  const { added } = await store.mailboxes.append(box, {
    opId: act.opId,
    body: body.blob.ref,
    staged: [body.blob],
    index: Buffer.from(act.opId),
    flags: [],
    date: NOW,
    saved: NOW,
    origin: 'client',
  })
  expect(added, true, act)
}

async function seal(store: Store, writer: string, act: Of<'seal'>): Promise<void> {
  await using body = await stage(store, act.body)
  const { from, upTo } = act
  const segment = { from, upTo, body: body.blob.ref, seal: Buffer.from(sealOf(upTo)), at: NOW }
  await store.chain.seal(await fenceOf(store, writer), writer, segment, body.blob)
}

/** As the server does it: what nothing durable names by then is discarded. */
async function stage(store: Store, body: Body): Promise<{ blob: StagedBlob } & AsyncDisposable> {
  const octets = octetsOf(body)
  const writer = store.blobs.create(octets.length)
  try {
    for (let at = 0; at < octets.length; at += CHUNK) await writer.write(octets.subarray(at, at + CHUNK))
    const blob = await writer.finish()
    return { blob, [Symbol.asyncDispose]: () => blob.discard() }
  } catch (error) {
    await writer.abort()
    throw error
  }
}

const work = (writer: string, intake: string, slot: 'first' | 'second', due: number): NewWork => ({
  intake,
  recipient: 0,
  slot,
  kind: slot === 'first' ? 'accepted' : 'deliver',
  due,
  payload: '{}',
  queue: writer,
})

const entry = (chain: string, seq: number): NewChainEntry => ({
  seq,
  eventId: `${chain}/${seq}`,
  prev: Buffer.alloc(32, seq - 1),
  hash: Buffer.alloc(32, seq),
  sha512: Buffer.alloc(64, seq),
  bytes: Buffer.from(entryOf(chain, seq)),
  intake: undefined,
  meta: '{}',
  parties: [`${chain}@hs98.kep.tr`],
  at: NOW,
  keepUntil: NOW,
})

async function boxOf(store: Store, account: string, name: string): Promise<string> {
  const box = await store.mailboxes.byName(account, name)
  if (box === undefined) throw new Error(`${account} has no ${name}`)
  return box.id
}

async function fenceOf(store: Store, writer: string) {
  const fence = await store.chain.lease(`chain/${writer}`, 'power-loss', NOW, LEASE_MS)
  if (fence === undefined) throw new Error(`somebody else appends to ${writer}`)
  return fence
}

const keeperOf = (name: string): Keeper => `hold/${name.slice('hold/'.length)}`

function expect(answer: unknown, wanted: unknown, act: Act): void {
  if (answer !== wanted) throw new Error(`${JSON.stringify(act)} answered ${answer} instead of ${wanted}`)
}
