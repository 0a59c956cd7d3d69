import { parentPort, workerData } from 'node:worker_threads'
import { parsePemCertificates, verifyFile } from '../../../evidence/index.ts'

/** One file to judge, and by whom. */
export interface VerifyJob {
  readonly name: string
  readonly octets: Uint8Array
  /** PEM. */
  readonly anchors: readonly string[]
  /** ms since 1970. */
  readonly now: number
}

const { name, octets, anchors, now }: VerifyJob = workerData
parentPort?.postMessage(
  await verifyFile(
    { name, octets, content: undefined },
    {
      anchors: anchors.flatMap(parsePemCertificates),
      intermediates: [],
      crls: [],
      revocation: 'if-present',
      now: new Date(now),
    },
  ),
)
