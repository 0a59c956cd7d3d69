import { z } from 'zod'
import { operations } from '../operations/catalog.ts'
import { pathOf } from './wire.ts'

const refusal = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: { code: { type: 'string' }, message: { type: 'string' } },
    },
  },
}
const answered = (description: string, schema: object) => ({
  description,
  content: { 'application/json': { schema } },
})
const result = { type: 'object', required: ['result'], properties: { result: {} } }

/** What operations take, from the schemas by which they are read: the document cannot say otherwise than the code. */
export function openApiDocument(): object {
  const paths = Object.entries(operations).map(([name, operation]) => [
    pathOf(name),
    {
      post: {
        operationId: name.replaceAll(' ', '-'),
        summary: 'what' in operation ? `${name} (recorded in the log of events)` : name,
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: z.toJSONSchema(operation.schema, { io: 'input', unrepresentable: 'any' }),
            },
          },
        },
        responses: {
          200: answered('done', result),
          400: answered('arguments that cannot be', refusal),
          401: answered('no token, or an unknown one', refusal),
          404: answered('there is no such thing', refusal),
          409: answered('refused as things are; the code says why', refusal),
        },
      },
    },
  ])
  return {
    openapi: '3.1.0',
    info: { title: 'OpenKEP admin API', version: '1' },
    security: [{ bearer: [] }],
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    paths: {
      ...Object.fromEntries(paths),
      '/v1/verify': {
        post: {
          operationId: 'verify',
          summary: 'judges a delil, a KEP message or a signature by this provider’s anchors',
          requestBody: { required: true, content: { 'application/octet-stream': {} } },
          responses: { 200: answered('the verdict, whatever it is', result), 429: answered('busy', refusal) },
        },
      },
    },
  }
}
