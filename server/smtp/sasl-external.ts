import sasl from 'smtp-server/lib/sasl.js'

/** What of smtp-server's connection a mechanism uses; it runs with the connection as `this`. */
interface EngineConnection {
  readonly session: { user?: string | undefined }
  readonly _server: {
    onAuth(
      auth: { method: 'EXTERNAL'; username: string; authzid: string },
      session: unknown,
      callback: (error: (Error & { responseCode?: number }) | null, answer?: { user?: string }) => void,
    ): void
  }
  _nextHandler: ((token: unknown, callback: () => void) => void) | undefined
  send(code: number, text?: string): void
}

/** An address with a handle; longer names are nobody's. */
const MAX_TOKEN = 512

/**
 * AUTH EXTERNAL: the client is who its certificate says, and names the account to act for. The engine has no such mechanism
 * and looks mechanisms up by name in this table. [RFC 4954 §4] [RFC 4422 §A]
 */
function external(this: EngineConnection, args: readonly string[], callback: () => void): void {
  const judge = (token: unknown): void => {
    const text = String(token ?? '').trim()
    if (text === '*') {
      this.send(501, 'Authentication aborted')
      callback()
      return
    }
    const authzid = text === '=' || text === '' ? '' : Buffer.from(text, 'base64').toString()
    if (text.length > MAX_TOKEN || /[\x00-\x1f\x7f-\x9f]/.test(authzid)) {
      this.send(501, 'Error: invalid userdata')
      callback()
      return
    }
    this._server.onAuth({ method: 'EXTERNAL', username: authzid, authzid }, this.session, (error, answer) => {
      if (error === null && answer?.user !== undefined) {
        this.session.user = answer.user
        this.send(235, 'Authentication successful')
      } else this.send(error?.responseCode ?? 535, error?.message ?? 'Error: Authentication failed')
      callback()
    })
  }
  if (args.length > 0) {
    judge(args[0])
    return
  }
  this._nextHandler = (token, next) => {
    callback = next
    judge(token)
  }
  this.send(334)
  callback()
}

/** Once for the process: listeners choose their mechanisms by name. */
export const EXTERNAL = 'EXTERNAL'
Object.assign(sasl, { SASL_EXTERNAL: external })
