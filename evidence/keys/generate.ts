import { generateKeyPair as generate, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'

export type KeyKind = 'rsa-2048' | 'rsa-3072' | 'p-256' | 'p-384'

/** A new key pair, for the development provider and for tests. Blocks for up to a second with RSA: start-up only. */
export function generateKey(kind: KeyKind): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (kind) {
    case 'rsa-2048':
      return generateKeyPairSync('rsa', { modulusLength: 2048 })
    case 'rsa-3072':
      return generateKeyPairSync('rsa', { modulusLength: 3072 })
    case 'p-256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    case 'p-384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' })
  }
}

const generateOnPool = promisify(generate)

/** As generateKey, on the thread pool: several keys are made side by side. */
export function generateKeyAsync(kind: KeyKind): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  switch (kind) {
    case 'rsa-2048':
      return generateOnPool('rsa', { modulusLength: 2048 })
    case 'rsa-3072':
      return generateOnPool('rsa', { modulusLength: 3072 })
    case 'p-256':
      return generateOnPool('ec', { namedCurve: 'P-256' })
    case 'p-384':
      return generateOnPool('ec', { namedCurve: 'P-384' })
  }
}

/** PKCS#8 in PEM, not encrypted: the file's mode protects it. */
export const privateKeyPem = (key: KeyObject): string =>
  key.export({ format: 'pem', type: 'pkcs8' }).toString()
