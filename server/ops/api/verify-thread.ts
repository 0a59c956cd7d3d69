import { parentPort, workerData } from 'node:worker_threads'
import { type FileReport, verifyFile } from '../../../evidence/index.ts'
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

async function judge(): Promise<VerifyAnswer> {
  try {
    const at = new Date(now)
    const anchors = await readTrust(trust, 'providers', at)
    const userAnchors = await readTrust(trust, 'users', at)
    const stampAnchors = await readTrust(trust, 'tsas', at)
    const options = { intermediates: [], crls: [], revocation: 'if-present', now: at } as const
    const file = { name, octets, content: undefined }
    return { report: await verifyFile(file, { ...options, anchors, userAnchors, stampAnchors }) }
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error
    const { cause } = error
    return { file: error.file, why: cause instanceof Error ? cause.message : String(cause) }
  }
}

parentPort?.postMessage(await judge())
