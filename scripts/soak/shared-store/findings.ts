/** Every promise that the run looks at, and what it means where it is broken. */
export const PROMISES = {
  acceptedLost: 'a message that heard 250 is not in the store',
  acceptedTwice: 'a message was accepted twice, or under two ids',
  otherOctets: 'the message kept, or the original inside its dispatch, is not what was sent',
  withoutAcceptance: 'no evidence of acceptance',
  withoutTransport: 'a recipient without a delivery as outcome',
  secondOutcomes: 'a second acceptance, transport or reading outcome',
  notDelivered: 'a recipient whose INBOX never had the message',
  deliveredTwice: 'a recipient whose INBOX had the message twice',
  receiptsMissing: 'evidence without its message in Deliller',
  receiptsTwice: 'evidence with two messages in Deliller',
  notFiledOnce: 'the original is not in Giden Kutusu, or twice',
  readWithoutEvidence: 'a message was read and no retrieval is in the archive',
  eventIdsTwice: 'an event id that stands twice in a chain',
  brokenChains: 'a chain with a gap or a link that does not hold',
  workLeft: 'a row of work that is due and not done, at rest',
  workHeld: 'a row of work that waits for a person',
  leasedForEver: 'a row that is leased to nobody who lives',
  uidsBackwards: 'a UID that appeared below one that was seen before',
  modseqsBackwards: 'a head or a change with a modseq below an earlier one',
  otherBodies: 'one UID with two bodies',
  wrongAnswers: 'an EXPUNGE or FETCH that fits nothing the session knows',
  otherViews: 'a session that sees another mailbox than a new one does, at rest',
  wrongHeads: 'counters of a mailbox that are not the sums of its messages',
  vanishedByNobody: 'a message that went without a client asking for it',
  storesLost: 'a STORE that was answered by OK and is not there',
  expungesUndone: 'an EXPUNGE that was answered by OK, and the message is there',
  movesLost: 'a MOVE that was answered by OK, and the message is not where it went',
  movedTwice: 'a message that was moved to two places, or moved and stayed',
  copiesLost: 'a COPY that was answered by OK and is not there',
  appendsLost: 'an APPEND that was answered by OK and is not there',
  appendedTwice: 'one APPEND that made two messages',
  endedByThemselves: 'a process that ended though nobody ended it',
  unexpectedErrors: 'an internal error other than an unavailable store',
} as const
export type PromiseName = keyof typeof PROMISES

const EXAMPLES = 20

/** What was found broken: all of it counted, the first of it told. */
export class Findings {
  readonly counts = Object.fromEntries(Object.keys(PROMISES).map((name) => [name, 0])) as Record<
    PromiseName,
    number
  >
  readonly examples: string[] = []

  broken(name: PromiseName, what: string): void {
    this.counts[name]++
    if (this.examples.length < EXAMPLES) this.examples.push(`${name}: ${what}`)
  }

  expect(holds: boolean, name: PromiseName, what: () => string): void {
    if (!holds) this.broken(name, what())
  }

  get sum(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0)
  }
}
