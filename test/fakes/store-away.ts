import { onTestFinished } from 'vitest'
import { type MailboxStore, StoreError } from '../../storage/port.ts'

/**
 * One question to the store fails, and none after it.
 *
 * @param skip so many are answered before
 * @returns whether it was asked
 */
export function failOnce(
  mailboxes: MailboxStore,
  question: 'head' | 'subscriptions' | 'rows' | 'indexes',
  { error = new StoreError('UNAVAILABLE', 'away'), skip = 0 }: { error?: Error; skip?: number } = {},
): () => boolean {
  const ask = mailboxes[question].bind(mailboxes) as (...given: unknown[]) => Promise<unknown>
  const answerAgain = () => void Object.assign(mailboxes, { [question]: ask })
  onTestFinished(answerAgain)
  let asked = 0
  Object.assign(mailboxes, {
    [question]: async (...given: unknown[]) => {
      if (asked++ < skip) return ask(...given)
      answerAgain()
      throw error
    },
  })
  return () => asked > skip
}
