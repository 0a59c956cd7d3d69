/** The control socket speaks lines of JSON: one request, then any number of progress lines, then one answer. */

export interface ControlRequest {
  readonly operation: string
  readonly args: unknown
}

export type ControlReply =
  | { readonly progress: { readonly done: number; readonly of?: number | undefined } }
  | { readonly result: unknown }
  | { readonly error: { readonly code: string; readonly message: string } }

/** The longest request is a peer with its certificates; CAs with long chains stay far below. */
export const MAX_REQUEST_OCTETS = 512 * 1024
/** The longest answer is a page of evidence or the trace of a message with a thousand recipients. */
export const MAX_REPLY_OCTETS = 64 * 1024 * 1024
