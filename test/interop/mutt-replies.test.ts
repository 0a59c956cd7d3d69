/** What a person's mail program makes of a dispatch: replies go to the KEP account and thread under both messages. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readHeader } from '../../mail/header-read.ts'
import { valuesOf } from '../../plugins/message.ts'
import { signMessage } from '../../scripts/client/signed-message.ts'
import { dispatchOf } from '../fakes/evidence.ts'
import { headerOf } from '../fakes/mail-client.ts'
import { pki } from '../fakes/pki.ts'

const ME = 'deneme.alici@hs98.kep.tr'
/** Recipients and references are those of the dispatch that the fakes make. */
const OTHER = 'ikinci@hs99.kep.tr'
let folder: string
let dispatch: Buffer

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'openkep-mutt-'))
  const header = headerOf({ to: [ME], cc: [OTHER] })
  const part = Buffer.from('Content-Type: text/plain\r\n\r\nMerhaba\r\n')
  dispatch = await dispatchOf(await signMessage(pki().user.signer, header, part))
  writeFileSync(
    join(folder, 'box'),
    `From a@b Sat Nov 21 12:00:00 2026\n${dispatch.toString('latin1').replaceAll('\r\n', '\n')}\n`,
    'latin1',
  )
  writeFileSync(join(folder, 'capture'), `#!/bin/sh\ncat > "${folder}/sent-$$"\n`)
  chmodSync(join(folder, 'capture'), 0o755)
  const settings = [
    `sendmail=${folder}/capture`,
    `from=${ME}`,
    'editor=true',
    'use_from=yes',
    'reply_to=yes',
    'copy=no',
    'abort_unmodified=no',
    'fast_reply=yes',
    'include=no',
    'quit=yes',
    'crypt_use_gpgme=no',
    `folder=${folder}`,
    'timeout=2',
    'abort_nosubject=no',
    'confirmappend=no',
    'header_cache=',
    'spoolfile=',
    'mime_forward=yes',
  ]
  writeFileSync(
    join(folder, 'rc'),
    `${settings.map((setting) => `set ${setting}`).join('\n')}\nalternates ${ME}\n`,
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Presses keys in neomutt, on a terminal of its own, and reads what it sent. */
function press(keys: string): ReturnType<typeof readHeader> {
  const before = new Set(readdirSync(folder))
  const command = `neomutt -n -F ${folder}/rc -f ${folder}/box -e 'push ${keys}<exit>'`
  execFileSync('script', ['-qec', command, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm' },
    stdio: ['ignore', 'ignore', 'ignore'],
    timeout: 30_000,
  })
  const sent = readdirSync(folder).find((name) => name.startsWith('sent-') && !before.has(name))
  return readHeader(readFileSync(join(folder, sent ?? 'nothing was sent')))
}

describe('neomutt', () => {
  const own = () => valuesOf(readHeader(dispatch), 'message-id')[0] ?? ''
  test.each([
    ['reply', '<first-entry><reply><send-message>', ['deneme.gonderen@hs98.kep.tr']],
    ['reply to all', '<first-entry><group-reply><send-message>', ['deneme.gonderen@hs98.kep.tr', OTHER]],
  ])('%s', (_name, keys, expected) => {
    const header = press(keys)
    const to = [...valuesOf(header, 'to'), ...valuesOf(header, 'cc')].join(',')
    for (const address of expected) expect(to).toContain(address)
    expect(to).not.toContain('kep@hs98.kep.tr')
    expect(valuesOf(header, 'in-reply-to')).toEqual([own()])
    expect(valuesOf(header, 'references')[0]).toContain('<1@istemci.example>')
    expect(valuesOf(header, 'references')[0]).toContain(own())
  })

  test('forward keeps the dispatch as an attachment and goes where it is told', () => {
    const header = press(`<first-entry><forward-message>${OTHER}<enter><send-message>`)
    expect(valuesOf(header, 'to').join()).toContain(OTHER)
    expect(valuesOf(header, 'content-type').join()).toMatch(/message\/rfc822|multipart\/mixed/)
  })
})
