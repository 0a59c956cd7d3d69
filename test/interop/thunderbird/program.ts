import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { eventually } from '../../fakes/eventually.ts'
import { TemporaryFolder } from '../../fakes/temporary-folder.ts'
import { Marionette } from './marionette.ts'

/** A script that waits for the network of this machine. */
const PATIENCE_MS = 30_000
/** Then it is killed. */
const LEAVE_MS = 5_000

type Preference = readonly [name: string, value: string | number | boolean]

const PREFERENCES: readonly Preference[] = [
  ['marionette.port', 0],
  // It asks its makers for nothing; what it asks for all the same ends at the proxy.
  ['app.update.enabled', false],
  ['app.normandy.enabled', false],
  ['app.donation.eoy.version.viewed', 999],
  ['browser.safebrowsing.malware.enabled', false],
  ['browser.safebrowsing.phishing.enabled', false],
  ['datareporting.healthreport.uploadEnabled', false],
  ['datareporting.policy.dataSubmissionEnabled', false],
  ['extensions.systemAddon.update.enabled', false],
  ['extensions.update.enabled', false],
  ['mail.biff.show_alert', false],
  ['mail.inappnotifications.enabled', false],
  ['mail.provider.enabled', false],
  ['mailnews.auto_config_url', ''],
  ['mailnews.start_page.enabled', false],
  ['messenger.startup.action', 0],
  ['network.captive-portal-service.enabled', false],
  ['network.connectivity-service.enabled', false],
  ['network.proxy.type', 1],
  ['security.OCSP.enabled', 0],
  ['toolkit.telemetry.enabled', false],
  // Nothing stands between the test and what it looks at.
  ['app.use_without_mail_account', true],
  ['mail.rights.version', 1],
  ['mail.shell.checkDefaultClient', false],
  ['mail.spam.version', 1],
  ['mailnews.database.global.indexer.enabled', false],
]

/** Thunderbird without a screen, on a profile of its own. */
export interface Thunderbird extends AsyncDisposable {
  readonly control: Marionette
}

/** Its whole web is behind that proxy. Rejects where it does not start. */
export async function startThunderbird(proxyPort: number): Promise<Thunderbird> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(new TemporaryFolder())
  mkdirSync(folder.file('profile'))
  const proxy = ['http', 'ssl'].flatMap((scheme): Preference[] => [
    [`network.proxy.${scheme}`, '127.0.0.1'],
    [`network.proxy.${scheme}_port`, proxyPort],
  ])
  writeFileSync(
    folder.file('profile', 'user.js'),
    [...PREFERENCES, ...proxy]
      .map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`)
      .join(''),
  )
  const program = spawn(
    'thunderbird',
    [
      '--headless',
      '--marionette',
      '--remote-allow-system-access',
      '--no-remote',
      '--profile',
      folder.file('profile'),
    ],
    { env: { ...process.env, HOME: folder.path, TMPDIR: folder.path }, stdio: 'ignore' },
  )
  const ended = once(program, 'exit')
  stack.defer(async () => {
    const killed = new AbortController()
    await Promise.race([ended, setTimeout(LEAVE_MS, undefined, { signal: killed.signal }).catch(() => {})])
    killed.abort()
    if (program.exitCode === null && program.signalCode === null) program.kill('SIGKILL')
    await ended
  })
  stack.defer(() => {
    program.kill('SIGTERM')
  })
  const control = stack.use(
    await eventually(async () => {
      if (program.exitCode !== null) throw new Error(`thunderbird ended with ${program.exitCode}`)
      try {
        const port = Number(readFileSync(folder.file('profile', 'MarionetteActivePort'), 'utf8'))
        return port > 0 ? await Marionette.connect(port, PATIENCE_MS) : undefined
      } catch {
        return undefined
      }
    }, 'thunderbird'),
  )
  const open = stack.move()
  return { control, [Symbol.asyncDispose]: () => open.disposeAsync() }
}
