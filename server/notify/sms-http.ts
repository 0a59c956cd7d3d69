import { request as overHttp } from 'node:http'
import { request as overTls } from 'node:https'
import type { NotifySettings } from '../../config/notify.ts'
import { codeOf, NoticeError, type NoticeSender } from './sender.ts'
import { filled, shortText } from './text.ts'

type HttpGateway = NonNullable<NonNullable<NotifySettings['sms']>['http']>

/** E.164: what a telephone number may be. */
export const NUMBER = /^\+?[1-9][0-9]{6,14}$/
/** Gateways answer with a line. */
const MAX_ANSWER = 65_536

const FORMS = {
  json: { type: 'application/json', written: (value: string) => JSON.stringify(value).slice(1, -1) },
  form: { type: 'application/x-www-form-urlencoded', written: encodeURIComponent },
  xml: {
    type: 'text/xml; charset=utf-8',
    written: (value: string) => value.replace(/[<>&"']/g, (letter) => `&#${letter.charCodeAt(0)};`),
  },
} as const

/** Text messages by a gateway's HTTP interface. */
export function httpSmsSender(
  gateway: HttpGateway,
  text: string,
  secrets: { readonly ca: readonly string[]; readonly headers: Readonly<Record<string, string>> },
): NoticeSender {
  const { type, written } = FORMS[gateway.form]
  return {
    async send(to, about, signal) {
      if (!NUMBER.test(to)) throw new NoticeError('NUMBER', true)
      const body = filled(gateway.body, { telefon: to, metin: shortText(text, about) }, written)
      const at = new URL(gateway.url)
      const get = gateway.method === 'GET'
      if (get) at.search = body
      const headers = { ...gateway.headers, ...secrets.headers, ...(get ? {} : { 'Content-Type': type }) }
      const answer = await ask(
        at,
        { method: gateway.method, headers, ca: secrets.ca },
        get ? '' : body,
        signal,
      )
      const { status } = answer
      if (status >= 200 && status < 300) {
        if (gateway.answer === undefined || answer.text.includes(gateway.answer)) return
        throw new NoticeError('ANSWER', false)
      }
      // 401, 403, 404 and the like are the operator's to mend; 400 and 422 are about this message.
      throw new NoticeError(`HTTP_${status}`, status === 400 || status === 422)
    },
  }
}

async function ask(
  at: URL,
  { ca, ...options }: { method: string; headers: Record<string, string>; ca: readonly string[] },
  body: string,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const request = (at.protocol === 'https:' ? overTls : overHttp)(
    at,
    { ...options, agent: false, signal, ...(ca.length === 0 ? {} : { ca: [...ca] }) },
    (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => {
        text += piece
        if (text.length > MAX_ANSWER) response.destroy(new NoticeError('ANSWER', false))
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', reject)
    },
  )
  request.on('error', reject)
  request.end(body)
  try {
    return await promise
  } catch (error) {
    if (error instanceof NoticeError) throw error
    throw new NoticeError(signal.aborted ? 'TOO_SLOW' : codeOf(error), false)
  } finally {
    request.destroy()
  }
}
