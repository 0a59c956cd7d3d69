/** A store key that lies wrapped beside the store and is given out by a hardware module, here SoftHSM, at the start. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readStoreKeys, StoreKeyError } from '../../storage/encryption/read-keys.ts'
import { StoreKeys } from '../../storage/encryption/store-key.ts'
import { TemporaryFolder } from '../fakes/temporary-folder.ts'

const MODULE = '/usr/lib/softhsm/libsofthsm2.so'
const PIN = '1234'

test('the module unwraps it; without its PIN nothing is opened', async () => {
  expect(existsSync(MODULE), 'scripts/install-test-tools brings SoftHSM').toBe(true)
  using folder = new TemporaryFolder()
  mkdirSync(folder.file('tokens'))
  const conf = folder.file('softhsm2.conf')
  writeFileSync(conf, `directories.tokendir = ${folder.file('tokens')}\nobjectstore.backend = file\n`)
  const env = { PATH: process.env['PATH'] ?? '', SOFTHSM2_CONF: conf }
  const run = (program: string, args: readonly string[], input?: Buffer) =>
    execFileSync(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'], ...(input && { input }) })
  const tool = (...args: string[]) =>
    run('pkcs11-tool', ['--module', MODULE, '--token-label', 'store', ...args])

  run('softhsm2-util', ['--init-token', '--free', '--label', 'store', '--pin', PIN, '--so-pin', '5678'])
  tool('--login', '--pin', PIN, '--keypairgen', '--key-type', 'rsa:2048', '--id', '01', '--usage-decrypt')
  tool('--read-object', '--type', 'pubkey', '--id', '01', '--output-file', folder.file('public.der'))
  const key = randomBytes(32)
  const oaep = ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha1', 'rsa_mgf1_md:sha1'].flatMap((option) => [
    '-pkeyopt',
    option,
  ])
  const wrapped = folder.file('store.key.wrapped')
  const publicKey = ['-pubin', '-keyform', 'DER', '-inkey', folder.file('public.der')]
  run('openssl', ['pkeyutl', '-encrypt', ...publicKey, ...oaep, '-out', wrapped], key)

  const give = (pin: string) => [
    '/usr/bin/env',
    `SOFTHSM2_CONF=${conf}`,
    'pkcs11-tool',
    ...['--module', MODULE, '--token-label', 'store', '--login', '--pin', pin, '--decrypt', '--id', '01'],
    ...[
      '--mechanism',
      'RSA-PKCS-OAEP',
      '--hash-algorithm',
      'SHA-1',
      '--mgf',
      'MGF1-SHA1',
      '--input-file',
      wrapped,
    ],
  ]
  const keys = await readStoreKeys([{ command: give(PIN) }])
  expect(keys?.id).toBe(new StoreKeys([key]).id)
  await expect(readStoreKeys([{ command: give('0000') }])).rejects.toThrow(StoreKeyError)
})
