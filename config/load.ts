import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import type { LoginSettings } from './login.ts'
import type { NotifySettings } from './notify.ts'
import { type PeerEntry, peerEntry } from './relay.ts'
import { type Config, configSchema } from './schema.ts'
import { signingWithAbsolutePaths } from './signing.ts'
import type { StorageSettings } from './storage.ts'

/** One thing that is wrong: where (file, path, line) and why. */
export interface ConfigFault {
  file: string
  /** `tsa.urls.0`; empty where the file as a whole is meant. */
  path: string
  line: number | undefined
  reason: string
}

/** All faults at once, so that nobody has to start the daemon once a fault. */
export class ConfigError extends Error {
  readonly faults: readonly ConfigFault[]
  constructor(faults: readonly ConfigFault[]) {
    super(faults.map(faultText).join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/** The development provider's configuration, beside this file. */
export const developmentFile = fileURLToPath(new URL('./development.yaml', import.meta.url))

export interface LoadOptions {
  /** What relative paths are relative to; the file's own folder where it is not given. */
  readonly folder?: string
  /** Set after reading and before checking: [path, value]. */
  readonly changes?: readonly (readonly [path: readonly string[], value: unknown])[]
}

/** Reads a YAML configuration. Throws ConfigError with every fault. */
export const loadConfig = (file: string, { folder, changes = [] }: LoadOptions = {}): Config =>
  withAbsolutePaths(readYaml(file, configSchema, changes), resolve(folder ?? dirname(file)))

/** Reads a file that holds one entry of `peers:`. Throws ConfigError with every fault. */
export const loadPeerEntry = (file: string): PeerEntry =>
  peerWithAbsolutePaths(readYaml(file, peerEntry, []), absoluteIn(resolve(dirname(file))))

function readYaml<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  changes: NonNullable<LoadOptions['changes']>,
): z.output<Schema> {
  let source: string
  try {
    source = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConfigError([{ file, path: '', line: undefined, reason: `cannot be read: ${reasonOf(cause)}` }])
  }
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines, strict: true })
  if (document.errors.length > 0)
    throw new ConfigError(
      document.errors.map((error) => ({
        file,
        path: '',
        line: lines.linePos(error.pos[0]).line,
        reason: error.message.split('\n')[0] ?? error.code,
      })),
    )
  for (const [path, value] of changes) document.setIn(path, document.createNode(value))
  const read = schema.safeParse(document.toJS({ maxAliasCount: 100 }))
  if (!read.success)
    throw new ConfigError(
      read.error.issues.map((issue) => {
        const path = issue.path.map(String)
        return { file, path: path.join('.'), line: lineOf(path), reason: issue.message }
      }),
    )
  return read.data

  /** The line of the node, or of the nearest one above it that exists. */
  function lineOf(path: readonly string[]): number | undefined {
    for (let length = path.length; length > 0; length--) {
      const node: unknown = document.getIn(path.slice(0, length), true)
      if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range))
        return lines.linePos(Number(node.range[0])).line
    }
    return undefined
  }
}

export const faultText = ({ file, path, line, reason }: ConfigFault): string =>
  `${file}${line === undefined ? '' : `:${line}`}: ${path === '' ? '' : `${path}: `}${reason}`

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

function withAbsolutePaths(config: Config, folder: string): Config {
  const absolute = absoluteIn(folder)
  const pair = ({ key, certificate }: { key: string; certificate: string }) => ({
    key: absolute(key),
    certificate: absolute(certificate),
  })
  return {
    ...config,
    tls: pair(config.tls),
    login: loginWithAbsolutePaths(config.login, absolute),
    signing: signingWithAbsolutePaths(config.signing, absolute),
    trust: {
      ...config.trust,
      users: config.trust.users.map(absolute),
      providers: config.trust.providers.map(absolute),
      tsas: config.trust.tsas.map(absolute),
      lists: config.trust.lists.map((list) => ({
        ...list,
        file: absolute(list.file),
        signers: list.signers.map(absolute),
      })),
    },
    tsa: {
      ...config.tsa,
      accounts: config.tsa.accounts.map((one) => ({ ...one, passwordFile: absolute(one.passwordFile) })),
    },
    directory: {
      ...config.directory,
      sources: config.directory.sources.map((source) => ({ ...source, file: absolute(source.file) })),
    },
    peers: config.peers.map((peer) => peerWithAbsolutePaths(peer, absolute)),
    relay: {
      ...config.relay,
      ...(config.relay.client && { client: pair(config.relay.client) }),
      ...(config.relay.dkim && { dkim: { ...config.relay.dkim, key: absolute(config.relay.dkim.key) } }),
    },
    ...(config.api && {
      api: {
        ...config.api,
        tokens: config.api.tokens.map(({ name, file }) => ({ name, file: absolute(file) })),
      },
    }),
    ...(config.notify && { notify: notifyWithAbsolutePaths(config.notify, absolute) }),
    storage: storageWithAbsolutePaths(config.storage, absolute),
  }
}

const loginWithAbsolutePaths = (
  { oauth, ...login }: LoginSettings,
  absolute: (path: string) => string,
): LoginSettings => ({
  ...login,
  ...(oauth && {
    oauth: {
      ...oauth,
      ...(oauth.jwksFile !== undefined && { jwksFile: absolute(oauth.jwksFile) }),
      ca: oauth.ca.map(absolute),
    },
  }),
})

const storageWithAbsolutePaths = (
  { mongodbFile, replica, keys, ...rest }: StorageSettings,
  absolute: (path: string) => string,
): StorageSettings => ({
  ...rest,
  ...(mongodbFile !== undefined && { mongodbFile: absolute(mongodbFile) }),
  ...(replica !== undefined && { replica: replica === 'none' ? replica : absolute(replica) }),
  keys: keys.map((key) => ('file' in key ? { file: absolute(key.file) } : key)),
})

function notifyWithAbsolutePaths(
  { email, sms }: NotifySettings,
  absolute: (path: string) => string,
): NotifySettings {
  const http = sms?.http
  const smpp = sms?.smpp
  return {
    ...(email && {
      email: {
        ...email,
        ca: email.ca.map(absolute),
        ...(email.auth && { auth: { ...email.auth, passwordFile: absolute(email.auth.passwordFile) } }),
      },
    }),
    ...(sms && {
      sms: {
        ...sms,
        ...(http && {
          http: {
            ...http,
            ca: http.ca.map(absolute),
            secretHeaders: Object.fromEntries(
              Object.entries(http.secretHeaders).map(([name, file]) => [name, absolute(file)]),
            ),
          },
        }),
        ...(smpp && {
          smpp: { ...smpp, ca: smpp.ca.map(absolute), passwordFile: absolute(smpp.passwordFile) },
        }),
      },
    }),
  }
}

const absoluteIn =
  (folder: string) =>
  (path: string): string =>
    isAbsolute(path) ? path : resolve(folder, path)

const peerWithAbsolutePaths = (peer: PeerEntry, absolute: (path: string) => string): PeerEntry => ({
  ...peer,
  tls: { ...peer.tls, ca: peer.tls.ca.map(absolute), certificates: peer.tls.certificates.map(absolute) },
  client: {
    ...peer.client,
    ca: peer.client.ca.map(absolute),
    certificates: peer.client.certificates.map(absolute),
  },
  signing: peer.signing.map((one) => ({ ...one, certificate: absolute(one.certificate) })),
})
