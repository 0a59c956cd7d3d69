import { expect, test } from 'vitest'
import { Events } from '../../../../server/ops/events.ts'
import { trustListExpiry } from '../../../../server/ops/trust-list-expiry.ts'
import { Trusted, type TrustedRoles } from '../../../../server/trusted.ts'

const DAY = 86_400_000
const NOW = Date.parse('2026-07-01T00:00:00Z')

test('of each trusted list it is told how long it counts, in time and after it ran out', async () => {
  const events = new Events('silent')
  const told: unknown[] = []
  const list = (file: string, days: number | undefined) => ({
    file,
    operator: 'Kurum',
    sequence: 1,
    nextUpdate: days === undefined ? undefined : new Date(NOW + days * DAY),
    digest: '',
    countedAt: new Date(NOW),
  })
  const [near, far, late, closed] = [
    list('near', 6),
    list('far', 8),
    list('late', -1),
    list('closed', undefined),
  ]
  let trusted: TrustedRoles = {
    users: new Trusted('users', [], [near, far], []),
    providers: new Trusted('providers', [], [far, closed], []),
    tsas: new Trusted('tsas', [], [late], []),
  }
  const duty = trustListExpiry({
    clock: { now: () => new Date(NOW), monotonic: () => 0 },
    events: {
      trustLists: (lists) => {
        told.push(...lists)
        events.trustLists(lists)
      },
    },
    trusted: () => trusted,
  })
  const round = () => duty.round(new AbortController().signal)
  const metric = async () =>
    (await events.registry.metrics()).split('\n').filter((line) => line.startsWith('openkep_trust_list_'))
  await round()
  expect(told).toEqual([
    { file: 'near', leftMs: 6 * DAY, isNear: true },
    { file: 'far', leftMs: 8 * DAY, isNear: false },
    { file: 'late', leftMs: -DAY, isNear: true },
  ])
  expect(await metric()).toEqual([
    'openkep_trust_list_expires_seconds{file="near"} 518400',
    'openkep_trust_list_expires_seconds{file="far"} 691200',
    'openkep_trust_list_expires_seconds{file="late"} -86400',
  ])
  // A list that a reload dropped is not told any more.
  trusted = { ...trusted, tsas: new Trusted('tsas', [], [], []) }
  await round()
  expect(await metric()).toHaveLength(2)
})
