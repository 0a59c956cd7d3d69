import { expect, test } from 'vitest'
import { openSmtpSession } from '../../scripts/client/smtp-session.ts'
import { signedMessage } from '../fakes/mail-client.ts'
import { pki } from '../fakes/pki.ts'
import { PASSWORD, RECIPIENT, SENDER, startProvider } from '../fakes/provider.ts'

test('what was permitted at login may be taken back while the SMTP session lives', async () => {
  await using kep = await startProvider()
  const { store, ports } = kep.provider
  const change = async (from: string, to: string) => {
    const row = (await store.accounts.get(SENDER))!
    expect(await store.accounts.put(SENDER, row.document.replace(from, to), row.version)).toBe(true)
  }
  await using session = await openSmtpSession(
    { port: ports.submissions, ca: kep.ca },
    { user: SENDER, password: PASSWORD },
  )
  const send = async () =>
    session.send(await signedMessage(pki().user.signer), { from: SENDER, to: [RECIPIENT] })
  expect(await send()).toMatch(/^250 /)
  await change('"active":true', '"active":false')
  expect(await send()).toMatch(/^550 5\.7\.1 MAY_NOT_SEND /)
  await change('"active":false', '"active":true')
  expect(await send()).toMatch(/^250 /)
  await change('"state":"active"', '"state":"closed"')
  expect(await send()).toMatch(/^550 5\.7\.1 ACCOUNT_NOT_ACTIVE /)
})
