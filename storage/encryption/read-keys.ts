import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { KEY_OCTETS } from './sealed-octets.ts'
import { StoreKeys } from './store-key.ts'

/** Where a store key comes from: a file, or what a program writes to its standard output. */
export type KeySource = { readonly file: string } | { readonly command: readonly string[] }

/** A module that asks a person for a PIN takes a while; one that hangs must not keep the daemon from saying so. */
const COMMAND_MS = 60_000

/** Why a key could not be had, and of which source; never the key. */
export class StoreKeyError extends Error {
  override readonly name = 'StoreKeyError'
}

/** @returns undefined where there is no source: then octets are kept in the clear */
export async function readStoreKeys(sources: readonly KeySource[]): Promise<StoreKeys | undefined> {
  if (sources.length === 0) return undefined
  const keys: Uint8Array[] = []
  for (const source of sources) keys.push(await readKey(source))
  return new StoreKeys(keys)
}

async function readKey(source: KeySource): Promise<Uint8Array> {
  const what = 'file' in source ? source.file : (source.command[0] ?? 'the command')
  let octets: Buffer
  try {
    octets = 'file' in source ? await readFile(source.file) : await outputOf(source.command)
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
    throw new StoreKeyError(`the store key cannot be had from ${what}${reason}`, { cause })
  }
  const key = keyIn(octets)
  if (key === undefined)
    throw new StoreKeyError(
      `${what} gives no store key: expected ${KEY_OCTETS} octets, as they are or in hex or base64`,
    )
  return key
}

async function outputOf(command: readonly string[]): Promise<Buffer> {
  const [program = '', ...args] = command
  const { stdout } = await promisify(execFile)(program, args, { encoding: 'buffer', timeout: COMMAND_MS })
  return stdout
}

function keyIn(octets: Buffer): Uint8Array | undefined {
  if (octets.length === KEY_OCTETS) return octets
  const text = octets.toString('latin1').trim()
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  const decoded = /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, 'base64') : undefined
  return decoded?.length === KEY_OCTETS ? decoded : undefined
}
