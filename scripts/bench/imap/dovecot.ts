/** Dovecot of the distribution on a free port of this machine, with TLS and one user, for as long as it is measured. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { bind } from '../../../server/listen.ts'
import type { ImapServerAt } from './raw-client.ts'

const PROGRAM = '/usr/sbin/dovecot'
/** `nobody` and `nogroup` of every distribution. */
const NOBODY = 65_534
const PASSWORD = 'deneme'
const START_MS = 20_000

export interface Measured extends ImapServerAt {
  /** The process that started all others. */
  readonly pid: number
}

export interface DovecotOptions {
  /** Files in PEM. */
  readonly tls: { readonly key: string; readonly certificate: string }
  readonly ca: string
}

/** undefined where it is not installed; its distribution's package is `dovecot-imapd`. */
export async function startDovecot(
  { tls, ca }: DovecotOptions,
  parts: AsyncDisposableStack,
): Promise<Measured | undefined> {
  if (!existsSync(PROGRAM)) return undefined
  const port = await freePort()
  const root = userInfo().uid === 0
  const folder = await mkdtemp(join(tmpdir(), 'openkep-bench-dovecot-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  // Its processes are several users.
  await chmod(folder, 0o755)
  for (const name of ['mail', 'run', 'state']) await mkdir(join(folder, name), { mode: 0o755 })
  if (root) await chown(join(folder, 'mail'), NOBODY, NOBODY)
  const config = join(folder, 'dovecot.conf')
  await writeFile(config, configOf(folder, { tls, port, root }))
  const child = spawn(PROGRAM, ['-F', '-c', config], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  parts.defer(async () => {
    child.kill('SIGTERM')
    await ended
  })
  const until = performance.now() + START_MS
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > until)
      throw new Error(`Dovecot does not start; see ${join(folder, 'log')}`)
    await setTimeout(50)
  }
  return { pid: child.pid ?? 0, port, ca, user: 'deneme', password: PASSWORD }
}

/** Its defaults, but for names, ports, and limits that nobody reaches here; files are written as its makers advise (sdbox). */
function configOf(
  folder: string,
  { tls, port, root }: { tls: DovecotOptions['tls']; port: number; root: boolean },
): string {
  const own = userInfo()
  const users = root
    ? ''
    : `default_login_user = ${own.username}\ndefault_internal_user = ${own.username}\ndefault_internal_group = ${own.gid}\n`
  const chroot = root ? '' : 'chroot =\n'
  const [uid, gid] = root ? [NOBODY, NOBODY] : [own.uid, own.gid]
  return `
base_dir = ${join(folder, 'run')}
state_dir = ${join(folder, 'state')}
log_path = ${join(folder, 'log')}
protocols = imap
listen = 127.0.0.1
${users}
ssl = required
ssl_cert = <${tls.certificate}
ssl_key = <${tls.key}
mail_location = sdbox:${join(folder, 'mail')}/%u
first_valid_uid = 1
mail_max_userip_connections = 5000
namespace inbox {
  inbox = yes
  separator = /
}
service imap-login {
  ${chroot}
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = ${port}
    ssl = yes
  }
  process_limit = 5000
}
service imap {
  process_limit = 5000
}
service anvil {
  ${chroot}
  client_limit = 20000
}
service auth {
  client_limit = 20000
}
passdb {
  driver = static
  args = password=${PASSWORD}
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${join(folder, 'mail')}/%u
}
`
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await bind(server, 0, '127.0.0.1')
  server.close()
  return port
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
