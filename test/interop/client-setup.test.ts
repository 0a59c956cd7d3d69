import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mobileconfig } from '../../scripts/kepctl/client-setup/mobileconfig.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const settings = {
  domain: 'hs98.kep.tr',
  name: 'Deneme <KEP> & "Ortakları"',
  imap: { host: 'posta.hs98.kep.tr', port: 993 },
  submission: { host: 'giden.hs98.kep.tr', port: 465 },
}

test('python3: plistlib reads a profile, whatever the provider is called', () => {
  using folder = new TemporaryFolder()
  writeFileSync(folder.file('p.mobileconfig'), mobileconfig(settings, 'ali@hs98.kep.tr'))
  const script = 'import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], "rb"))))'
  const read = JSON.parse(
    execFileSync('python3', ['-c', script, folder.file('p.mobileconfig')], { encoding: 'utf8' }),
  )
  expect(read).toMatchObject({
    PayloadType: 'Configuration',
    PayloadVersion: 1,
    PayloadIdentifier: 'tr.kep.hs98.mail',
    PayloadDisplayName: settings.name,
    PayloadContent: [
      {
        PayloadType: 'com.apple.mail.managed',
        EmailAddress: 'ali@hs98.kep.tr',
        IncomingMailServerHostName: 'posta.hs98.kep.tr',
        IncomingMailServerPortNumber: 993,
        IncomingMailServerUseSSL: true,
        OutgoingMailServerHostName: 'giden.hs98.kep.tr',
        OutgoingMailServerPortNumber: 465,
      },
    ],
  })
})
