/** Thunderbird itself, at a whole provider: what its holder does there, and what becomes of it here. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ImapFlow } from 'imapflow'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makePkcs12 } from '../../evidence/index.ts'
import { privateKeyPem } from '../../evidence/keys/generate.ts'
import { toPem } from '../../evidence/x509/certificate.ts'
import { mailboxId } from '../../server/imap/object-id.ts'
import { eventually } from '../fakes/eventually.ts'
import { kepctl } from '../fakes/kepctl.ts'
import { archived, arrival, bodyOf, rowsIn } from '../fakes/mailboxes.ts'
import { type Holder, pki } from '../fakes/pki.ts'
import { DOMAIN, PASSWORD, RECIPIENT, SENDER, startProvider, type TestProvider } from '../fakes/provider.ts'
import { isMissing } from './programs.ts'
import { Person } from './thunderbird/person.ts'
import { startThunderbird } from './thunderbird/program.ts'
import { startWeb, type Web } from './thunderbird/web.ts'

const SUBJECT = 'Yıllık işletme raporu'
const BODY = 'Rapor ektedir.\r\n'
/** As Thunderbird writes it. */
const base64 = (text: string): string => Buffer.from(text).toString('base64')

describe.skipIf(isMissing('thunderbird'))('thunderbird', () => {
  const stack = new AsyncDisposableStack()
  let kep: TestProvider
  let web: Web
  let person: Person

  beforeAll(async () => {
    kep = stack.use(await startProvider())
    const host = `autoconfig.${DOMAIN}`
    const tls = pki().issue({ kind: 'tls', dns: [host], ip: [] })
    const pems = { key: privateKeyPem(tls.key), cert: chainOf(tls) }
    web = stack.use(await startWeb(host, pems, await autoconfigOf(kep)))
    const { control } = stack.use(await startThunderbird(web.port))
    person = new Person(control)
    await person.trust(Buffer.from(pki().root.certificate.der).toString('base64'))
  })
  afterAll(() => stack.disposeAsync())

  test('account set-up: settings come from the file of kepctl client setup, found by the address, and a login proves them', async () => {
    const { imaps, submissions } = kep.provider.ports
    for (const [address, name] of [
      [SENDER, 'Ayşe Işık'],
      [RECIPIENT, 'Çağrı Öğüt'],
    ] as const)
      expect(await person.addAccount(address, name, PASSWORD)).toEqual({
        by: 'xml-from-isp-https',
        incoming: `imaps://localhost:${imaps}`,
        outgoing: `smtps://localhost:${submissions}`,
      })
    expect(new Set(web.asked)).toEqual(new Set([`https://autoconfig.${DOMAIN}/mail/config-v1.1.xml`]))
  })

  test('mailboxes: each by its name, with what it is for', async () => {
    expect(await person.mailboxes(SENDER)).toEqual({
      INBOX: 'Inbox',
      Arşiv: 'Archive',
      'Arşiv/Gelen': '',
      'Arşiv/Giden': '',
      Deliller: '',
      'Giden Kutusu': 'SentMail',
      Taslaklar: 'Drafts',
      'Çöp Kutusu': 'Trash',
    })
  })

  test('send signed: accepted as a KEP submission; its own copy and the one that the provider files are one message', async () => {
    const p12 = join(kep.folder, 'user.p12')
    const { key, certificate, signer } = pki().user
    const certificates = [certificate, ...signer.chain]
    writeFileSync(p12, makePkcs12({ key, certificates, password: 'deneme', friendlyName: 'Ayşe' }))
    await person.signWith(SENDER, p12, 'deneme')
    await person.send(SENDER, RECIPIENT, 'Deneme', BODY)
    await arrival(kep, RECIPIENT, 'INBOX', base64(BODY))
    expect((await archived(kep))[0]?.told).toMatchObject({ outcome: 'submission-acceptance' })
    const sent = await eventually(async () => {
      const { rows } = await rowsIn(kep, SENDER, 'Giden Kutusu')
      return rows[0]?.flags.includes('$KEPDelivered') ? rows : undefined
    }, 'delivery')
    expect(sent).toHaveLength(1)
    expect(sent[0]?.flags).toContain('\\Seen')
  })

  const sentAreRead = (count: number): Promise<unknown> =>
    eventually(async () => {
      const { rows } = await rowsIn(kep, SENDER, 'Giden Kutusu')
      return rows.filter(({ flags }) => flags.includes('$KEPRead')).length === count || undefined
    }, 'reading')

  test('read: what it fetches by itself is retrieved, though nobody opened it', async () => {
    await sentAreRead(1)
    expect(await flagsIn(RECIPIENT, 'INBOX')).not.toContain('\\Seen')
  })

  test('read: a delivery is shown with a good signature, and where no copies are kept, opening it is retrieval', async () => {
    await person.keepNoCopies(RECIPIENT)
    await person.send(SENDER, RECIPIENT, SUBJECT, BODY)
    await person.choose(RECIPIENT, 'INBOX', SUBJECT)
    const message = await person.shown()
    expect(message).toMatchObject({ ...GOOD, subject: `KEP: ${SUBJECT}` })
    expect(message.text).toContain('Rapor ektedir.')
    await sentAreRead(2)
  })

  test('read: evidence in Deliller has a good signature; the delivery with one letter changed has a bad one', async () => {
    await person.choose(SENDER, 'Deliller', SUBJECT)
    expect(await person.shown()).toMatchObject(GOOD)

    const { body } = await arrival(kep, RECIPIENT, 'INBOX', base64(BODY))
    const changed = Buffer.from(body)
    changed.write(base64(BODY.toLowerCase()), changed.indexOf(base64(BODY)))
    await append(kep, 'Arşiv/Giden', changed)
    await person.choose(RECIPIENT, 'Arşiv/Giden', '')
    const message = await person.shown()
    expect(message.text).toContain('rapor ektedir.')
    expect(message.signature).not.toBe(0)
    expect(message.icon).not.toBe(GOOD.icon)
  })

  test('flag: a star is Önemli, and a tag is an etiket', async () => {
    await person.choose(RECIPIENT, 'INBOX', SUBJECT)
    await person.press('cmd_markAsFlagged')
    await person.tag('önemli iş')
    const marked = ['\\Flagged', '=c3=b6nemli=20i=c5=9f']
    const all = (flags: readonly string[]) => marked.every((one) => flags.includes(one)) || undefined
    await eventually(async () => all(await flagsIn(RECIPIENT, 'INBOX')), 'flags')
    await person.press('cmd_markAsFlagged')
    await eventually(
      async () => !(await flagsIn(RECIPIENT, 'INBOX')).includes('\\Flagged') || undefined,
      'star taken away',
    )
  })

  test('move: from one mailbox into another', async () => {
    await person.move(RECIPIENT, 'Arşiv/Gelen')
    await eventually(async () => (await countIn(RECIPIENT, 'Arşiv/Gelen')) === 1 || undefined, 'move')
    expect(await countIn(RECIPIENT, 'INBOX')).toBe(1)
  })

  test('delete: into Çöp Kutusu, which remembers whence', async () => {
    await person.choose(RECIPIENT, 'Arşiv/Gelen', SUBJECT)
    await person.press('cmd_delete')
    await eventually(async () => (await countIn(RECIPIENT, 'Çöp Kutusu')) === 1 || undefined, 'deletion')
    expect(await countIn(RECIPIENT, 'Arşiv/Gelen')).toBe(0)
    const whence = (await kep.provider.store.mailboxes.byName(RECIPIENT, 'Arşiv/Gelen'))!
    expect(await flagsIn(RECIPIENT, 'Çöp Kutusu')).toContain(`$KEPFrom-${mailboxId(whence)}`)
  })

  test('draft: into Taslaklar, and saved again it takes the place of what was there', async () => {
    const text = 'Sonra devam ederim.\r\n'
    await person.saveDraft(SENDER, RECIPIENT, ['bir', 'iki', 'son'], text)
    const last = await eventually(async () => {
      const { rows } = await rowsIn(kep, SENDER, 'Taslaklar')
      return rows.length === 1 ? rows[0] : undefined
    }, 'one draft')
    expect(last.flags).toEqual(['\\Draft'])
    const draft = (await bodyOf(kep, last)).toString()
    expect(draft).toContain('Subject: son\r\n')
    expect(draft).toContain(base64(text))
  })

  /** Of the newest message. */
  const flagsIn = async (account: string, name: string): Promise<readonly string[]> =>
    (await rowsIn(kep, account, name)).rows.at(-1)?.flags ?? []
  const countIn = async (account: string, name: string): Promise<number> =>
    (await rowsIn(kep, account, name)).rows.length
})

const GOOD = { signature: 0, icon: 'message-signed-ok.svg', signer: `kep@${DOMAIN}` }

const chainOf = ({ certificate, signer }: Holder): string =>
  [certificate, ...signer.chain].map(({ der }) => toPem('CERTIFICATE', der)).join('')

/** By their paths on the web: what the operator's command makes of the provider's configuration. */
async function autoconfigOf({ config, folder, provider }: TestProvider): Promise<Map<string, Uint8Array>> {
  const { mode, listen, tls, trust } = config
  const { envelope, evidence } = config.signing
  const { urls } = config.tsa
  const file = join(folder, 'kepd.yaml')
  const settings = {
    mode,
    provider: config.provider,
    listen,
    tls,
    trust,
    signing: { envelope, evidence },
    tsa: { urls },
  }
  writeFileSync(file, JSON.stringify(settings))
  const out = join(folder, 'www')
  const at = (port: number): string => `localhost:${port}`
  const servers = ['--imap', at(provider.ports.imaps), '--submission', at(provider.ports.submissions)]
  const ran = await kepctl(['--config', file, '--data', folder, 'client', 'setup', ...servers, '--out', out])
  expect(ran).toMatchObject({ code: 0, err: '' })
  const path = '/mail/config-v1.1.xml'
  return new Map([[path, readFileSync(join(out, path))]])
}

async function append({ provider, ca }: TestProvider, name: string, message: Buffer): Promise<void> {
  const flow = new ImapFlow({
    host: 'localhost',
    port: provider.ports.imaps,
    secure: true,
    auth: { user: RECIPIENT, pass: PASSWORD },
    tls: { ca },
    logger: false,
  })
  await flow.connect()
  await flow.append(name, message)
  await flow.logout()
}
