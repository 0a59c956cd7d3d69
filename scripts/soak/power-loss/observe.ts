import type { BlobRef, Store } from '../../../storage/port.ts'
import { type Facts, factOf, lineOf } from './facts.ts'

/** All that is true of a store; the octets of each blob are read, which checks their hash. */
export async function observe(store: Store): Promise<Facts> {
  const facts: Facts = new Map()
  const boxes = new Map<string, readonly [account: string, name: string]>()
  const blobs: BlobRef[] = []
  for await (const record of store.copy.records()) {
    switch (record.kind) {
      case 'intake': {
        const { id, body, envelope, names, purged } = record
        facts.set(factOf.intake(id), lineOf.intake(body?.hash ?? '', envelope.hash, names, purged))
        break
      }
      case 'work': {
        const { intake, slot, state, due } = record.row
        facts.set(factOf.work(intake, slot), lineOf.work(state, due))
        break
      }
      case 'mailbox': {
        const { id, account, name } = record.row
        boxes.set(id, [account, name])
        facts.set(factOf.next(account, name), String(record.head.uidNext))
        break
      }
      case 'message': {
        const [account, name] = boxes.get(record.mailbox) ?? ['', '']
        const { uid, body, flags } = record.row
        const index = Buffer.from(record.index).toString()
        const value = lineOf.message(body.hash, body.size, flags, index)
        facts.set(factOf.message(account, name, uid), value)
        break
      }
      case 'entry':
        facts.set(factOf.entry(record.chain, record.entry.seq), Buffer.from(record.entry.bytes).toString())
        break
      case 'segment': {
        const { from, upTo, body, seal } = record.segment
        const value = lineOf.segment(from, body.hash, Buffer.from(seal).toString())
        facts.set(factOf.segment(record.chain, upTo), value)
        break
      }
      case 'document':
        facts.set(factOf.document(record.key), lineOf.document(record.version, record.document))
        break
      case 'blob':
        blobs.push(record.ref)
        for (const keeper of record.keepers)
          if (keeper.startsWith('hold/'))
            facts.set(factOf.kept(keeper, record.ref.hash), lineOf.kept(record.ref.size))
        break
      default:
    }
  }
  for (const ref of blobs) for await (const _ of store.blobs.open(ref));
  return facts
}
