import { parentPort, workerData } from 'node:worker_threads'
import { type Certificate, type FileReport, verifyFile } from '../../../evidence/index.ts'
import { KeyFileError, readTrust, type TrustFiles } from '../../key-files.ts'

/** One file to judge, and by whom. */
export interface VerifyJob {
  readonly name: string
  readonly octets: Uint8Array
  readonly trust: TrustFiles
  /** ms since 1970. */
  readonly now: number
}

/** A file of the configuration that cannot be believed is no fault of the file to judge. */
export type VerifyAnswer = { readonly report: FileReport } | { readonly file: string; readonly why: string }

const { name, octets, trust, now }: VerifyJob = workerData

/** Everybody who is believed in some role, once. */
async function anchorsOf(at: Date): Promise<Certificate[]> {
  const roles = ['users', 'providers', 'tsas'] as const
  const trusted = await Promise.all(roles.map((role) => readTrust(trust, role, at)))
  return [...new Map(trusted.flat().map((one) => [one.fingerprint, one])).values()]
}

async function judge(): Promise<VerifyAnswer> {
  try {
    const anchors = await anchorsOf(new Date(now))
    const options = { anchors, intermediates: [], crls: [], revocation: 'if-present' } as const
    const file = { name, octets, content: undefined }
    return { report: await verifyFile(file, { ...options, now: new Date(now) }) }
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error
    const { cause } = error
    return { file: error.file, why: cause instanceof Error ? cause.message : String(cause) }
  }
}

parentPort?.postMessage(await judge())
