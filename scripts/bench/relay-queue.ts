import { randomHex, randomMessageId } from '../../mail/ids.ts'
import type { SubmissionRecord } from '../../mail/submission-record.ts'
import { nextWork } from '../../server/issue/steps.ts'
import type { DeadlinePayload, SendPayload } from '../../server/relay/payloads.ts'
import { stageBytes } from '../../server/stage-bytes.ts'
import type { BlobRef, NewWork, Store } from '../../storage/port.ts'

const DAY_MS = 24 * 3_600_000
/** Writes that share a commit. */
const TOGETHER = 250
const LEASE_MS = 600_000

/** A message as a provider holds it once its dispatch was made: what any number like it are made of. */
export interface Template {
  readonly record: SubmissionRecord
  readonly original: Buffer
  readonly dispatch: Buffer
  readonly send: SendPayload
}

/** @param messageId our id of a message that stands in the peer's queue */
export async function readTemplate(store: Store, messageId: string, peer: string): Promise<Template> {
  const [intake] = await store.intakesNamed(messageId)
  const row = intake && (await store.work.get(intake.id, 0, `send/${peer}`))
  if (intake?.body === undefined || row === undefined) throw new Error(`${messageId} is not in the queue`)
  const send: SendPayload = JSON.parse(row.payload)
  const read = async (ref: BlobRef) => Buffer.from(await store.blobs.read(ref))
  const record: SubmissionRecord = JSON.parse((await read(intake.envelope)).toString())
  return { record, original: await read(intake.body), dispatch: await read(send.mail), send }
}

/** Puts messages like the template into a peer's queue, each with its record, its own dispatch and its deadline. */
export async function fillQueue(
  store: Store,
  template: Template,
  peer: string,
  count: number,
): Promise<void> {
  for (let done = 0; done < count; done += TOGETHER) {
    const some = Math.min(TOGETHER, count - done)
    const rows = await Promise.all(Array.from({ length: some }, () => accept(store, template, peer)))
    const follows = new Map(rows.map((own) => [own[0]?.intake, own]))
    const now = Date.now()
    const claimed = await store.work.claim(['accepted'], { now, limit: some, leaseMs: LEASE_MS })
    await Promise.all(
      claimed.map((row) => store.work.settle(row, { done: true, spawn: follows.get(row.intake) ?? [] })),
    )
  }
}

/** Answers with the rows that follow. */
async function accept(store: Store, template: Template, peer: string): Promise<NewWork[]> {
  const id = randomHex()
  const { record } = template
  const messageId = randomMessageId('rem', record.messageId.slice(record.messageId.indexOf('@') + 1, -1))
  const recipients = record.recipients.map((one) => ({
    ...one,
    address: `${one.address.slice(0, one.address.indexOf('@'))}@${peer}`,
  }))
  const own: SubmissionRecord = { ...record, id, messageId, recipients }
  // Identifiers are equally long, so octets stay as many as they were.
  const mail = template.dispatch.toString('latin1').replaceAll(record.messageId, messageId)
  const [envelope, dispatch, body] = await Promise.all([
    stageBytes(store, Buffer.from(JSON.stringify(own))),
    stageBytes(store, Buffer.from(mail, 'latin1')),
    stageBytes(store, template.original),
  ])
  const now = Date.now()
  const key = { intake: id, recipient: 0 }
  await store.accept({
    id,
    at: now,
    body: body.ref,
    envelope: envelope.ref,
    names: [messageId],
    staged: [envelope, dispatch, body],
    first: nextWork(key, 'submission', 'accepted', now, {}),
  })
  const send: SendPayload = { ...template.send, mail: dispatch.ref }
  const deadline: DeadlinePayload = { provider: peer, positions: '1' }
  return [
    { ...nextWork(key, `send/${peer}`, 'send', now, send), queue: peer },
    nextWork(key, `send-expiry/${peer}`, 'timer', now + DAY_MS, deadline),
  ]
}
