import { parentPort, workerData } from 'node:worker_threads'
import { type FileReport, verifyFile } from '../../../evidence/index.ts'
import { KeyFileError } from '../../key-files.ts'
import { readTrustedRoles, type TrustFiles } from '../../trusted.ts'

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
    const { users, providers, tsas } = await readTrustedRoles(trust, at)
    const anchors = {
      anchors: providers.at(at),
      userAnchors: users.at(at),
      stampAnchors: tsas.at(at),
    }
    const options = { intermediates: [], crls: [], revocation: 'if-present', now: at } as const
    const file = { name, octets, content: undefined }
    return { report: await verifyFile(file, { ...options, ...anchors }) }
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error
    const { cause } = error
    return { file: error.file, why: cause instanceof Error ? cause.message : String(cause) }
  }
}

parentPort?.postMessage(await judge())
