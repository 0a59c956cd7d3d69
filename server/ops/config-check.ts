import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { ConfigFault } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { isLoopbackHost } from '../../config/values.ts'
import { signerFromPem } from '../../evidence/index.ts'
import { MESSAGE_TYPES } from '../../mail/tariff.ts'
import { Pipeline, type PluginFault, PluginListError } from '../../plugins/pipeline.ts'
import { dkimField } from '../relay/outbound/dkim.ts'
import { servicesOf } from '../services.ts'
import { tlsFault } from '../tls-fault.ts'
import { readTrust, type TrustedRoles } from '../trusted.ts'
import { MIN_TOKEN } from './api/tokens.ts'
import { certificatesOf, type Fault, refuseDevelopment, textOf } from './certificate-check.ts'
import { checkNotify } from './notify-check.ts'
import { checkPeer } from './peer-check.ts'
import { checkSigning } from './signing-check.ts'
import { checkStorage } from './storage-check.ts'
import { checkStampAccounts, checkStampDemands, checkTrustLists } from './trust-check.ts'

/** Any permission of group and others. */
const NOT_THE_OWNER = 0o077

export interface CheckOptions {
  /** Told of what is no fault and should not be so either. */
  readonly onNotice?: (notice: ConfigFault) => void
  /** At a reload: who is believed until then. */
  readonly believed?: TrustedRoles | undefined
}

/**
 * Everything that can be wrong with a configuration beyond its form: files that are not there, keys that do not fit,
 * and in production whatever belongs to development. All faults at once; an empty list is a yes.
 *
 * @param file named in the faults, where it came from one
 */
export async function checkConfig(
  config: Config,
  file = 'configuration',
  { onNotice = () => {}, believed }: CheckOptions = {},
): Promise<ConfigFault[]> {
  const faults: ConfigFault[] = []
  const fault = (path: string, reason: string): void => {
    faults.push({ file, path, line: undefined, reason })
  }
  const notice = (path: string, reason: string): void => onNotice({ file, path, line: undefined, reason })
  const production = config.mode === 'production'
  const now = new Date()
  const asked = { production, fault, notice, isOpenToOthers }
  await checkPair('tls', config.tls, asked)
  // What is wrong with them is told below.
  const providers = await readTrust(config.trust, 'providers', now, believed?.providers).catch(
    () => undefined,
  )
  await checkSigning(config, now, { ...asked, providers })
  if (config.relay.client !== undefined) await checkPair('relay.client', config.relay.client, asked)
  for (const role of ['users', 'providers', 'tsas'] as const)
    for (const [index, anchor] of config.trust[role].entries()) {
      const path = `trust.${role}.${index}`
      const certificates = certificatesOf(await textOf(anchor, path, fault), path, fault)
      if (production) refuseDevelopment(certificates, path, fault)
    }
  await checkTrustLists(config, now, fault, believed)
  await checkStampAccounts(config, fault, isOpenToOthers)
  checkStampDemands(config, fault)
  await checkPeers(config, now, fault)
  await checkDkim(config, now, fault)
  await checkNotify(config, fault, isOpenToOthers)
  await checkTokens(config, fault)
  await checkStorage(config, fault, isOpenToOthers)
  for (const { path, reason } of pluginFaults(config)) fault(path, reason)
  checkTariff(config, fault)
  checkSources(config, fault)
  if (production) {
    refuseLoopback(config.tsa.urls, 'tsa.urls', 'a time-stamp of this machine proves nothing', fault)
    for (const [index, host] of config.trust.privateHosts.entries())
      if (isLoopbackHost(host))
        fault(`trust.privateHosts.${index}`, `${host} is this machine: certificates must not lead to it`)
    refuseLoopback(config.trust.crls, 'trust.crls', 'no CA publishes its list on this machine', fault)
  }
  return faults
}

/** A private key in PEM and its certificate, of which TLS will be made. */
async function checkPair(
  path: string,
  pair: { readonly key: string; readonly certificate: string },
  { production, fault }: { readonly production: boolean; readonly fault: Fault },
): Promise<void> {
  const key = await textOf(pair.key, `${path}.key`, fault)
  const text = await textOf(pair.certificate, `${path}.certificate`, fault)
  const certificates = certificatesOf(text, `${path}.certificate`, fault)
  if (production) {
    if (key !== undefined && (await isOpenToOthers(pair.key)))
      fault(`${path}.key`, `${pair.key} can be read by others than its owner: chmod 600`)
    refuseDevelopment(certificates, `${path}.certificate`, fault)
  }
  if (key === undefined || text === undefined || certificates.length === 0) return
  try {
    signerFromPem({ key, certificates: text, hash: 'sha256' })
  } catch (error) {
    fault(path, error instanceof Error ? error.message : 'the key cannot be used')
    return
  }
  const reason = tlsFault({ key, cert: text })
  if (reason !== undefined) fault(`${path}.certificate`, `${pair.certificate}: ${reason}`)
}

/** Tokens of the admin API are read at the start, and then it is too late to say so. */
async function checkTokens({ api, mode }: Config, fault: Fault): Promise<void> {
  for (const [index, { file }] of (api?.tokens ?? []).entries()) {
    const path = `api.tokens.${index}.file`
    const token = await textOf(file, path, fault)
    if (token === undefined) continue
    if (token.trim().length < MIN_TOKEN) fault(path, `${file}: a token has at least ${MIN_TOKEN} characters`)
    if (mode === 'production' && (await isOpenToOthers(file)))
      fault(path, `${file} can be read by others than its owner: chmod 600`)
  }
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

const NOBODY = {
  accountOf: async () => undefined,
  usageOf: async () => 0,
  isPeer: () => false,
  scratch: {
    create: () => {
      throw new TypeError('a check takes no mail')
    },
  },
  noticed: () => {},
}

const isOpenToOthers = async (file: string): Promise<boolean> =>
  ((await stat(file)).mode & NOT_THE_OWNER) !== 0

/** Every peer by itself, and that none is named twice. */
async function checkPeers(config: Config, now: Date, fault: Fault): Promise<void> {
  const seen = new Set<string>()
  for (const [index, entry] of config.peers.entries()) {
    const path = `peers.${index}`
    const told: Fault = (place, reason) => fault(`${path}.${place}`, reason)
    if (seen.has(entry.provider)) told('provider', `${entry.provider} is named twice`)
    seen.add(entry.provider)
    await checkPeer(
      entry,
      {
        ownDomain: config.provider.domain,
        production: config.mode === 'production',
        now,
        textOf: (file, place) => textOf(file, place, told),
      },
      told,
    )
  }
}

/** A signature is made, since a key that reads well may still be of a kind that DKIM does not know. */
async function checkDkim(config: Config, now: Date, fault: Fault): Promise<void> {
  const { dkim } = config.relay
  if (dkim === undefined) return
  const path = 'relay.dkim.key'
  const key = await textOf(dkim.key, path, fault)
  if (key === undefined) return
  if (config.mode === 'production' && (await isOpenToOthers(dkim.key)))
    fault(path, `${dkim.key} can be read by others than its owner: chmod 600`)
  try {
    await dkimField(
      Readable.from([PROBE]),
      { ...dkim, key, domain: dkim.domain ?? config.provider.domain },
      now,
    )
  } catch (error) {
    fault(path, error instanceof Error ? error.message : 'the key cannot be used')
  }
}

const PROBE = Buffer.from('From: kep@hs98.kep.tr\r\n\r\n')

/** Whatever may be sent has a price. */
function checkTariff({ tariff, submission }: Config, fault: Fault): void {
  const largest = Math.max(submission.sizeLocal, submission.sizePeer)
  for (const type of tariff === undefined ? [] : MESSAGE_TYPES) {
    const upTo = tariff?.types[type].bands.at(-1)?.upTo ?? 0
    if (upTo < largest)
      fault(`tariff.types.${type}.bands`, `no band holds ${largest} octets, and so much may be submitted`)
  }
}

/** Whether the files are there is not asked: they come and go, and what was read of them stays. */
function checkSources({ directory, provider: { domain } }: Config, fault: Fault): void {
  const seen = new Set<string>()
  for (const [index, { provider }] of directory.sources.entries()) {
    const path = `directory.sources.${index}.provider`
    if (provider === domain) fault(path, `${provider} is this provider: its entries come from its accounts`)
    if (seen.has(provider)) fault(path, `${provider} is named twice`)
    seen.add(provider)
  }
}

function refuseLoopback(urls: readonly string[], path: string, why: string, fault: Fault): void {
  for (const [index, url] of urls.entries())
    if (isLoopbackHost(new URL(url).hostname)) fault(`${path}.${index}`, `${url} is this machine: ${why}`)
}
