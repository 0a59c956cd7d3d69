import { readFile, stat } from 'node:fs/promises'
import type { ConfigFault } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { type Certificate, parsePemCertificates, signerFromPem } from '../../evidence/index.ts'
import { Pipeline, type PluginFault, PluginListError } from '../../plugins/pipeline.ts'
import { DEVELOPMENT_ORGANIZATION } from '../development/identities.ts'
import { servicesOf } from '../services.ts'

/** Any permission of group and others. */
const NOT_THE_OWNER = 0o077

/**
 * Everything that can be wrong with a configuration beyond its form: files that are not there, keys that do not fit,
 * and in production whatever belongs to development. All faults at once; an empty list is a yes.
 *
 * @param file named in the faults, where it came from one
 */
export async function checkConfig(config: Config, file = 'configuration'): Promise<ConfigFault[]> {
  const faults: ConfigFault[] = []
  const fault = (path: string, reason: string): void => {
    faults.push({ file, path, line: undefined, reason })
  }
  const production = config.mode === 'production'
  const pairs = [
    ['tls', config.tls],
    ['signing.envelope', config.signing.envelope],
    ['signing.evidence', config.signing.evidence],
  ] as const
  for (const [path, pair] of pairs) {
    const key = await textOf(pair.key, `${path}.key`, fault)
    const text = await textOf(pair.certificate, `${path}.certificate`, fault)
    const certificates = certificatesOf(text, `${path}.certificate`, fault)
    if (production) {
      if (key !== undefined && (await isOpenToOthers(pair.key)))
        fault(`${path}.key`, `${pair.key} can be read by others than its owner: chmod 600`)
      refuseDevelopment(certificates, `${path}.certificate`, fault)
    }
    if (key === undefined || text === undefined || certificates.length === 0) continue
    try {
      signerFromPem({ key, certificates: text, hash: 'sha256' })
    } catch (error) {
      fault(path, error instanceof Error ? error.message : 'the key cannot be used')
    }
  }
  for (const role of ['users', 'providers', 'tsas'] as const)
    for (const [index, anchor] of config.trust[role].entries()) {
      const path = `trust.${role}.${index}`
      const certificates = certificatesOf(await textOf(anchor, path, fault), path, fault)
      if (production) refuseDevelopment(certificates, path, fault)
    }
  for (const { path, reason } of pluginFaults(config)) fault(path, reason)
  if (production) {
    refuseLoopback(config.tsa.urls, 'tsa.urls', 'a time-stamp of this machine proves nothing', fault)
    refuseLoopback(config.trust.crls, 'trust.crls', 'no CA publishes its list on this machine', fault)
  }
  return faults
}

/** The list is put together as a start would, on a house without accounts: registering asks nobody anything. */
function pluginFaults(config: Config): readonly PluginFault[] {
  try {
    new Pipeline(config.plugins, servicesOf(config, NOBODY), () => {})
    return []
  } catch (error) {
    if (error instanceof PluginListError) return error.faults
    throw error
  }
}

const NOBODY = { accountOf: async () => undefined, usageOf: async () => 0 }

type Fault = (path: string, reason: string) => void

async function textOf(file: string, path: string, fault: Fault): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    fault(path, `cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

function certificatesOf(text: string | undefined, path: string, fault: Fault): Certificate[] {
  if (text === undefined) return []
  try {
    const certificates = parsePemCertificates(text)
    if (certificates.length === 0) fault(path, 'no certificate in the file')
    return certificates
  } catch (error) {
    fault(path, error instanceof Error ? error.message : 'unreadable certificate')
    return []
  }
}

const isOpenToOthers = async (file: string): Promise<boolean> =>
  ((await stat(file)).mode & NOT_THE_OWNER) !== 0

function refuseDevelopment(certificates: readonly Certificate[], path: string, fault: Fault): void {
  const development = certificates.find(
    ({ subject, issuer }) =>
      subject.organization === DEVELOPMENT_ORGANIZATION || issuer.organization === DEVELOPMENT_ORGANIZATION,
  )
  if (development !== undefined)
    fault(path, `${development.subject.text} was made for development; production needs a real one`)
}

function refuseLoopback(urls: readonly string[], path: string, why: string, fault: Fault): void {
  for (const [index, url] of urls.entries())
    if (isLoopback(new URL(url).hostname)) fault(`${path}.${index}`, `${url} is this machine: ${why}`)
}

/** The host as URL normalises it: IPv4 in four numbers, IPv6 in brackets and short. */
const isLoopback = (host: string): boolean =>
  /^(?:localhost\.?|.*\.localhost\.?|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\])$/.test(
    host,
  )
