/** One way to a person's ordinary mailbox or telephone. */
export interface NoticeSender {
  /** Resolves when the other side has taken it; rejects with NoticeError. @param at when the mail came */
  send(to: string, about: { readonly account: string; readonly at: Date }, signal: AbortSignal): Promise<void>
}

/** `code` goes to the log: never words of the other side, which may repeat an address. */
export class NoticeError extends Error {
  override readonly name = 'NoticeError'
  readonly code: string
  /** It would say the same again. */
  readonly final: boolean
  constructor(code: string, final: boolean, options?: ErrorOptions) {
    super(code, options)
    this.code = code
    this.final = final
  }
}

/** The system's code of an error (`ECONNREFUSED`), or its name; nothing that people wrote. */
export const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'UNKNOWN'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
