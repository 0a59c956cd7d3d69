/**
 * The development CA's list and the development TSA, on a thread of their own with an HTTP server: what they sign costs
 * the daemon's loop nothing, and the daemon reaches them as it reaches foreign ones. [RFC 3161 §3.4] [RFC 5280 §5]
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'
import {
  answerTimestampQuery,
  issueCrl,
  issuerFromPem,
  MAX_QUERY_OCTETS,
  signerFromPem,
} from '../../evidence/index.ts'
import type { Clock } from '../../mail/clock.ts'
import { developmentFiles } from './files.ts'
import { readRevoked } from './revoked.ts'

export interface AuthorityData {
  readonly folder: string
  readonly port: number
  readonly host: string
  /** The caller's clock minus this machine's, ms. */
  readonly offset: number
}
export type AuthorityReply = { readonly port: number } | { readonly error: string }
export type AuthorityRequest = { readonly offset: number }

/** Of this TSA; an arc that nobody was given. */
const POLICY = '1.3.6.1.4.1.99999.1.1'
const DAY_MS = 24 * 3_600_000
const CRL_VALID_MS = 7 * DAY_MS
/** A list is signed anew when it is this old, or when the revoked serials changed; younger than any `revocation.maxAge` in use. */
const CRL_AGE_MS = 3_600_000
/** A query is one packet; who takes longer is not a client. */
const REQUEST_TIMEOUT_MS = 10_000
const MAX_CONNECTIONS = 256

const port = parentPort
if (port === null) throw new Error('this file runs as a worker thread')
const data: AuthorityData = workerData
const files = developmentFiles(data.folder)
let { offset } = data
port.on('message', (request: AuthorityRequest) => {
  offset = request.offset
})
const clock: Clock = { now: () => new Date(Date.now() + offset), monotonic: () => performance.now() }

const text = (path: string): Promise<string> => readFile(path, 'utf8')
const root = issuerFromPem({
  key: await text(files.authority.key),
  certificate: await text(files.authority.certificate),
})
const signer = signerFromPem({
  key: await text(files.tsa.key),
  certificates: await text(files.tsa.certificate),
  hash: 'sha256',
})
/** 63 random bits: unique over restarts without a counter on the disk. */
const serial = (): bigint => BigInt.asUintN(63, randomBytes(8).readBigUInt64BE()) | 1n
const tsa = { signer, policy: POLICY, serial, clock }

const server = createServer(
  { requestTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: 8192 },
  (request, response) => {
    respond(request, response).catch(() => {
      if (response.headersSent) response.destroy()
      else response.writeHead(500).end()
    })
  },
)
server.maxConnections = MAX_CONNECTIONS
server.on('error', (error) => port.postMessage({ error: error.message } satisfies AuthorityReply))
server.listen(data.port, data.host, () => {
  const address = server.address()
  if (address !== null && typeof address === 'object')
    port.postMessage({ port: address.port } satisfies AuthorityReply)
})

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url?.split('?')[0]
  if (path === '/tsa') return stamp(request, response)
  if (path === '/ca.crl') return list(request, response)
  response.writeHead(404).end()
}

async function stamp(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST') return refuse(response, 405, { Allow: 'POST' })
  if (request.headers['content-type'] !== 'application/timestamp-query') return refuse(response, 415)
  const query = await readQuery(request)
  if (query === undefined) return refuse(response, 413)
  const answer = await answerTimestampQuery(query, tsa)
  response.writeHead(200, { 'Content-Type': 'application/timestamp-reply', 'Content-Length': answer.length })
  response.end(answer)
}

/** undefined where it is longer than a query can be. */
async function readQuery(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > MAX_QUERY_OCTETS) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

let current: { readonly octets: Uint8Array; readonly revoked: string; readonly at: number } | undefined

async function list(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return refuse(response, 405, { Allow: 'GET, HEAD' })
  const octets = await freshList()
  response.writeHead(200, { 'Content-Type': 'application/pkix-crl', 'Content-Length': octets.length })
  response.end(request.method === 'HEAD' ? undefined : octets)
}

async function freshList(): Promise<Uint8Array> {
  const revoked = await readRevoked(files.revoked)
  const now = clock.now().getTime()
  const key = JSON.stringify(revoked)
  // Also anew when the clock ran backwards: a list from the future is not believed.
  if (current?.revoked !== key || now - current.at >= CRL_AGE_MS || now < current.at) {
    const octets = issueCrl({
      issuer: root,
      number: Math.floor(now / 1000),
      thisUpdate: new Date(now - (now % 1000)),
      nextUpdate: new Date(now - (now % 1000) + CRL_VALID_MS),
      revoked: revoked.map((entry) => ({
        serial: Buffer.from(entry.serial, 'hex'),
        date: new Date(entry.date),
      })),
    })
    current = { octets, revoked: key, at: now }
  }
  return current.octets
}

function refuse(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  // The rest of the request is not read, so the connection cannot carry another one.
  response.writeHead(status, { ...headers, Connection: 'close' }).end()
}
