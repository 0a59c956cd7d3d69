import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../../../mail/clock.ts'
import { AccountDirectory } from '../../../server/accounts/directory.ts'
import { PasswordThread } from '../../../server/accounts/password-thread.ts'
import { startAuthority } from '../../../server/development/authority.ts'
import { type DevelopmentFiles, developmentFiles } from '../../../server/development/files.ts'
import { ensureDevelopmentPki } from '../../../server/development/pki.ts'
import { seedDevelopmentAccounts } from '../../../server/development/seed.ts'
import type { Store } from '../../../storage/port.ts'
import type { Findings } from './findings.ts'
import { Machine, type MachineName, ROLES } from './machines.ts'

const DOMAIN = 'hs98.kep.tr'
export const SENDER = `deneme.gonderen@${DOMAIN}`
export const RECIPIENTS = [
  `deneme.alici@${DOMAIN}`,
  `ikinci.alici@${DOMAIN}`,
  `ucuncu.alici@${DOMAIN}`,
] as const
export const PASSWORD = 'deneme'
/** Mailboxes that clients use beside INBOX: into the first from INBOX, into the second from the first, so that all know whence. */
export const FOLDERS = ['Dosya', 'Raf'] as const
/** Invented, as all of these are. */
const IDENTITIES = ['10000000214', '10000000382']
const QUOTA = 10_000_000_000

export interface SharedProvider {
  /** Of the PKI, which is made once. */
  readonly home: string
  readonly machines: readonly Machine[]
  /** In no order that anybody may rely on. */
  having(role: 'submission' | 'imap'): readonly Machine[]
}

/**
 * One provider as four processes on one store. CA and TSA run in this process, so that killing a machine takes neither away.
 * All have the same configuration, and let the system choose their ports.
 */
export async function startSharedProvider(
  { folder, uri, store, workLease }: { folder: string; uri: string; store: Store; workLease: string },
  parts: AsyncDisposableStack,
  findings: Findings,
  isFaulted: () => boolean,
): Promise<SharedProvider> {
  const home = join(folder, 'pki')
  await mkdir(home)
  await ensureDevelopmentPki(home, { domain: DOMAIN, clock: systemClock })
  const authority = parts.use(await startAuthority(home, { port: 0, host: '127.0.0.1', clock: systemClock }))
  await seed(store)
  const files = developmentFiles(home)
  const config = join(folder, 'config.json') // JSON is YAML
  await writeFile(config, JSON.stringify(configOf(files, authority.urls, uri, workLease)))
  const machines: Machine[] = []
  for (const name of Object.keys(ROLES) as MachineName[]) {
    const machine = new Machine(
      name,
      { folder: join(folder, name), config, ca: files.authority.certificate },
      findings,
      isFaulted,
    )
    parts.defer(() => machine.stop())
    machines.push(machine)
  }
  await Promise.all(machines.map((machine) => machine.start()))
  return {
    home,
    machines,
    having: (role) => machines.filter(({ name }) => ROLES[name].split(',').includes(role)),
  }
}

function configOf(
  files: DevelopmentFiles,
  urls: { readonly tsa: string; readonly crl: string },
  storage: string,
  workLease: string,
): object {
  const listeners = ['submissions', 'submission', 'peer', 'imaps', 'imap', 'http']
  const anchors = [files.authority.certificate]
  return {
    mode: 'development',
    provider: { domain: DOMAIN, name: `OpenKEP Deneme ${DOMAIN}` },
    listen: Object.fromEntries(listeners.map((name) => [name, { port: 0, host: ['127.0.0.1'] }])),
    tls: files.tls,
    signing: { envelope: files.provider, evidence: files.provider },
    trust: { users: anchors, providers: anchors, tsas: anchors, crls: [urls.crl] },
    tsa: { urls: [urls.tsa] },
    quota: { default: '10 GB' },
    limits: { workLease },
    storage,
  }
}

async function seed(store: Store): Promise<void> {
  await using passwords = new PasswordThread()
  const directory = new AccountDirectory(store, passwords, DOMAIN, systemClock)
  await seedDevelopmentAccounts(directory, { domain: DOMAIN, quota: QUOTA })
  for (const [at, address] of RECIPIENTS.slice(1).entries()) {
    await directory.create({
      address,
      kind: 'natural',
      service: 'send-receive',
      holder: 'Deniz Deneme',
      quota: QUOTA,
      persons: [{ handle: 'deniz', name: 'Deniz Deneme', identityNumber: IDENTITIES[at] ?? '' }],
      active: true,
    })
    await directory.setPassword(address, 'deniz', PASSWORD)
  }
  for (const address of RECIPIENTS)
    for (const name of FOLDERS) await store.mailboxes.create(address, name, {})
}
