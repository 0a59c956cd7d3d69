/** The real clamd, with a data base of one signature. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { environment } from '../../config/environment.ts'
import { MimeIndexer } from '../../mail/mime-index.ts'
import { scanWithClamd } from '../../plugins/clamd-client.ts'
import { scannedOctets } from '../../plugins/scanned-octets.ts'
import { eventually } from '../fakes/eventually.ts'
import { opaqueMessage, signedMessage } from '../fakes/mail-client.ts'
import { peerDispatch } from '../fakes/peer-mail.ts'
import { pki } from '../fakes/pki.ts'
import { EVIL } from '../fakes/scanners.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const program = join(environment.testTools, 'bin/clamd')
const present = environment.continuous || existsSync(program)

describe.skipIf(!present)('clamd', () => {
  const folder = new TemporaryFolder()
  const path = folder.file('clamd.ctl')
  let clamd: ChildProcess
  beforeAll(async () => {
    const database = folder.file('db')
    mkdirSync(database)
    writeFileSync(join(database, 'deneme.ndb'), `Kep.Deneme:0:*:${Buffer.from(EVIL).toString('hex')}\n`)
    writeFileSync(
      folder.file('clamd.conf'),
      `Foreground yes\nLocalSocket ${path}\nDatabaseDirectory ${database}\nTemporaryDirectory ${folder.path}\nStreamMaxLength 4M\n`,
    )
    clamd = spawn(program, ['-c', folder.file('clamd.conf')], { stdio: 'ignore' })
    await eventually(async () => (existsSync(path) ? true : undefined), 'clamd')
  })
  afterAll(async () => {
    if (clamd?.exitCode === null && clamd.kill()) await once(clamd, 'exit')
    folder[Symbol.dispose]()
  })

  const signal = () => AbortSignal.timeout(20_000)
  async function found(octets: Buffer): Promise<(string | undefined)[]> {
    const indexer = new MimeIndexer()
    indexer.push(octets)
    const open = async function* ({ start, end } = { start: 0, end: octets.length }) {
      yield octets.subarray(start, end)
    }
    const answers: (string | undefined)[] = []
    for await (const content of scannedOctets(indexer.end(), open))
      answers.push(await scanWithClamd({ path }, content, signal()))
    return answers
  }
  const attached = (text: string) =>
    Buffer.from(
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/octet-stream; name=x.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(text).toString('base64')}\r\n--b--\r\n`,
    )
  const name = 'Kep.Deneme.UNOFFICIAL'

  test.each([
    ['detached', signedMessage, [name], [undefined]],
    ['opaque', opaqueMessage, [undefined, name], [undefined, undefined]],
  ])(
    'finds an attachment in a message signed %s, by itself and in a dispatch, and nothing else',
    async (_, make, evil, clean) => {
      // The first field is none by which it knows mail.
      const header = { header: 'Comments: x\r\nFrom: a@hs98.kep.tr\r\nTo: b@hs98.kep.tr\r\n' }
      for (const [text, answers] of [
        [`xx ${EVIL}`, evil],
        ['Merhaba', clean],
      ] as const) {
        const message = await make(pki().user.signer, attached(text), header)
        expect(await found(message)).toEqual(answers)
        expect(await found(await peerDispatch(message))).toEqual(answers)
      }
    },
  )

  test('that has too much gives no verdict', async () => {
    const large = (async function* () {
      for (let sent = 0; sent < 8; sent++) yield Buffer.alloc(1_048_576)
    })()
    const refused = await scanWithClamd({ path }, large, signal()).catch((error: unknown) => error)
    // It hangs up on octets that it has not read, and then its answer may be lost on the way.
    expect(refused).toMatchObject({ name: 'ScanError', code: expect.stringMatching(/^(?:SIZE_LIMIT|AWAY)$/) })
  })
})
