import { z } from 'zod'
import { type HoldSubject, Holds } from '../../retention/holds.ts'
import { change, OperationError, type OperationParts } from './operation.ts'
import { addressSchema, idSchema, reasonSchema } from './schemas.ts'

/** What is held: an account, or one message by the id that trace shows. */
const subjectSchema = z.union([
  z.strictObject({ account: addressSchema }),
  z.strictObject({ message: idSchema }),
])
type Subject = z.output<typeof subjectSchema>

const described = (subject: Subject) =>
  'account' in subject
    ? { account: subject.account.toLowerCase() }
    : { details: { message: subject.message } }

/** Nothing of an account, or of a message, is purged from now on (hukuki saklama). */
export const holdPlace = change(
  'hold place',
  z.strictObject({ subject: subjectSchema, reason: reasonSchema }),
  ({ subject, reason }) => {
    const { account, details } = { account: undefined, details: {}, ...described(subject) }
    return { account, details: { ...details, reason } }
  },
  async (parts, { subject, reason }): Promise<{ subject: string }> => {
    const held = await subjectOf(parts, subject)
    const since = parts.clock.now().toISOString()
    if (!(await new Holds(parts.store).place(held, { reason, since, by: parts.operator })))
      throw new OperationError('WRONG_STATE', 'it is held already')
    return { subject: nameOf(held) }
  },
)

/** What was kept for the hold alone may be swept from now on. */
export const holdLift = change(
  'hold lift',
  z.strictObject({ subject: subjectSchema, reason: reasonSchema }),
  ({ subject, reason }) => {
    const { account, details } = { account: undefined, details: {}, ...described(subject) }
    return { account, details: { ...details, reason } }
  },
  async (parts, { subject }): Promise<{ subject: string }> => {
    const held = await subjectOf(parts, subject)
    if (!(await new Holds(parts.store).lift(held))) throw new OperationError('NOT_FOUND', 'it is not held')
    return { subject: nameOf(held) }
  },
)

async function subjectOf({ store, directory }: OperationParts, subject: Subject): Promise<HoldSubject> {
  if ('account' in subject) {
    const account = subject.account.toLowerCase()
    if ((await directory.get(account)) === undefined)
      throw new OperationError('NOT_FOUND', `there is no account ${subject.account}`)
    return { account }
  }
  const id = subject.message.replace(/^<(.*)>$/, '$1')
  const row = (await store.intake(id)) ?? (await store.intakesNamed(`<${id}>`))[0]
  if (row === undefined) throw new OperationError('NOT_FOUND', `there is no message <${id}>`)
  return { intake: row.id }
}

const nameOf = (subject: HoldSubject): string =>
  'account' in subject ? subject.account : `<${subject.intake}>`
