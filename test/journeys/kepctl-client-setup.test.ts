/** What mail programs set themselves up by, as an operator makes it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { parseXml } from '../../evidence/xml/parse.ts'
import { elementsOf, textOf, type XmlElement } from '../../evidence/xml/tree.ts'
import { systemClock } from '../../mail/clock.ts'
import { ensureDevelopmentPki } from '../../server/development/pki.ts'
import { kepctl } from '../fakes/kepctl.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const folder = new TemporaryFolder()
const setup = (...more: string[]) => kepctl(['--data', folder.path, 'client', 'setup', ...more])
beforeAll(async () => {
  await ensureDevelopmentPki(folder.path, { domain: 'hs98.kep.tr', clock: systemClock })
})

/** Texts of all elements of that name. */
const texts = (element: XmlElement, local: string): string[] =>
  elementsOf(element).flatMap((one) => (one.local === local ? [textOf(one).trim()] : texts(one, local)))

test('records for the zone: what is offered, and what is not [RFC 6186 §3.4] [RFC 8314 §5.1]', async () => {
  expect(await setup()).toMatchObject({ code: 0, err: '' })
  const { out } = await setup('--imap', 'posta.hs98.kep.tr:993', '--submission', 'Giden.hs98.kep.tr:465')
  expect(out.trim().split('\n')).toEqual([
    '_imaps._tcp.hs98.kep.tr. 3600 IN SRV 0 1 993 posta.hs98.kep.tr.',
    '_submissions._tcp.hs98.kep.tr. 3600 IN SRV 0 1 465 giden.hs98.kep.tr.',
    '_imap._tcp.hs98.kep.tr. 3600 IN SRV 0 0 0 .',
    '_pop3._tcp.hs98.kep.tr. 3600 IN SRV 0 0 0 .',
    '_pop3s._tcp.hs98.kep.tr. 3600 IN SRV 0 0 0 .',
    '_submission._tcp.hs98.kep.tr. 3600 IN SRV 0 0 0 .',
    '_autodiscover._tcp.hs98.kep.tr. 3600 IN SRV 0 1 443 autodiscover.hs98.kep.tr.',
  ])
})

test('files for a web server, the same again when they are made again', async () => {
  const out = join(folder.path, 'www')
  const made = await setup(
    '--imap',
    'posta.hs98.kep.tr:993',
    '--account',
    'Ali@hs98.kep.tr',
    '--out',
    out,
    '--json',
  )
  expect(made.code).toBe(0)
  const { files, imap, submission } = JSON.parse(made.out)
  expect({ imap, submission }).toEqual({
    imap: { host: 'posta.hs98.kep.tr', port: 993 },
    submission: { host: 'hs98.kep.tr', port: 10_465 },
  })
  const [plain, wellKnown, outlook, apple] = files.map((file: string) => readFileSync(file, 'utf8'))
  expect(files[0]).toBe(join(out, 'mail/config-v1.1.xml'))
  expect(wellKnown).toBe(plain)
  const config = parseXml(Buffer.from(plain))
  expect(texts(config, 'hostname')).toEqual(['posta.hs98.kep.tr', 'hs98.kep.tr'])
  expect(texts(config, 'port')).toEqual(['993', '10465'])
  expect(texts(config, 'socketType')).toEqual(['SSL', 'SSL'])
  expect(texts(config, 'username')).toEqual(['%EMAILADDRESS%', '%EMAILADDRESS%'])
  const discovered = parseXml(Buffer.from(outlook))
  expect(texts(discovered, 'Type')).toEqual(['IMAP', 'SMTP'])
  expect(texts(discovered, 'Server')).toEqual(['posta.hs98.kep.tr', 'hs98.kep.tr'])
  expect(texts(discovered, 'LoginName')).toEqual(['ali@hs98.kep.tr', 'ali@hs98.kep.tr'])
  expect(apple).toContain('<key>EmailAddress</key><string>ali@hs98.kep.tr</string>')
  expect(apple).toContain('<key>IncomingMailServerPortNumber</key><integer>993</integer>')
  expect(files[3]).toBe(join(out, 'ali@hs98.kep.tr.mobileconfig'))
  await setup('--imap', 'posta.hs98.kep.tr:993', '--out', out)
  expect(readFileSync(files[0], 'utf8')).toBe(plain)
  expect(readFileSync(files[2], 'utf8')).not.toContain('LoginName')
  expect(readFileSync(join(out, 'hs98.kep.tr.mobileconfig'), 'utf8')).not.toContain('EmailAddress')
})

test.each([
  ['--imap', 'posta hs98'],
  ['--imap', 'posta:0'],
  ['--imap', 'posta:65536'],
  ['--submission', 'https://posta'],
  ['--submission', '"><x'],
  ['--account', 'ali@hs99.kep.tr'],
  ['--account', 'ali'],
])('%s %s is wrong use', async (...words) => {
  expect((await setup(...words)).code).toBe(2)
})

test('what cannot be written is told', async () => {
  writeFileSync(folder.file('dosya'), '')
  const refused = await setup('--out', folder.file('dosya'))
  expect(refused.code).toBe(1)
  expect(refused.err).toContain('dosya')
})
