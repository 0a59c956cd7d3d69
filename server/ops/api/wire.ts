/**
 * The admin API: one POST for each operation, JSON in and out. Who accepts `application/x-ndjson` is told of progress on the
 * way, one line each; the last line is the answer.
 */
export type ApiReply =
  | { readonly progress: { readonly done: number; readonly of?: number | undefined } }
  | { readonly result: unknown }
  | { readonly error: { readonly code: string; readonly message: string } }

/** `account create` is asked for at `/v1/account/create`. */
export const pathOf = (operation: string): string => `/v1/${operation.split(' ').join('/')}`

export const NDJSON = 'application/x-ndjson'

/** The longest request is a peer with its certificates; CAs with long chains stay far below. */
export const MAX_REQUEST_OCTETS = 512 * 1024
/** The longest answer is a page of evidence or the trace of a message with a thousand recipients. */
export const MAX_REPLY_OCTETS = 64 * 1024 * 1024
