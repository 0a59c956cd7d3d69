/** Programs that keep a copy of mailboxes: what is there comes here, what is here goes there, and a second look finds nothing to do. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { envelopeFields } from '../../mail/mime-codec.ts'
import { ACCOUNT, type ImapUnderTest, loggedIn, PASSWORD, startImap } from '../fakes/imap-server.ts'
import { isMissing } from './programs.ts'

const run = promisify(execFile)

let under: ImapUnderTest
let folder: string
beforeAll(async () => {
  under = await startImap()
})
afterAll(() => under[Symbol.asyncDispose]())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openkep-both-ways-'))
  await writeFile(join(folder, 'ca.pem'), under.ca)
  return () => rm(folder, { recursive: true, force: true })
})

interface Program {
  readonly name: string
  /** On either side. */
  readonly messages: number
  /** Brings both sides of these mailboxes together; Maildirs lie in `<folder>/mail/<mailbox>`. */
  sync(boxes: readonly string[]): Promise<unknown>
}

const mbsync: Program = {
  name: 'mbsync',
  messages: 2_000,
  sync: async (boxes) => {
    const config = (tls: string) => `
IMAPAccount a
Host localhost
Port ${under.port}
User ${ACCOUNT}
Pass ${PASSWORD}
${tls} IMAPS
CertificateFile ${join(folder, 'ca.pem')}

IMAPStore far
Account a

MaildirStore near
Path ${join(folder, 'mail')}/
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns ${boxes.join(' ')}
Create Both
Sync All
Expunge Both
SyncState *
`
    const file = join(folder, 'mbsyncrc')
    // The option has another name since isync 1.5.
    await writeFile(file, config('SSLType'))
    await run('mbsync', ['-c', file, 'c']).catch(async () => {
      await writeFile(file, config('TLSType'))
      await run('mbsync', ['-c', file, 'c'])
    })
  },
}

const offlineimap: Program = {
  name: 'offlineimap',
  messages: 300,
  sync: async (boxes) => {
    const file = join(folder, 'offlineimaprc')
    await writeFile(
      file,
      `[general]
accounts = a
metadata = ${join(folder, 'state')}
[Account a]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = ${join(folder, 'mail')}
sep = /
[Repository far]
type = IMAP
remotehost = localhost
remoteport = ${under.port}
remoteuser = ${ACCOUNT}
remotepass = ${PASSWORD}
ssl = yes
sslcacertfile = ${join(folder, 'ca.pem')}
folderfilter = lambda name: name in ${JSON.stringify(boxes)}
`,
    )
    await run('offlineimap', ['-o', '-c', file, '-u', 'quiet'], { env: { ...process.env, HOME: folder } })
  },
}

/** Message-ID to Maildir flags. */
type Side = Map<string, string>

const LETTERS = new Map([
  ['\\Answered', 'R'],
  ['\\Draft', 'D'],
  ['\\Flagged', 'F'],
  ['\\Seen', 'S'],
])
const idOf = (octets: string): string => /^Message-ID: (<.*?>)/im.exec(octets)?.[1] ?? ''

async function far(name: string): Promise<{ side: Side; modseq: number }> {
  const { mailboxes } = under.store
  const id = (await mailboxes.byName(ACCOUNT, name))?.id ?? ''
  const side: Side = new Map()
  for (const { uid, flags } of await mailboxes.page(id, 0, 10_000)) {
    const index = await mailboxes.index(id, uid)
    const letters = flags.map((flag) => LETTERS.get(flag) ?? '')
    side.set((index && envelopeFields(index).messageId) ?? '', letters.sort().join(''))
  }
  return { side, modseq: (await mailboxes.head(id))?.modseq ?? 0 }
}

/** Names of files with their folders, and what is in them. */
async function filesOf(name: string): Promise<{ path: string; flags: string; id: string }[]> {
  const files: { path: string; flags: string; id: string }[] = []
  for (const part of ['cur', 'new'])
    for (const file of await readdir(join(folder, 'mail', name, part))) {
      const path = join(folder, 'mail', name, part, file)
      const flags = /:2,([A-Z]*)$/.exec(file)?.[1] ?? ''
      files.push({ path, flags: [...flags].sort().join(''), id: idOf(await readFile(path, 'latin1')) })
    }
  return files
}
const near = async (name: string): Promise<Side> =>
  new Map((await filesOf(name)).map(({ id, flags }) => [id, flags]))

const letter = (id: string, lineEnd: string): string =>
  ['From: a@hs98.kep.tr', `Subject: mektup ${id}`, `Message-ID: <${id}@x>`, '', `bir ${id}`, ''].join(lineEnd)

for (const program of [mbsync, offlineimap])
  describe.skipIf(isMissing(program.name))(program.name, () => {
    test(`${program.messages} messages come, as many go; flags and removals travel both ways; then nothing is left to do`, async () => {
      const { messages } = program
      const [from, to] = [`uzak-${program.name}`, `yakin-${program.name}`]
      const client = await loggedIn(under)
      await client.command('c', `CREATE ${from}`)
      for (let n = 0; n < messages; n++) await under.deliver(from, Buffer.from(letter(`u${n}`, '\r\n')))
      for (const part of ['cur', 'new', 'tmp'])
        await mkdir(join(folder, 'mail', to, part), { recursive: true })
      for (let n = 0; n < messages; n++)
        await writeFile(join(folder, 'mail', to, 'cur', `${n}.1.x:2,S`), letter(`y${n}`, '\n'))

      await program.sync([from, to])
      expect((await near(from)).size).toBe(messages)
      const arrived = (await far(to)).side
      expect(arrived.size).toBe(messages)
      expect([...new Set(arrived.values())]).toEqual(['S'])

      // On both sides of both mailboxes: some are flagged, some go.
      const changed = Math.floor(messages / 20)
      for (const box of [from, to]) {
        await client.command('s', `SELECT ${box}`)
        await client.command('f', `STORE 1:${changed} +FLAGS.SILENT (\\Flagged)`)
        await client.command('d', `STORE ${changed + 1}:${2 * changed} +FLAGS.SILENT (\\Deleted)`)
        await client.command('x', 'EXPUNGE')
        await client.command('u', 'UNSELECT')
        const there = (await far(box)).side
        const files = (await filesOf(box)).filter(({ id }) => there.get(id)?.includes('F') === false)
        for (const { path, flags } of files.slice(-changed)) {
          const answered = `${path.replace(/:2,.*$/, '').replace('/new/', '/cur/')}:2,${[...flags, 'R'].sort().join('')}`
          await rename(path, answered)
        }
        for (const { path } of files.slice(-2 * changed, -changed)) await unlink(path)
      }
      await program.sync([from, to])
      for (const box of [from, to]) {
        const { side } = await far(box)
        expect(side.size).toBe(messages - 2 * changed)
        expect(await near(box)).toEqual(side)
        const flags = [...side.values()].join('')
        expect([flags.match(/F/g)?.length, flags.match(/R/g)?.length]).toEqual([changed, changed])
      }

      const before = [await far(from), await far(to), await near(from), await near(to)]
      await program.sync([from, to])
      expect([await far(from), await far(to), await near(from), await near(to)]).toEqual(before)
      client.end()
    }, 180_000)

    test('a draft written here lies there as one; a message moved here is moved there', async () => {
      const [from, to] = [`birinci-${program.name}`, `ikinci-${program.name}`]
      const boxes = [from, to, 'Taslaklar']
      const client = await loggedIn(under)
      for (const box of [from, to]) await client.command('c', `CREATE ${box}`)
      for (const n of [1, 2]) await under.deliver(from, Buffer.from(letter(`m${n}`, '\r\n')))
      await mkdir(join(folder, 'mail'))
      await program.sync(boxes)
      const draft = join(folder, 'mail/Taslaklar/cur/1.1.x:2,D')
      await writeFile(draft, letter(`taslak-${program.name}`, '\n'))
      const moved = (await filesOf(from)).find(({ id }) => id === '<m1@x>')
      // Without what the program noted in the name: it numbers the message anew in its other mailbox.
      await rename(moved?.path ?? '', join(folder, 'mail', to, 'cur/2.1.x:2,S'))
      await program.sync(boxes)
      expect((await far('Taslaklar')).side.get(`<taslak-${program.name}@x>`)).toContain('D')
      expect([...(await far(from)).side.keys()]).toEqual(['<m2@x>'])
      expect([...(await far(to)).side]).toEqual([['<m1@x>', 'S']])
      client.end()
    })
  })
