import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import {
  type Certificate,
  generateKeyAsync,
  type Issuer,
  issueCertificate,
  type KeyKind,
  makePkcs12,
  type Profile,
  parsePemCertificates,
  privateKeyPem,
  type SubjectName,
  toPem,
} from '../../evidence/index.ts'
import type { Clock } from '../../mail/clock.ts'
import { writeDurably } from '../durable-file.ts'
import { developmentFiles, type KeyFiles } from './files.ts'
import { DEVELOPMENT_ORGANIZATION, DEVELOPMENT_PASSWORD, DEVELOPMENT_PERSONS } from './identities.ts'

export interface DevelopmentPkiOptions {
  readonly domain: string
  readonly clock: Clock
}

/** Longer than any test moves the clock; nobody but the developer trusts the root. */
const VALID_YEARS = 10
/** Machines that read our certificates may have clocks behind ours. */
const BACKDATED_MS = 24 * 3_600_000

/**
 * Makes, where they are missing, the CA, the provider's certificate, the TSA's, the one for TLS and those of the two
 * development persons. `ca.pem` is written last and says that the rest is whole: a start that was cut off begins
 * anew. Throws where the folder belongs to a provider of another domain.
 */
export async function ensureDevelopmentPki(folder: string, options: DevelopmentPkiOptions): Promise<void> {
  const files = developmentFiles(folder)
  if (existsSync(files.authority.certificate)) {
    await checkDomain(files.provider.certificate, options.domain)
    return
  }
  const made = await makePki(options)
  const { root, provider, tsa, tls, users } = made
  await Promise.all([
    writeDurably(files.authority.key, privateKeyPem(root.key)),
    writePair(files.provider, provider),
    writePair(files.tsa, tsa),
    writePair(files.tls, tls),
    ...users.map(async ({ address, name, holder }) => {
      const target = files.user(address)
      await writePair(target, holder)
      await writeDurably(
        target.p12,
        makePkcs12({
          key: holder.key,
          certificates: [holder.certificate, root.certificate],
          password: DEVELOPMENT_PASSWORD,
          friendlyName: name,
        }),
      )
    }),
  ])
  await writeDurably(files.authority.certificate, toPem('CERTIFICATE', root.certificate.der), 0o644)
}

interface MadeUser {
  readonly address: string
  readonly name: string
  readonly holder: Issuer
}

async function makePki({ domain, clock }: DevelopmentPkiOptions) {
  const now = clock.now()
  const notBefore = new Date(Math.floor((now.getTime() - BACKDATED_MS) / 1000) * 1000)
  const notAfter = new Date(notBefore)
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + VALID_YEARS)
  const kinds: readonly KeyKind[] = ['rsa-3072', 'rsa-2048', 'rsa-2048', 'p-256']
  // Together: looking for primes takes most of a first start, and each key has a thread to itself.
  const [userKeys, [rootKey, providerKey, tsaKey, tlsKey]] = await Promise.all([
    Promise.all(DEVELOPMENT_PERSONS.map(() => generateKeyAsync('rsa-2048'))),
    Promise.all(kinds.map((kind) => generateKeyAsync(kind))),
  ])
  if (!rootKey || !providerKey || !tsaKey || !tlsKey) throw new Error('a key was not made')
  const subject = (commonName: string, serialNumber?: string): SubjectName => ({
    commonName,
    organization: DEVELOPMENT_ORGANIZATION,
    country: 'TR',
    serialNumber,
  })
  const rootCertificate = issueCertificate({
    subject: subject('OpenKEP Deneme Kök'),
    publicKey: rootKey.publicKey,
    profile: { kind: 'root' },
    issuer: { self: rootKey.privateKey },
    notBefore,
    notAfter,
  })
  const root: Issuer = { certificate: rootCertificate, key: rootKey.privateKey }
  const issue = (name: SubjectName, { publicKey, privateKey }: typeof rootKey, profile: Profile): Issuer => ({
    key: privateKey,
    certificate: issueCertificate({ subject: name, publicKey, profile, issuer: root, notBefore, notAfter }),
  })
  const users: MadeUser[] = DEVELOPMENT_PERSONS.flatMap((person, index) => {
    const key = userKeys[index]
    if (key === undefined) return []
    const address = `${person.local}@${domain}`
    const profile: Profile =
      person.certificate === 'qualified' ? { kind: 'qualified' } : { kind: 'user', email: address }
    // Both spellings of the number are in use: bare, and with the prefix. [EN 319 412-1 §5.1.3]
    const number =
      person.certificate === 'qualified' ? `TINTR-${person.identityNumber}` : person.identityNumber
    return [{ address, name: person.name, holder: issue(subject(person.name, number), key, profile) }]
  })
  return {
    root,
    users,
    provider: issue(subject(`OpenKEP Deneme ${domain}`), providerKey, {
      kind: 'provider',
      email: `kep@${domain}`,
    }),
    tsa: issue(subject('OpenKEP Deneme Zaman Damgası'), tsaKey, { kind: 'tsa' }),
    tls: issue(subject('localhost'), tlsKey, {
      kind: 'tls',
      dns: ['localhost', domain],
      ip: ['127.0.0.1', '::1'],
    }),
  }
}

async function writePair(
  files: KeyFiles,
  { key, certificate }: { key: Issuer['key']; certificate: Certificate },
) {
  await writeDurably(files.key, privateKeyPem(key))
  await writeDurably(files.certificate, toPem('CERTIFICATE', certificate.der), 0o644)
}

async function checkDomain(certificateFile: string, domain: string): Promise<void> {
  const [certificate] = parsePemCertificates(await readFile(certificateFile, 'utf8'))
  if (!certificate?.emailAddresses.includes(`kep@${domain}`))
    throw new Error(`${certificateFile} is not for ${domain}: the data folder belongs to another provider`)
}
