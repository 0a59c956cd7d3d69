/** What people do with messages, as each program asks for it: read, flag, move, delete, draft. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { envelopeFields } from '../../mail/mime-codec.ts'
import { ACCOUNT, type ImapUnderTest, loggedIn, PASSWORD, startImap } from '../fakes/imap-server.ts'
import { isMissing, pressIn } from './programs.ts'

const run = promisify(execFile)
let under: ImapUnderTest
let folder: string
beforeAll(async () => {
  under = await startImap()
  folder = await mkdtemp(join(tmpdir(), 'openkep-actions-'))
  await writeFile(join(folder, 'ca.pem'), under.ca)
})
afterAll(async () => {
  await under[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const letter = (subject: string): string =>
  `From: a@hs98.kep.tr\r\nTo: ${ACCOUNT}\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@x>\r\n\r\nbir ${subject}\r\n`

/**
 * Of the four messages in `from`, the first is read, the second flagged, the third moved into `to`, the fourth deleted;
 * and a draft of that subject is put into Taslaklar.
 */
type Actions = (from: string, to: string, draft: string) => Promise<unknown>

const withCurl: Actions = async (from, to, draft) => {
  const curl = async (path: string, ...more: string[]): Promise<string> => {
    const url = `imaps://localhost:${under.port}/${path}`
    const login = ['--cacert', join(folder, 'ca.pem'), '-u', `${ACCOUNT}:${PASSWORD}`]
    return (await run('curl', ['-sS', ...login, url, ...more])).stdout
  }
  expect(await curl(`${from};UID=1`)).toBe(letter(`${from}1`))
  await curl(from, '-X', 'UID STORE 2 +FLAGS (\\Flagged)')
  await curl(from, '-X', `UID MOVE 3 "${to}"`)
  await curl(from, '-X', 'UID STORE 4 +FLAGS.SILENT (\\Deleted)')
  await curl(from, '-X', 'UID EXPUNGE 4')
  await writeFile(join(folder, 'draft.eml'), letter(draft))
  await curl('Taslaklar', '-T', join(folder, 'draft.eml'))
  const [uid] = (await curl('Taslaklar', '-X', `UID SEARCH SUBJECT ${draft}`)).match(/\d+/) ?? []
  await curl('Taslaklar', '-X', `UID STORE ${uid} +FLAGS (\\Draft)`)
}

const withImaplib: Actions = async (from, to, draft) => {
  const script = `
import imaplib, ssl, sys
ca, port, user, password, source, target, draft = sys.argv[1:]
box = imaplib.IMAP4_SSL('localhost', int(port), ssl_context=ssl.create_default_context(cafile=ca))
box.login(user, password)
box.select(source)
def ok(answer): assert answer[0] == 'OK', answer
ok(box.uid('FETCH', '1', '(BODY[])'))
ok(box.uid('STORE', '2', '+FLAGS', '(\\\\Flagged)'))
ok(box.uid('MOVE', '3', target))
ok(box.uid('STORE', '4', '+FLAGS.SILENT', '(\\\\Deleted)'))
ok(box.expunge())
ok(box.append('Taslaklar', '(\\\\Draft)', None, ('Subject: %s\\r\\n\\r\\nmetin\\r\\n' % draft).encode()))
box.logout()
`
  await run('python3', [
    '-c',
    script,
    join(folder, 'ca.pem'),
    String(under.port),
    ACCOUNT,
    PASSWORD,
    from,
    to,
    draft,
  ])
}

const withMutt =
  (mutt: 'mutt' | 'neomutt'): Actions =>
  async (from, to, draft) => {
    const there = `imaps://localhost:${under.port}/`
    const settings = [
      `imap_user="${ACCOUNT}"`,
      `imap_pass="${PASSWORD}"`,
      `folder="${there}"`,
      `spoolfile="${there}${from}"`,
      `certificate_file="${join(folder, 'ca.pem')}"`,
      `tmpdir="${folder}"`,
      'postponed="=Taslaklar"',
    ]
    const keys = [
      '<first-entry><display-message><exit>',
      '<jump>2<enter><flag-message>',
      `<jump>3<enter><save-message>=${to}<enter>`,
      '<jump>4<enter><delete-message>',
      '<sync-mailbox>',
      `<mail>${ACCOUNT}<enter>${draft}<enter><postpone-message>`,
      '<quit>',
    ]
    await pressIn(mutt, folder, settings, keys.join(''))
  }

describe.each<[string, Actions]>([
  ['curl', withCurl],
  ['python3', withImaplib],
  ['neomutt', withMutt('neomutt')],
  ['mutt', withMutt('mutt')],
])('%s', (name, actions) => {
  test.skipIf(isMissing(name))(
    `${name === 'python3' ? 'imaplib' : name}: read, flag, move, delete, draft`,
    async () => {
      const [from, to, draft] = [`${name}-bir`, `${name}-iki`, `${name}-taslak`]
      const client = await loggedIn(under)
      for (const box of [from, to]) await client.command('c', `CREATE ${box}`)
      for (const n of [1, 2, 3, 4]) await under.deliver(from, Buffer.from(letter(`${from}${n}`)))
      await actions(from, to, draft)
      client.end()
      const left = await lying(from)
      expect([...left.keys()]).toEqual([`${from}1`, `${from}2`])
      expect(left.get(`${from}1`)).toContain('\\Seen')
      expect(left.get(`${from}1`)).not.toContain('\\Flagged')
      expect(left.get(`${from}2`)).toContain('\\Flagged')
      expect([...(await lying(to)).keys()]).toEqual([`${from}3`])
      expect((await lying('Taslaklar')).get(draft)).toContain('\\Draft')
    },
  )
})

/** Subjects, with the flags of each. */
async function lying(name: string): Promise<Map<string, readonly string[]>> {
  const { mailboxes } = under.store
  const { id } = (await mailboxes.byName(ACCOUNT, name))!
  const found = new Map<string, readonly string[]>()
  for (const { uid, flags } of await mailboxes.page(id, 0, 100)) {
    const index = (await mailboxes.index(id, uid))!
    found.set(envelopeFields(index).subject ?? '', flags)
  }
  return found
}
