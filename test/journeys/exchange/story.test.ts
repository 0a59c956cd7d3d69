import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { openImapSession } from '../../../scripts/client/imap-session.ts'
import { RECIPIENT_THERE, startExchange, THERE } from '../../fakes/exchange.ts'
import { signedMessage, submit } from '../../fakes/mail-client.ts'
import { archived, arrival, atRest, evidenced, idIn, rowsIn } from '../../fakes/mailboxes.ts'
import { pki } from '../../fakes/pki.ts'
import { PASSWORD, SENDER } from '../../fakes/provider.ts'

describe('a message to a peer', () => {
  test('5.2, 5.7, 5.14: arrives octet for octet, and the sender holds the evidence of both providers', async () => {
    await using exchange = await startExchange()
    const { here, there } = exchange
    const message = await signedMessage(pki().user.signer, undefined, { to: [RECIPIENT_THERE] })
    const reply = await submit(message, {
      port: here.provider.ports.submissions,
      ca: here.ca,
      to: [RECIPIENT_THERE],
    })
    const id = idIn(reply)
    const { row } = await arrival(there, RECIPIENT_THERE, 'INBOX', message)
    expect(row.delivery).toMatchObject({ recipient: 1 })
    await evidenced(here, id, 'delivery')

    await using imap = await openImapSession(
      { port: there.provider.ports.imaps, ca: there.ca },
      { user: RECIPIENT_THERE, password: PASSWORD },
    )
    await imap.command('SELECT INBOX')
    const fetched = await imap.command('FETCH 1 (BODY[])')
    expect(fetched.literals[0]?.includes(message)).toBe(true)
    await evidenced(here, id, 'retrieval')
    await atRest(here)
    await atRest(there)

    const mine = await archived(here)
    expect(mine.map(({ told }) => [told.outcome, told.provider, told.recipient])).toEqual([
      ['submission-acceptance', undefined, undefined],
      ['relay-acceptance', THERE, 1],
      ['delivery', THERE, 1],
      ['retrieval', THERE, 1],
    ])
    const theirs = await archived(there)
    expect(theirs.map(({ told }) => told.outcome)).toEqual(['relay-acceptance', 'delivery', 'retrieval'])
    for (const { eventId, bytes } of theirs) {
      const kept = mine.find((entry) => entry.eventId === `${THERE}/${eventId}`)
      expect(Buffer.compare(kept!.bytes, bytes)).toBe(0)
    }
    expect((await rowsIn(here, SENDER, 'Deliller')).rows).toHaveLength(4)
  })

  test('is the same message when it comes twice', async () => {
    await using exchange = await startExchange()
    const { here, there } = exchange
    const options = { to: [RECIPIENT_THERE], messageId: `<${randomUUID()}@istemci.example>` }
    const message = await signedMessage(pki().user.signer, undefined, options)
    const where = { port: here.provider.ports.submissions, ca: here.ca, to: [RECIPIENT_THERE] }
    const ids = [idIn(await submit(message, where)), idIn(await submit(message, where))]
    expect(ids[0]).toBe(ids[1])
    await evidenced(here, ids[0]!, 'delivery')
    await atRest(here)
    await atRest(there)
    expect((await rowsIn(there, RECIPIENT_THERE, 'INBOX')).rows).toHaveLength(1)
  })

  test('to the operator of the peer lies in the operator’s box, with evidence of its delivery', async () => {
    await using exchange = await startExchange()
    const { here, there } = exchange
    const to = [`kep@${THERE}`]
    const message = await signedMessage(pki().user.signer, undefined, { to })
    const id = idIn(await submit(message, { port: here.provider.ports.submissions, ca: here.ca, to }))
    await evidenced(here, id, 'delivery')
    await arrival(there, `postmaster@${THERE}`, 'INBOX', message)
  })
})
