import type { NewIntake } from '../port.ts'
import type { Keeping } from './keeping.ts'

/** Durable before the acceptance names them: the body kept by the intake, all others by the archive. */
export async function keepOctets(
  keeping: Keeping,
  { id, body, envelope }: Omit<NewIntake, 'staged'>,
  staged: NewIntake['staged'],
): Promise<void> {
  const claim = { by: `intake/${id}` }
  const brought = new Map(staged.map((blob) => [blob.ref.hash, blob]))
  const keep = async (ref: NewIntake['envelope'], keeper: 'archive' | `intake/${string}`) => {
    const blob = brought.get(ref.hash)
    await (blob === undefined ? keeping.keep(ref, keeper, claim) : keeping.bring(blob, keeper, claim))
  }
  const archived = [envelope, ...staged.map(({ ref }) => ref)].filter(
    (ref) => ref === envelope || ref.hash !== body?.hash,
  )
  await Promise.all([
    ...(body === undefined ? [] : [keep(body, `intake/${id}`)]),
    ...new Map(archived.map((ref) => [ref.hash, ref])).values().map((ref) => keep(ref, 'archive')),
  ])
}
