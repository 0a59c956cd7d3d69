/**
 * A token of SoftHSM in a folder that is gone with the test. The module reads where its tokens are from the environment of
 * this process, each time it is initialized.
 */
import { execFileSync } from 'node:child_process'
import { createPublicKey, type KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { privateKeyPem } from '../../evidence/keys/generate.ts'
import { TemporaryFolder } from './temporary-folder.ts'

export const SOFTHSM = '/usr/lib/softhsm/libsofthsm2.so'
export const PIN = '24681357'
const LABEL = 'openkep'

export class SoftToken implements Disposable {
  readonly folder = new TemporaryFolder()
  readonly label = LABEL
  readonly #before = process.env['SOFTHSM2_CONF']

  constructor() {
    if (!existsSync(SOFTHSM)) throw new Error('SoftHSM is missing: scripts/install-test-tools brings it')
    mkdirSync(this.folder.file('tokens'))
    const conf = this.folder.file('softhsm2.conf')
    const lines = [
      `directories.tokendir = ${this.folder.file('tokens')}`,
      'objectstore.backend = file',
      'log.level = ERROR',
    ]
    writeFileSync(conf, `${lines.join('\n')}\n`)
    process.env['SOFTHSM2_CONF'] = conf
    writeFileSync(this.pinFile, `${PIN}\n`, { mode: 0o600 })
    this.#run(
      'softhsm2-util',
      '--init-token',
      '--free',
      '--label',
      LABEL,
      '--pin',
      PIN,
      '--so-pin',
      '87654321',
    )
  }

  get pinFile(): string {
    return this.folder.file('pin')
  }

  get environment(): Record<string, string> {
    return { SOFTHSM2_CONF: this.folder.file('softhsm2.conf') }
  }

  /** A new key pair that the token makes; its public half. */
  generate(label: string, id: string, kind: 'rsa:2048' | 'EC:prime256v1'): KeyObject {
    const named = ['--label', label, '--id', id, '--usage-sign']
    this.tool('--login', '--pin', PIN, '--keypairgen', '--key-type', kind, ...named)
    const file = this.folder.file(`${id}.spki`)
    this.tool('--read-object', '--type', 'pubkey', '--id', id, '--output-file', file)
    return createPublicKey({ key: readFileSync(file), format: 'der', type: 'spki' })
  }

  /** A key that comes from elsewhere: pkcs11-tool reads no public key of the larger curves. */
  take(key: KeyObject, label: string, id: string): void {
    const file = this.folder.file(`${id}.pem`)
    writeFileSync(file, privateKeyPem(key), { mode: 0o600 })
    const named = ['--token', LABEL, '--label', label, '--id', id]
    this.#run('softhsm2-util', '--import', file, ...named, '--pin', PIN)
  }

  store(certificate: Uint8Array, label: string, id: string): void {
    const file = this.folder.file(`${id}.crt`)
    writeFileSync(file, certificate)
    this.tool('--login', '--pin', PIN, '--write-object', file, '--type', 'cert', '--label', label, '--id', id)
  }

  tool(...args: readonly string[]): void {
    this.#run('pkcs11-tool', '--module', SOFTHSM, '--token-label', LABEL, ...args)
  }

  /** The token is pulled out, and put back. */
  pull(): void {
    renameSync(this.folder.file('tokens'), this.folder.file('pulled'))
    mkdirSync(this.folder.file('tokens'))
  }

  putBack(): void {
    renameSync(this.folder.file('tokens'), this.folder.file('empty'))
    renameSync(this.folder.file('pulled'), this.folder.file('tokens'))
  }

  [Symbol.dispose](): void {
    if (this.#before === undefined) delete process.env['SOFTHSM2_CONF']
    else process.env['SOFTHSM2_CONF'] = this.#before
    this.folder[Symbol.dispose]()
  }

  #run(program: string, ...args: readonly string[]): void {
    const env = { PATH: process.env['PATH'] ?? '', ...this.environment }
    execFileSync(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  }
}
