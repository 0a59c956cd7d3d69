/** What we use of the library, which brings no types. */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events'
  import type { Server as NetServer, Socket } from 'node:net'

  export interface Pdu {
    readonly command: string
    /** 0 is success. [SMPP 3.4 §5.1.3] */
    readonly command_status: number
    readonly short_message?: { readonly message: string }
    readonly [field: string]: unknown
    response(fields?: object): Pdu
  }

  export interface Session extends EventEmitter {
    readonly socket: Socket
    /** False where the connection is gone; the callback is then never called. */
    bind_transmitter(fields: object, answered: (answer: Pdu) => void): boolean
    submit_sm(fields: object, answered: (answer: Pdu) => void): boolean
    unbind(): boolean
    send(pdu: Pdu): boolean
    destroy(): void
  }

  const smpp: {
    connect(options: object): Session
    createServer(options: object, listener: (session: Session) => void): NetServer
  }
  export default smpp
}
