import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { FileReport } from '../../../evidence/index.ts'
import type { Events } from '../events.ts'
import { operations, perform } from '../operations/catalog.ts'
import { type OperationParts, type Refusal, refusalOf } from '../operations/operation.ts'
import { openApiDocument } from './openapi.ts'
import { type ApiReply, MAX_REQUEST_OCTETS, NDJSON, pathOf } from './wire.ts'

export interface ApiParts {
  readonly operations: Omit<OperationParts, 'operator'>
  readonly events: Pick<Events, 'internalError'>
  /** Judges one file by our own anchors; absent where nothing is configured to judge by. */
  readonly verify?: ((name: string, octets: Uint8Array) => Promise<FileReport>) | undefined
  /** Who asks, for the record of what is changed; undefined where it is nobody that we know. */
  readonly operatorOf: (request: FastifyRequest) => string | undefined
}

/** A dispatch is as large as a message and its envelope; what a holder wants judged is mostly one delil of some KB. */
const MAX_VERIFIED_OCTETS = 64 * 1024 * 1024
/** Files that are judged at once; each is in memory whole. */
const MAX_VERIFYING = 2
/** Progress lines at most this often: a walk of millions of entries is not told step by step. */
const PROGRESS_MS = 200

/** Every operation of the catalog over HTTP, `POST /v1/verify`, and the document that describes them. */
export async function makeApi(parts: ApiParts): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: MAX_REQUEST_OCTETS,
    requestTimeout: 60_000,
    keepAliveTimeout: 60_000,
    exposeHeadRoutes: false,
  })
  const operators = new WeakMap<FastifyRequest, string>()
  app.addHook('onRequest', async (request, reply) => {
    const operator = parts.operatorOf(request)
    if (operator !== undefined) return void operators.set(request, operator)
    const message = 'a token is needed: Authorization: Bearer …'
    // A stranger holds no place.
    return reply
      .code(401)
      .header('WWW-Authenticate', 'Bearer')
      .header('Connection', 'close')
      .send(refused('UNAUTHORIZED', message))
  })
  app.setErrorHandler((error: { code?: unknown }, _request, reply) => {
    const foreseen = FORESEEN.get(String(error.code))
    if (foreseen === undefined) parts.events.internalError('ops', error)
    const [status, refusal] = foreseen ?? [500, internal]
    return reply.code(status).send({ error: refusal })
  })
  app.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .send(refused('UNKNOWN_OPERATION', 'there is no operation of this name; GET /v1/openapi.json')),
  )
  app.get('/v1/openapi.json', () => openApiDocument())
  for (const name of Object.keys(operations))
    app.post(pathOf(name), async (request, reply) => {
      const operator = operators.get(request) ?? ''
      const all = { ...parts.operations, operator }
      if (request.headers.accept === NDJSON) return tellOnTheWay(parts, all, name, request, reply)
      const answer = await answerOf(parts, () => perform(all, name, request.body ?? {}, () => {}))
      return reply.code('error' in answer ? statusOf(answer.error.code) : 200).send(answer)
    })
  addVerify(app, parts)
  await app.ready()
  return app
}

/** Octets as they are; verdicts are results, not errors. */
function addVerify(app: FastifyInstance, parts: ApiParts): void {
  const { verify } = parts
  const places = new WeakSet<FastifyRequest>()
  let taken = 0
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    const octets = { parseAs: 'buffer', bodyLimit: MAX_VERIFIED_OCTETS } as const
    scope.addContentTypeParser('*', octets, (_request, body, done) => done(null, body))
    // Before an octet of the file is read: it is in memory whole.
    scope.addHook('onRequest', async (request, reply) => {
      if (taken >= MAX_VERIFYING)
        return reply.code(429).send(refused('BUSY', 'others are being judged; try again'))
      taken++
      places.add(request)
      const leave = (): void => {
        if (places.delete(request)) taken--
      }
      reply.raw.once('close', leave)
    })
    scope.post('/v1/verify', { bodyLimit: MAX_VERIFIED_OCTETS }, async (request, reply) => {
      const { body } = request
      if (verify === undefined)
        return reply.code(503).send(refused('NO_DAEMON', 'nothing is configured to judge by'))
      if (!Buffer.isBuffer(body) || body.length === 0)
        return reply.code(400).send(refused('BAD_ARGUMENTS', 'the body is the file to judge'))
      const answer = await answerOf(parts, () => verify('', body))
      return reply.code('error' in answer ? statusOf(answer.error.code) : 200).send(answer)
    })
  })
}

async function tellOnTheWay(
  parts: ApiParts,
  all: OperationParts,
  name: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, { 'Content-Type': NDJSON })
  const say = (line: ApiReply): void => {
    if (raw.writable) raw.write(`${JSON.stringify(line)}\n`)
  }
  let told = Number.NEGATIVE_INFINITY
  say(
    await answerOf(parts, () =>
      perform(all, name, request.body ?? {}, (progress) => {
        const now = all.clock.monotonic()
        if (now - told < PROGRESS_MS) return
        told = now
        say({ progress })
      }),
    ),
  )
  raw.end()
}

async function answerOf(
  { events }: ApiParts,
  run: () => Promise<unknown>,
): Promise<Exclude<ApiReply, { progress: unknown }>> {
  try {
    return { result: (await run()) ?? null }
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === undefined) events.internalError('ops', error)
    return { error: refusal ?? internal }
  }
}

const internal: Refusal = { code: 'INTERNAL', message: 'the daemon met an error; its log says which' }

const refused = (code: string, message: string): ApiReply => ({ error: { code, message } })

/** What goes wrong before an operation is asked. */
const FORESEEN: ReadonlyMap<string, readonly [status: number, Refusal]> = new Map(
  (
    [
      ['FST_ERR_CTP_BODY_TOO_LARGE', 413, 'TOO_LARGE', 'the request is too long'],
      ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 415, 'BAD_ARGUMENTS', 'the request is not application/json'],
      ['FST_ERR_CTP_EMPTY_JSON_BODY', 400, 'BAD_ARGUMENTS', 'the request cannot be read'],
      ['FST_ERR_CTP_INVALID_JSON_BODY', 400, 'BAD_ARGUMENTS', 'the request cannot be read'],
      ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 400, 'BAD_ARGUMENTS', 'the request cannot be read'],
    ] as const
  ).map(([name, status, code, message]) => [name, [status, { code, message }]]),
)

const STATUSES: ReadonlyMap<string, number> = new Map([
  ['BAD_ARGUMENTS', 400],
  ['WEAK_PASSWORD', 400],
  ['UNKNOWN_OPERATION', 404],
  ['NOT_FOUND', 404],
  ['NO_SUCH_ACCOUNT', 404],
  ['NO_SUCH_PERSON', 404],
  ['TOO_FAST', 429],
  ['NO_DAEMON', 503],
  ['NO_TIMESTAMP', 503],
  ['CANNOT_SIGN', 503],
  ['INTERNAL', 500],
])
/** What is not wrong by itself is wrong as things are. */
const statusOf = (code: string): number => STATUSES.get(code) ?? 409
