import { describe, expect, test, vi } from 'vitest'
import { DEFAULT_PROFILE } from '../../../evidence/index.ts'
import type { KepAccount } from '../../../mail/account.ts'
import { base64Lines } from '../../../mail/base64-lines.ts'
import { readHeader } from '../../../mail/header-read.ts'
import { MimeIndexer } from '../../../mail/mime-index.ts'
import type { HookArguments, Services } from '../../../plugins/api.ts'
import { catalog } from '../../../plugins/catalog.ts'
import type { SubmittedMessage } from '../../../plugins/message.ts'
import { Pipeline, type PluginChoice } from '../../../plugins/pipeline.ts'
import { opaqueMessage, signedMessage } from '../../fakes/mail-client.ts'
import { Disk } from '../../fakes/memory-store/disk.ts'
import { openMemoryStore } from '../../fakes/memory-store.ts'
import { pki } from '../../fakes/pki.ts'
import { eyp, eypParts, zip } from '../../fakes/zip.ts'

const ADDRESS = 'kurum@hs98.kep.tr'
const evidence = [...catalog.keys()].filter((name) => name.startsWith('evidence-'))

interface Given {
  readonly container?: Services['settings']['eypContainer']
  readonly account?: Partial<KepAccount>
}

/** What one plugin says of these octets, and what it remarks. */
async function judged(plugin: PluginChoice, octets: Buffer, { container = 'warn', account }: Given = {}) {
  await using store = await openMemoryStore(new Disk())
  const created: number[] = []
  const notices: string[] = []
  const services = {
    domain: 'hs98.kep.tr',
    provider: { name: 'Deneme', serviceAddress: 'kep@hs98.kep.tr' },
    profile: DEFAULT_PROFILE,
    settings: { eypContainer: container } as Services['settings'],
    accountOf: async () => account as KepAccount | undefined,
    usageOf: async () => 0,
    isPeer: () => false,
    scratch: {
      create: (maxBytes) => {
        created.push(maxBytes)
        return store.blobs.create(maxBytes)
      },
    },
    noticed: (_, code) => notices.push(code),
  } satisfies Services
  const indexer = new MimeIndexer()
  indexer.push(octets)
  const index = indexer.end()
  const message = {
    index,
    header: readHeader(octets),
    signature: { form: index.root.subtype === 'signed' ? 'detached' : 'opaque', signedHeader: [] },
    open: async function* (range = { start: 0, end: octets.length }) {
      for (let at = range.start; at < range.end; at += 700)
        yield octets.subarray(at, Math.min(range.end, at + 700))
    },
  } as unknown as SubmittedMessage
  const transaction = {
    session: { account: { address: ADDRESS } },
  } as HookArguments['data_post']['transaction']
  const failed = vi.fn()
  const verdict = await new Pipeline([plugin, ...evidence], services, failed).ask('data_post', {
    transaction,
    message,
  })
  expect(failed.mock.calls).toEqual([])
  return { said: verdict.kind === 'refuse' ? verdict.code : verdict.kind, notices, created: created.length }
}

const headed = (header: string) => Buffer.from(`${header}Subject: x\r\n\r\n`)
const typed = (type: string) => headed(`X-TR-REM-iletiTip: ${type}\r\n`)

describe('message-type', () => {
  test.each([
    ['no field', headed(''), 'proceed'],
    ...['standart', 'eYazisma', 'eTebligat', 'EYAZISMA', ' eTebligat '].map(
      (type): [string, Buffer, string] => [type, typed(type), 'proceed'],
    ),
    ...['', 'kep', 'standart2', 'eYazışma', 'e Tebligat', 'constructor', 'standart, eTebligat'].map(
      (type): [string, Buffer, string] => [JSON.stringify(type), typed(type), 'MESSAGE_TYPE_UNKNOWN'],
    ),
  ])('%s', async (_, octets, said) => expect((await judged('message-type', octets)).said).toBe(said))

  test('further values are the operator’s, and no others come with them', async () => {
    const plugin = { name: 'message-type', settings: { further: ['ePosta'] } }
    expect((await judged(plugin, typed('eposta'))).said).toBe('proceed')
    expect((await judged(plugin, typed('ePosta2'))).said).toBe('MESSAGE_TYPE_UNKNOWN')
  })
})

describe('e-tebligat-sender', () => {
  test.each<[string, Buffer, Given, string]>([
    ['another type', typed('standart'), { account: {} }, 'proceed'],
    ['authorised', typed('eTebligat'), { account: { mayServe: true } }, 'proceed'],
    ['in other letters', typed('ETEBLIGAT'), { account: {} }, 'MAY_NOT_SERVE'],
    ['nothing said', typed('eTebligat'), { account: {} }, 'MAY_NOT_SERVE'],
    ['not authorised', typed('eTebligat'), { account: { mayServe: false } }, 'MAY_NOT_SERVE'],
    ['an account that is gone', typed('eTebligat'), {}, 'MAY_NOT_SERVE'],
  ])('%s', async (_, octets, given, said) =>
    expect((await judged('e-tebligat-sender', octets, given)).said).toBe(said),
  )
})

const signer = pki().user.signer
const file = (name: string, octets = eyp(), type = 'application/octet-stream') =>
  `Content-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; ${name}\r\n\r\n${base64Lines(octets)}`
const mixed = (...parts: string[]) =>
  Buffer.from(
    `Content-Type: multipart/mixed; boundary=b\r\n\r\n${['Content-Type: text/plain\r\n\r\nEk.', ...parts].map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`,
  )
const written = (part: Buffer, make = signedMessage) =>
  make(signer, part, { extra: 'X-TR-REM-iletiTip: eYazisma\r\n' })
const forwarded = (inner: Buffer) =>
  `Content-Type: message/rfc822\r\n\r\nSubject: x\r\n${inner.toString('latin1')}`

describe('e-yazisma-package', () => {
  test.each<[string, Buffer, string]>([
    ['a package', mixed(file('filename=a.eyp')), 'proceed'],
    ['encrypted', mixed(file('filename=A.EYPS')), 'proceed'],
    ['an update, beside other files', mixed(file('filename=a.eypg'), file('filename=b.pdf')), 'proceed'],
    ['a name in pieces', mixed(file("filename*0*=utf-8''Yaz%C4%B1; filename*1=.eyp")), 'proceed'],
    ['the only part', Buffer.from(`${file('filename=a.eyp')}\r\n`), 'proceed'],
    ['none', mixed(), 'EYP_ATTACHMENT'],
    ['another file', mixed(file('filename=a.eyp.pdf')), 'EYP_ATTACHMENT'],
    ['two', mixed(file('filename=a.eyp'), file('filename=b.eypg')), 'EYP_ATTACHMENT'],
    [
      'a second by the name of its type alone',
      mixed(file('filename=a.eyp'), file('filename=b.pdf', eyp(), 'x/y; name=b.eyp')),
      'EYP_ATTACHMENT',
    ],
    [
      'a second by a name that another form hides',
      mixed(file('filename=a.eyp'), file("filename=b.eyp.; filename*=utf-8''b.pdf")),
      'EYP_ATTACHMENT',
    ],
    ['one in a forwarded message', mixed(forwarded(mixed(file('filename=a.eyp')))), 'EYP_ATTACHMENT'],
  ])('%s, signed either way', async (_, part, said) => {
    for (const make of [signedMessage, opaqueMessage])
      expect(await judged('e-yazisma-package', await written(part, make))).toMatchObject({
        said,
        notices: [],
      })
  })

  test('other types may carry what they like', async () => {
    const octets = await signedMessage(signer, mixed(file('filename=a.eyp'), file('filename=b.eyp')))
    expect(await judged('e-yazisma-package', octets)).toEqual({ said: 'proceed', notices: [], created: 0 })
  })

  test('an attachment that is not signed does not count', async () => {
    const unsigned = `X-TR-REM-iletiTip: eYazisma\r\n${file('filename=a.eyp')}`
    expect((await judged('e-yazisma-package', Buffer.from(unsigned))).said).toBe('EYP_ATTACHMENT')
  })

  const parts = eypParts()
  test.each<[string, Buffer, string[], boolean]>([
    ['in order', eyp(), [], false],
    ['encrypted', zip(eypParts({ category: 'RESMIYAZISMA/SIFRELI' })), [], false],
    ['no ZIP file', Buffer.from('Merhaba'), ['NOT_A_ZIP'], true],
    ['no content types', zip(parts.slice(1)), ['NO_CONTENT_TYPES'], true],
    ['no relationships', zip(parts.filter(({ name }) => name !== '_rels/.rels')), ['NO_RELATIONSHIPS'], true],
    ['a way out', zip([...parts, { name: '../x' }]), ['UNSAFE_NAME'], true],
    ['a bomb', zip([...parts, { name: 'x', content: Buffer.alloc(2_000_000) }]), ['BOMB'], true],
    ['another category', zip(eypParts({ category: 'X' })), ['CATEGORY'], false],
    ['another type', zip(eypParts({ contentType: 'x' })), ['CONTENT_TYPE'], false],
    ['no properties', zip(parts.filter((_, index) => index !== 2)), ['NO_CORE_PROPERTIES'], false],
    [
      'another kind of package',
      zip([parts[0]!, { name: '_rels/.rels', content: '<Relationships/>' }]),
      ['NOT_EYAZISMA', 'NO_CORE_PROPERTIES'],
      false,
    ],
    [
      'relationships that grow',
      zip([parts[0]!, { name: '_rels/.rels', content: '<!DOCTYPE x><x/>' }]),
      ['UNREADABLE_PART'],
      false,
    ],
  ])('container %s', async (_, octets, notices, isFault) => {
    const message = await written(mixed(file('filename=a.eyp', octets)))
    expect(await judged('e-yazisma-package', message)).toMatchObject({ said: 'proceed', notices })
    expect(await judged('e-yazisma-package', message, { container: 'refuse' })).toMatchObject(
      isFault ? { said: 'EYP_CONTAINER', notices: [] } : { said: 'proceed', notices },
    )
    expect(await judged('e-yazisma-package', message, { container: 'off' })).toEqual({
      said: 'proceed',
      notices: [],
      created: 0,
    })
  })
})
