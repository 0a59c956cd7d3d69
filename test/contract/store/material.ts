import type { NewIntake, NewMessage, NewWork, StagedBlob, Store } from '../../../storage/port.ts'

export async function stage(store: Store, octets: Uint8Array): Promise<StagedBlob> {
  const writer = store.blobs.create(octets.length)
  await writer.write(octets)
  return writer.finish()
}

export async function newIntake(
  store: Store,
  id: string,
  at: number,
  over: Partial<NewIntake> = {},
): Promise<NewIntake> {
  const staged = await stage(store, Buffer.from(`message ${id}`))
  return {
    id,
    at,
    body: staged.ref,
    envelope: staged.ref,
    names: [`<${id}@client.example>`],
    staged: [staged],
    first: work(id, { slot: 'submission', kind: 'accepted', due: at }),
    ...over,
  }
}

export const work = (intake: string, over: Partial<NewWork> = {}): NewWork => ({
  intake,
  recipient: 0,
  slot: 'slot',
  kind: 'deliver',
  due: 1000,
  payload: '{}',
  ...over,
})

export async function message(
  store: Store,
  opId: string,
  over: Partial<NewMessage> = {},
): Promise<NewMessage> {
  const staged = await stage(store, Buffer.from(opId))
  return {
    opId,
    body: staged.ref,
    staged: [staged],
    index: Buffer.from(`index of ${opId}`),
    flags: [],
    date: 5,
    saved: 6,
    origin: 'client',
    ...over,
  }
}
