import { describe, expect, test } from 'vitest'
import { base64Lines } from '../../../mail/base64-lines.ts'
import { readPositions } from '../../../mail/positions.ts'
import { openImapSession } from '../../../scripts/client/imap-session.ts'
import { introduce, startExchange, THERE } from '../../fakes/exchange.ts'
import { signedMessage, submit } from '../../fakes/mail-client.ts'
import {
  archived,
  arrival,
  atRest,
  type Evidence,
  evidenced,
  holding,
  idIn,
  rowsIn,
  storyOf,
} from '../../fakes/mailboxes.ts'
import { operate } from '../../fakes/operator.ts'
import { pki } from '../../fakes/pki.ts'
import { PASSWORD, RECIPIENT, SENDER, startProvider, type TestProvider } from '../../fakes/provider.ts'

const FAR = 'hs97.kep.tr'
const TO = [
  RECIPIENT,
  `deneme.alici@${THERE}`,
  `yok@${THERE}`,
  `deneme.gonderen@${THERE}`,
  `deneme.alici@${FAR}`,
]

async function close({ provider }: TestProvider, address: string): Promise<void> {
  const row = await provider.store.accounts.get(address)
  const document = JSON.stringify({ ...JSON.parse(row?.document ?? ''), state: 'closed' })
  expect(await provider.store.accounts.put(address, document, row?.version ?? 0)).toBe(true)
}

async function read(kep: TestProvider, user: string, message: Buffer): Promise<void> {
  await using imap = await openImapSession(
    { port: kep.provider.ports.imaps, ca: kep.ca },
    { user, password: PASSWORD },
  )
  await imap.command('SELECT INBOX')
  expect((await imap.command('FETCH 1 (BODY[])')).literals[0]?.includes(message)).toBe(true)
}

/** What the delil itself says: about whom, and when it was. */
function saidBy({ bytes }: Evidence): { positions: readonly number[]; at: string } {
  const text = Buffer.from(bytes).toString()
  const one = /<EvidenceRefersToRecipient>(\d+)</.exec(text)?.[1]
  const several = /<Positions>([^<]+)</.exec(text)?.[1]
  const at = /<EventTime>([^<]+)</.exec(text)?.[1] ?? ''
  return { positions: readPositions(one ?? several ?? `1-${TO.length}`), at }
}

describe.each([
  { granularity: 'recipient', relay: [`relay-acceptance ${THERE} 2`, `relay-acceptance ${THERE} 4`] },
  { granularity: 'dispatch', relay: [`relay-acceptance ${THERE} all`] },
] as const)(
  'one message to five recipients at three providers, relay evidence per $granularity',
  ({ granularity, relay }) => {
    test('every evidence that there has to be, once, in order', async () => {
      const config = { relay: { granularity } }
      await using exchange = await startExchange({ there: { config } })
      await using far = await startProvider({ domain: FAR, config })
      const { here, there } = exchange
      await introduce(here, far)
      await introduce(far, here)
      await close(far, `deneme.alici@${FAR}`)

      const message = await signedMessage(pki().user.signer, undefined, { to: TO })
      const where = { port: here.provider.ports.submissions, ca: here.ca, to: TO }
      const id = idIn(await submit(message, where))
      const boxes = [
        [here, RECIPIENT],
        [there, `deneme.alici@${THERE}`],
        [there, `deneme.gonderen@${THERE}`],
      ] as const
      for (const [kep, address] of boxes) {
        await arrival(kep, address, 'INBOX', message)
        await read(kep, address, message)
      }
      await evidenced(here, id, 'non-delivery')
      for (const kep of [here, there, far, here]) await atRest(kep)

      expect((await storyOf(here, id)).toSorted()).toEqual(
        [
          'submission-acceptance own all',
          'delivery own 1',
          'retrieval own 1',
          ...relay,
          `relay-rejection ${THERE} 3`,
          ...[2, 4].flatMap((position) => [
            `delivery ${THERE} ${position}`,
            `retrieval ${THERE} ${position}`,
          ]),
          `relay-acceptance ${FAR} 5`,
          `non-delivery ${FAR} 5`,
        ].toSorted(),
      )
      const mine = await archived(here)
      const theirs = [...(await archived(there)), ...(await archived(far))]
      expect(mine.filter(({ told }) => told.provider !== undefined)).toHaveLength(theirs.length)
      for (const { eventId, bytes } of theirs) {
        const kept = mine.filter((entry) => entry.eventId.endsWith(`/${eventId}`))
        expect(kept).toHaveLength(1)
        expect(Buffer.compare(kept[0]!.bytes, bytes)).toBe(0)
      }

      // Nothing arrives where it should not, and the closed account has nothing.
      for (const [kep, address] of boxes)
        expect(await holding(kep, address, 'INBOX', message)).toHaveLength(1)
      expect((await rowsIn(far, `deneme.alici@${FAR}`, 'INBOX')).rows).toEqual([])

      const whole = ['relay-acceptance', 'delivery', 'retrieval']
      const makers: readonly (readonly [
        position: number,
        maker: TestProvider,
        outcomes: readonly string[],
      ])[] = [
        [1, here, ['submission-acceptance', 'delivery', 'retrieval']],
        [2, there, whole],
        [3, there, ['relay-rejection']],
        [4, there, whole],
        [5, far, ['relay-acceptance', 'non-delivery']],
      ]
      for (const [position, maker, outcomes] of makers) {
        // The order of the maker's archive is the order of the events.
        const made = (await archived(maker)).filter(({ told }) => told.provider === undefined)
        const about = made.filter((evidence) => saidBy(evidence).positions.includes(position))
        expect(about.map(({ told }) => told.outcome)).toEqual(outcomes)
        const times = about.map(({ told }) => told.eventTime ?? '')
        expect(times).toEqual(times.toSorted())
      }
      const [submission] = mine
      expect(submission?.told.outcome).toBe('submission-acceptance')
      for (const evidence of mine) expect(saidBy(evidence).at >= saidBy(submission!).at).toBe(true)

      // Deliller: each evidence in one message, and no message without.
      expect((await rowsIn(here, SENDER, 'Deliller')).rows).toHaveLength(mine.length)
      for (const { bytes } of mine)
        expect(await holding(here, SENDER, 'Deliller', base64Lines(bytes))).toHaveLength(1)

      const { messages } = await operate(here, 'trace', { id })
      expect(messages).toHaveLength(1)
      expect(
        messages[0]!.recipients.map(({ relay, transport, reading, contradicted }) => [
          relay,
          transport,
          reading,
          contradicted,
        ]),
      ).toEqual([
        [undefined, 'delivery', 'retrieval', false],
        ['relay-acceptance', 'delivery', 'retrieval', false],
        [undefined, 'relay-rejection', undefined, false],
        ['relay-acceptance', 'delivery', 'retrieval', false],
        ['relay-acceptance', 'non-delivery', undefined, false],
      ])
      expect(messages[0]!.timeline.filter(({ evidence }) => evidence !== undefined)).toHaveLength(mine.length)
      expect(await here.metric('openkep_contradictions_total')).toBe(0)
    })
  },
)
