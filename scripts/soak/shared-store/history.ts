/** One message that a client sent, until it heard 250. */
export interface SentMail {
  readonly octets: Buffer
  readonly hash: string
  readonly to: readonly string[]
  /** The id that was answered; undefined until then. */
  messageId: string | undefined
}

/** A place in a mailbox; the name holds for one UIDVALIDITY, which no mailbox of a run changes. */
export interface Place {
  readonly account: string
  readonly box: string
  readonly uid: number
}
export const nameOf = ({ account, box, uid }: Place): string => `${account} ${box} ${uid}`

interface Attempt {
  readonly client: number
  readonly account: string
  readonly box: string
  /** Nobody knows what became of what was not answered by OK. */
  outcome: 'OK' | 'unknown'
}

/** What an IMAP client tried to change. */
export type Act =
  | (Attempt & {
      readonly kind: 'STORE'
      readonly uid: number
      readonly flag: string
      readonly adds: boolean
    })
  | (Attempt & { readonly kind: 'EXPUNGE'; readonly uid: number })
  | (Attempt & {
      readonly kind: 'MOVE' | 'COPY'
      readonly uid: number
      readonly to: string
      /** The UID there, as it was answered; undefined where nothing was there to go. */
      target: number | undefined
    })
  | (Attempt & { readonly kind: 'APPEND'; readonly hash: string; uid: number | undefined })

/** All that clients sent, did and were told: what the store is held to at the end. */
export class History {
  readonly mails: SentMail[] = []
  readonly acts: Act[] = []
  /** By place: the hash of what was fetched there. */
  readonly bodies = new Map<string, string>()
  duplicates = 0
  reads = 0
  /** Longest time until another machine showed what one had shown, while nothing was faulted, ms. */
  longestWait = 0

  /** False where that place had another body before. */
  read(place: Place, hash: string): boolean {
    this.reads++
    const before = this.bodies.get(nameOf(place))
    this.bodies.set(nameOf(place), hash)
    return before === undefined || before === hash
  }
}
