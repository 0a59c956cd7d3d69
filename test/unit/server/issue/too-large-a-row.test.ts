import { expect, test } from 'vitest'
import { systemClock } from '../../../../mail/clock.ts'
import type { StepParts, Steps } from '../../../../server/issue/steps.ts'
import { Worker } from '../../../../server/issue/worker.ts'
import { Events } from '../../../../server/ops/events.ts'
import { stageBytes } from '../../../../server/stage-bytes.ts'
import { MAX_PAYLOAD } from '../../../../storage/port-work.ts'
import { eventually } from '../../../fakes/eventually.ts'
import { Disk } from '../../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../../fakes/memory-store.ts'

test('what follows from a row and can never be written is a failure of the row, not work without end', async () => {
  await using store = await openMemoryStore(new Disk())
  const envelope = await stageBytes(store, Buffer.from('{}'))
  const key = { intake: 'i', recipient: 0, slot: 'submission' }
  await store.accept({
    id: 'i',
    at: 1,
    body: undefined,
    envelope: envelope.ref,
    names: [],
    staged: [envelope],
    first: { ...key, kind: 'accepted', due: 1, payload: '{}' },
  })
  const steps: Steps = {
    accepted: async () => [
      { ...key, slot: 'next', kind: 'issue', due: 1, payload: 'x'.repeat(MAX_PAYLOAD + 1) },
    ],
  }
  const parts = { store, clock: systemClock } as StepParts
  const worker = new Worker(parts, steps, new Events('silent'), () => true, 300_000)
  worker.start()
  const row = await eventually(async () => {
    const now = await store.work.get('i', 0, 'submission')
    return (now?.attempts ?? 0) > 0 ? now : undefined
  }, 'an attempt that counts')
  await worker.stop()
  expect(row).toMatchObject({ state: 'pending', error: expect.stringContaining('name a blob') })
})
